//! What a frame of the board consists of: the tiles, where any changed, and the
//! overlay.

use super::BoardRenderer;
use crate::{
    board::{
        overlay::{self, Forbidden, Scene},
        tile_cache::{Content, OpenTile, TileCache},
    },
    browser::{self, uptime_ms},
    model::{
        camera::{Viewport, cell_of},
        tile_store::{DirtyCells, TileStore},
        tools::Tool,
    },
    store::past::Display,
};
use leptos::prelude::*;
use shared::{
    canvas::{EditPolicy, Role},
    pixels::TRANSPARENT,
};
use std::{collections::HashMap, rc::Rc};

impl BoardRenderer {
    /// Draws one frame: advances the animation, repaints changed chunks, draws
    /// the overlay.
    pub(super) fn frame(self: &Rc<Self>) {
        if let Some(animation) = self.animation.get() {
            let (camera, arrived) = animation.at(browser::monotonic_ms());
            self.store
                .viewport
                .update(|viewport| viewport.camera = camera);
            self.animation.set((!arrived).then_some(animation));
            self.base_dirty.set(true);
        }
        let needs_frame = self.draw_tiles() | self.animation.get().is_some();
        let viewport = self.store.viewport.get_untracked();
        if self.draw_overlay(viewport) || needs_frame {
            self.refresh();
        }
    }

    /// Draws the tiles, where anything of them changed. Returns whether another
    /// frame is needed for them.
    fn draw_tiles(&self) -> bool {
        let (store, past) = (self.store, self.store.past);
        let display = past.display.get_untracked();
        if self.display.replace(display) != display {
            self.base_dirty.set(true);
        }
        let mut cache = self.cache.borrow_mut();
        let mut past_cache = self.past_cache.borrow_mut();
        if !past.is_open.get_untracked() && !past_cache.is_empty() {
            *past_cache = TileCache::default();
        }
        store.canvas.with_untracked(|canvas| {
            if let Some(canvas) = canvas {
                cache.set_palette(&canvas.palette);
                past_cache.set_palette(&canvas.palette);
            }
        });
        let dirty = store.tiles.take_dirty();
        let is_live_changed = store.tiles.peek(|tiles| cache.repaint(&dirty, tiles));
        match display {
            Display::Live => {
                if !(is_live_changed | self.base_dirty.take()) {
                    return false;
                }
                let ghost = store.ghost.get_untracked();
                let open = OpenTile {
                    editing: store.editing.get_untracked(),
                    ghost: ghost.as_ref(),
                };
                store.tiles.peek(|tiles| {
                    let is_complete = self.draw_base(&mut cache, Content::Tiles(tiles), open);
                    if is_complete
                        && tiles.grid().is_some()
                        && !self.is_first_picture_marked.replace(true)
                    {
                        mark_first_picture();
                        store.is_drawn.set(true);
                    }
                    !is_complete
                })
            }
            Display::Tiles => {
                let mut dirty = DirtyCells::None;
                past.tiles
                    .update_untracked(|tiles| dirty = tiles.take_dirty());
                past.tiles.with_untracked(|tiles| {
                    if !(past_cache.repaint(&dirty, tiles) | self.base_dirty.take()) {
                        return false;
                    }
                    !self.draw_base(&mut past_cache, Content::Tiles(tiles), OpenTile::default())
                })
            }
            Display::Picture(seq) => {
                let Some(grid) = store.tiles.peek(TileStore::grid) else {
                    return false;
                };
                store.overviews.with_untracked(|all| {
                    if let (Some(picture), true) = (all.get(&seq), self.base_dirty.take()) {
                        let content = Content::Picture(grid, picture);
                        self.draw_base(&mut past_cache, content, OpenTile::default());
                    }
                });
                false
            }
        }
    }

    /// Draws the lower canvas. Returns false if chunks are still missing.
    fn draw_base(&self, cache: &mut TileCache, content: Content<'_>, open: OpenTile<'_>) -> bool {
        let viewport = self.store.viewport.get_untracked();
        let is_complete = cache.draw(
            &self.base.1,
            &viewport,
            self.ratio.get(),
            (content, open),
            &self.theme.borrow(),
            browser::monotonic_ms,
        );
        if !is_complete {
            self.base_dirty.set(true);
        }
        is_complete
    }

    /// Draws the overlay. Returns whether it needs another frame.
    fn draw_overlay(&self, viewport: Viewport) -> bool {
        let store = self.store;
        if store.past.is_shown.get_untracked() {
            return self.draw_past_overlay(viewport);
        }
        let cache = self.cache.borrow();
        let palette = cache.palette();
        let editing = store.editing.get_untracked();
        let tools = store.tools.get_untracked();
        let preview = self
            .stroke
            .borrow()
            .as_ref()
            .map(|(_, stroke)| stroke.preview())
            .unwrap_or_default();
        let cell = |(x, y): (i32, i32)| {
            let grid = store.tiles.peek(TileStore::grid)?;
            Some((cell_of(&grid, x, y)?, grid))
        };
        let pointer_hit = store
            .pointer
            .get_untracked()
            .and_then(|spot| Some((spot, cell(spot)?)));
        let hovered = pointer_hit.map(|(_, (at, _))| at);
        let pixel_under_pointer = pointer_hit.and_then(|((x, y), (at, grid))| {
            let inside = Some(at) == editing;
            inside.then(|| (x - at.x * grid.tile_size, y - at.y * grid.tile_size))
        });
        // The policy `own` does not apply to moderators and the owner.
        let policy = store
            .canvas
            .with_untracked(|canvas| canvas.as_ref().map(|canvas| canvas.edit_policy));
        let in_tiles_of_others = policy == Some(EditPolicy::Own)
            && store.me.with_untracked(|me| {
                let role = me.as_ref().map(|me| me.role);
                role == Some(Role::Editor)
            });
        let theme = self.theme.borrow();
        let editors = store.people.peek_editors();
        let painters = store.painters.get_untracked();
        let marked = store.marked.get_untracked();
        let pins = self.pins();
        store.tiles.peek(|tiles| {
            store.cursors.with_untracked(|cursors| {
                store.highlights.with_untracked(|highlights| {
                    store.locks.with_untracked(|locks| {
                        let scene = Scene {
                            viewport,
                            ratio: self.ratio.get(),
                            now: uptime_ms(),
                            reduced_motion: browser::prefers_reduced_motion(),
                            tiles,
                            palette,
                            theme: &theme,
                            editing,
                            selected: store.selected.get_untracked(),
                            hovered,
                            pen: pixel_under_pointer.or(store.pen.get_untracked()),
                            color: if tools.tool == Tool::Eraser {
                                TRANSPARENT
                            } else {
                                tools.primary
                            },
                            preview: &preview,
                            editors: &editors,
                            name_of: &|user| store.names.peek(user),
                            me: store
                                .me
                                .with_untracked(|me| me.as_ref().map(|me| me.user_id)),
                            cursors,
                            highlights,
                            locks,
                            locks_own: policy == Some(EditPolicy::Exclusive),
                            forbidden: Forbidden {
                                in_tiles_of_others,
                                hovered: hovered
                                    .is_some_and(|at| self.session.may_not(at).is_some()),
                            },
                            painters: painters.as_ref(),
                            pointer: store.pointer.get_untracked(),
                            area: store.area.get_untracked().area,
                            marked: &marked,
                            pins: &pins,
                        };
                        overlay::draw(&self.overlay_canvas.1, &scene)
                    })
                })
            })
        })
    }

    /// Draws the overlay of the past: nobody is there, but who made the last
    /// change is shown at its tile.
    fn draw_past_overlay(&self, viewport: Viewport) -> bool {
        let store = self.store;
        let theme = self.theme.borrow();
        let grid = store.tiles.peek(TileStore::grid);
        let hovered = store
            .pointer
            .get_untracked()
            .zip(grid)
            .and_then(|((x, y), grid)| cell_of(&grid, x, y));
        let change = store
            .past
            .moment
            .get_untracked()
            .and_then(|moment| moment.change);
        let editors: Vec<_> = change
            .map(|change| (change.actor, change.at))
            .into_iter()
            .collect();
        let marked = store.marked.get_untracked();
        let draw = |tiles: &TileStore| {
            store.highlights.with_untracked(|highlights| {
                let scene = Scene {
                    viewport,
                    ratio: self.ratio.get(),
                    now: uptime_ms(),
                    reduced_motion: browser::prefers_reduced_motion(),
                    tiles,
                    palette: &[],
                    theme: &theme,
                    editing: None,
                    selected: store.selected.get_untracked(),
                    hovered,
                    pen: None,
                    color: TRANSPARENT,
                    preview: &[],
                    editors: &editors,
                    name_of: &|user| store.names.peek(user),
                    me: None,
                    cursors: &HashMap::new(),
                    highlights,
                    locks: &[],
                    locks_own: false,
                    forbidden: Forbidden::default(),
                    painters: None,
                    pointer: None,
                    area: store.area.get_untracked().area,
                    marked: &marked,
                    pins: &[],
                };
                overlay::draw(&self.overlay_canvas.1, &scene)
            })
        };
        if store.past.display.get_untracked() == Display::Tiles {
            store.past.tiles.with_untracked(draw)
        } else {
            // Without captions: a picture has no tiles.
            let mut tiles = TileStore::default();
            if let Some(grid) = grid {
                tiles.load(grid, Vec::new());
            }
            draw(&tiles)
        }
    }
}

/// Sets the performance mark `board-picture`, which the benchmarks wait for:
/// all tiles in view are drawn for the first time.
fn mark_first_picture() {
    if let Some(performance) = browser::window().performance() {
        // Fails only for names reserved by the browser.
        let _ = performance.mark("board-picture");
    }
}

//! The pins and numbers that stand for open comments; `board::pins` says where.

use super::Scene;
use crate::{
    board::pins::{Pin, PinKind},
    i18n::{comments::comment_texts, number},
};
use web_sys::CanvasRenderingContext2d;

/// CSS pixels of the point of a speech bubble below it.
const POINT: f64 = 6.0;

/// Draws all of them.
pub(super) fn draw_pins(context: &CanvasRenderingContext2d, scene: &Scene<'_>) {
    if scene.pins.is_empty() {
        return;
    }
    context.set_text_align("center");
    for pin in scene.pins {
        draw_pin(context, scene, pin);
    }
    context.set_text_align("start");
}

fn draw_pin(context: &CanvasRenderingContext2d, scene: &Scene<'_>, pin: &Pin) {
    let Pin {
        left,
        top,
        width,
        height,
        ..
    } = *pin;
    context.begin_path();
    // Fails only for a negative radius.
    let _ = context.round_rect_with_f64(left, top, width, height, height / 2.0);
    if pin.kind == PinKind::Pin {
        let bottom = top + height;
        context.move_to(left + 4.0, bottom - 6.0);
        // In the direction of the rectangle: the other way round would cut it out.
        context.line_to(left + 13.0, bottom - 1.0);
        context.line_to(left + 2.0, bottom + POINT);
    }
    // An edge on every colour of the picture below.
    context.set_stroke_style_str(&scene.theme.background);
    context.set_line_width(3.0);
    context.stroke();
    context.set_fill_style_str(&scene.theme.text);
    context.fill();
    let (n, has_more) = pin.number();
    let text = if has_more {
        comment_texts().many(n)
    } else {
        number(n)
    };
    context.set_fill_style_str(&scene.theme.background);
    let _ = context.fill_text_with_max_width(
        &text,
        left + width / 2.0,
        top + height / 2.0 + 0.5,
        width,
    );
}

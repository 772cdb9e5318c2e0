//! What a node knows of the operations in the archive, so that a repeated one is recognized
//! without a query for each.

use super::{DamagedPiece, Log};
use crate::{
    db::{
        self, Pool, Reads,
        archive::{self, PieceHalf},
        history::SeenLog,
    },
    event_codec::PartEvent,
    op_filter::{Key, OpFilter},
    stored_op,
};
use shared::ids::{CanvasId, Epoch, OpId, UserId};
use std::{collections::HashMap, sync::Arc};

/// The filters of a canvas's pieces.
#[derive(Debug)]
pub(crate) struct KnownOps {
    epoch: Epoch,
    /// See [`crate::db::log::LockedCanvas::instance`].
    instance: i64,
    /// The operations of all events up to here are known.
    until: i64,
    /// The first event of each piece, and its filter.
    pieces: Vec<(i64, Arc<OpFilter>)>,
}

/// What was found of a batch's operations in the archive.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArchivedOps {
    /// The operations of all events up to here were looked at.
    pub(crate) until: i64,
    /// What is stored of the events of those that were carried out before.
    pub(crate) found: HashMap<(UserId, OpId), String>,
}

impl KnownOps {
    /// The memory that it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let filters = self.pieces.iter().map(|(_, filter)| filter.size());
        size_of::<Self>() + filters.sum::<usize>()
    }

    fn is_of(&self, seen: &SeenLog) -> bool {
        self.epoch == seen.epoch && self.instance == seen.instance
    }
}

impl Log {
    /// Looks for operations in the archive, as far as this node knows it. Without a query, unless
    /// one of them is probably there. `at_least` is how far the canvas is archived, as far as the
    /// caller knows: where this node knows less, it reads the rest.
    ///
    /// # Errors
    /// Those of the database, and a piece that is damaged.
    pub(crate) async fn archived_ops(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        seen: &SeenLog,
        at_least: i64,
        ops: &[(UserId, OpId)],
    ) -> db::Result<ArchivedOps> {
        let known = self.0.known_ops.get(&canvas);
        let known = match known.filter(|known| known.is_of(seen)) {
            Some(known) if known.until >= at_least => known,
            None if at_least == 0 => return Ok(ArchivedOps::default()),
            known => match self.load_ops(pool, canvas, known).await? {
                Some(known) => known,
                None => return Ok(ArchivedOps::default()),
            },
        };
        let mut archived = ArchivedOps {
            until: known.until,
            found: HashMap::new(),
        };
        for (user, op) in ops {
            let key = Key::of_op(*user, stored_op::of_request(*op));
            let hits = known.pieces.iter().rev();
            for (first_seq, _) in hits.filter(|(_, filter)| filter.may_have(key)) {
                let found = self.find_op(pool, canvas, *first_seq, *user, *op).await?;
                if let Some(body) = found {
                    archived.found.insert((*user, *op), body);
                    break;
                }
            }
        }
        Ok(archived)
    }

    /// Reads the filters of the pieces that are not known yet. None if there is no such canvas.
    async fn load_ops(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        known: Option<Arc<KnownOps>>,
    ) -> db::Result<Option<Arc<KnownOps>>> {
        let after = known.as_ref().map_or(0, |known| known.until);
        let Some(mut read) = archive::filters(pool, canvas, after).await? else {
            return Ok(None);
        };
        let mut pieces = Vec::new();
        match known {
            Some(known) if (known.epoch, known.instance) == (read.epoch, read.instance) => {
                pieces.clone_from(&known.pieces);
            }
            // Another history: what is known may be wrong.
            Some(_) => match archive::filters(pool, canvas, 0).await? {
                Some(all) => read = all,
                None => return Ok(None),
            },
            None => {}
        }
        for (first_seq, stored) in read.pieces {
            let filter = OpFilter::from_stored(&stored);
            let filter = filter.map_err(|_| DamagedPiece::Filter { canvas, first_seq })?;
            // A piece that grew is known by its new filter.
            pieces.retain(|(known, _)| *known < first_seq);
            pieces.push((first_seq, Arc::new(filter)));
        }
        let known = Arc::new(KnownOps {
            epoch: read.epoch,
            instance: read.instance,
            until: read.archived_seq,
            pieces,
        });
        self.0.known_ops.insert(canvas, known.clone());
        Ok(Some(known))
    }

    /// What is stored of the event of an operation, if it is in the piece that has the event
    /// `seq`.
    async fn find_op(
        &self,
        pool: &Pool,
        canvas: CanvasId,
        seq: i64,
        user: UserId,
        op: OpId,
    ) -> db::Result<Option<String>> {
        let reads = &mut Reads::Pool(pool);
        let id = stored_op::of_request(op);
        'again: loop {
            let Some(piece) = archive::piece_of(&mut *reads, canvas, seq, None).await? else {
                return Ok(None);
            };
            for half in [PieceHalf::Tiles, PieceHalf::Others] {
                let Some(part) = self.part(reads, canvas, &piece, half).await? else {
                    continue 'again;
                };
                let is_it =
                    |event: &PartEvent<'_>| event.op_id == Some(id) && event.actor_id == user.0;
                if let Some(event) = part.events().find(is_it) {
                    return Ok(Some(event.body.to_owned()));
                }
            }
            return Ok(None);
        }
    }
}

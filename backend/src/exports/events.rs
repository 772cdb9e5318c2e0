//! The events of a canvas as a file: one on a line, each as a replay sends it now, compressed
//! with gzip (RFC 1952). The first line has the canvas.

use super::Exporter;
use crate::{
    db::exports::ExportSpec,
    past::{
        filming::{FilmError, Output, PastReader, progress},
        index::Filter,
    },
};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use shared::{api::Canvas, time::Timestamp};
use std::{io::Write, mem};

/// Events that are read at a time: one has 12 KB at most.
const AT_ONCE: i64 = 500;
/// Events that the index finds at a time.
const FOUND_AT_ONCE: usize = 500;
/// What is compressed is passed on once it has about this many bytes.
const PIECE_BYTES: usize = 64 * 1024;

#[derive(Serialize)]
struct FirstLine<'a> {
    canvas: &'a Canvas,
    exported_at: Timestamp,
}

/// Writes the events that are asked for.
///
/// # Errors
/// Those of reading the log and of the output.
pub(super) async fn write(
    exporter: &Exporter,
    spec: &ExportSpec,
    canvas: &Canvas,
    exported_at: Timestamp,
    output: &mut impl Output,
) -> Result<(), FilmError> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let first = FirstLine {
        canvas,
        exported_at,
    };
    // Plain data always serializes.
    gzip.write_all(&serde_json::to_vec(&first).unwrap_or_default())?;
    gzip.write_all(b"\n")?;
    let filter = Filter {
        area: spec.area,
        actor: spec.actor,
        ..Filter::default()
    };
    let mut after = spec.from;
    while after < spec.to {
        let Some((last, events)) = read(exporter, spec, &filter, after).await? else {
            break;
        };
        after = last;
        for (_, event) in &events {
            gzip.write_all(event.as_bytes())?;
            gzip.write_all(b"\n")?;
            if gzip.get_ref().len() >= PIECE_BYTES {
                let piece = mem::take(gzip.get_mut());
                output
                    .put(piece, progress(spec.from, spec.to, after))
                    .await?;
            }
        }
        output
            .put(Vec::new(), progress(spec.from, spec.to, after))
            .await?;
    }
    output.put(gzip.finish()?, 1.0).await
}

/// The next events that the filter wants, and the `seq` of the last of them; none after the
/// last one.
async fn read(
    exporter: &Exporter,
    spec: &ExportSpec,
    filter: &Filter,
    after: i64,
) -> Result<Option<(i64, Vec<(i64, String)>)>, FilmError> {
    let (canvas, range) = (spec.canvas, after..spec.to);
    let PastReader { pool, index, log } = &exporter.past;
    if *filter == Filter::default() {
        let events = log.range(pool, canvas, range, AT_ONCE).await?;
        let last = events.last().map(|(last, _)| *last);
        return Ok(last.map(|last| (last, events)));
    }
    let seqs = index.find(canvas, filter, range, FOUND_AT_ONCE).await?;
    let Some(last) = seqs.last() else {
        return Ok(None);
    };
    Ok(Some((*last, log.at(pool, canvas, &seqs).await?)))
}

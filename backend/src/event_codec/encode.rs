//! Writes a part.

use super::{
    CodecError, FORMAT, StoredEvent,
    context::{Context, Event},
    id_form,
    schema::{Column, Field, Meta, Schema, Template, WHOLE},
    streams::Packer,
    tokens::{self, Value},
};
use crate::{message_id, varint::Writer};
use shared::ids::MessageId;
use std::collections::HashMap;
use uuid::Uuid;

/// The largest difference of the times of an id and an event for which [`id_form::TIMED`] is used.
const NEAR_MS: i64 = 1 << 20;

/// Compresses events, which are in the order of `seq`.
///
/// # Errors
/// [`CodecError::Zstd`] if there is not enough memory.
pub(crate) fn encode(events: &[StoredEvent]) -> Result<Vec<u8>, CodecError> {
    let mut schema = Schema::default();
    let mut columns: Vec<Column<Writer>> = Vec::new();
    let mut meta = Meta::<Writer>::default();
    let (actors, positions) = actors_of(events);
    let mut context = Context::new(actors.len());
    let mut template = String::new();
    let mut seq_before = 0;
    for stored in events {
        let is_object = stored.body.starts_with('{');
        let split = is_object.then(|| tokens::split(&stored.body, &mut template));
        let values = split.flatten().unwrap_or_else(|| {
            WHOLE.clone_into(&mut template);
            vec![Value::Text(&stored.body)]
        });
        let number = schema.template(&template);
        columns.resize_with(schema.fields.len(), Column::default);
        let mut event = Event {
            seq: stored.seq,
            actor_id: stored.actor_id,
            actor: positions[&stored.actor_id],
            cell: [0; 2],
        };
        meta.templates.unsigned(number as u64);
        meta.actors.unsigned(event.actor as u64);
        meta.gaps.signed(stored.seq.wrapping_sub(seq_before));
        seq_before = stored.seq;
        meta.words_of.signed(match stored.words_of {
            None => 0,
            // Words are repeated later than they are said.
            Some(said) => stored.seq.wrapping_sub(said),
        });
        let Template {
            columns: own,
            order,
            ..
        } = &schema.templates[number];
        for position in order {
            let (value, own) = (&values[*position], own[*position]);
            let field = &mut schema.fields[own];
            if let Value::Id(id) = value
                && field.is_op_id
                && stored.op_id == Some(*id)
            {
                columns[own].first.byte(id_form::IN_TEXT);
                continue;
            }
            write_value(value, field, &mut columns[own], &mut context, &mut event);
        }
        match stored.op_id {
            None => meta.ops.first.byte(id_form::NONE),
            Some(op) => write_id(op, None, &mut meta.ops, &context),
        }
    }
    let mut packer = Packer::new()?;
    packer.out.0.push(FORMAT);
    packer.out.unsigned(events.len() as u64);
    let mut list = Writer::default();
    list.unsigned(actors.len() as u64);
    for actor in actors {
        list.signed(actor);
    }
    list.unsigned(schema.templates.len() as u64);
    for template in &schema.templates {
        list.slice(template.text.as_bytes());
    }
    packer.stream(&list)?;
    for stream in [&meta.templates, &meta.actors, &meta.gaps, &meta.words_of] {
        packer.stream(stream)?;
    }
    for column in [&meta.ops].into_iter().chain(&columns) {
        for stream in [&column.first, &column.second, &column.third] {
            packer.stream(stream)?;
        }
    }
    Ok(packer.out.0)
}

/// The actors of the events, and the place of each among them.
fn actors_of(events: &[StoredEvent]) -> (Vec<i64>, HashMap<i64, usize>) {
    let mut actors = Vec::new();
    let mut positions = HashMap::new();
    for event in events {
        positions.entry(event.actor_id).or_insert_with(|| {
            actors.push(event.actor_id);
            actors.len() - 1
        });
    }
    (actors, positions)
}

/// Appends a value to its column.
fn write_value(
    value: &Value,
    field: &mut Field,
    column: &mut Column<Writer>,
    context: &mut Context,
    event: &mut Event,
) {
    match value {
        Value::Int(number) => {
            let expected = context.expected(field.guess, event, field.before);
            column.first.signed(number.wrapping_sub(expected));
            context.note(field.guess, event, *number);
            field.before = *number;
        }
        Value::Time(time) => {
            column.first.signed(time.wrapping_sub(context.time));
            context.time = *time;
        }
        Value::Id(id) => write_id(*id, Some(event.seq), column, context),
        Value::Text(text) => {
            let known = field.texts.get(&event.actor);
            if known.is_some_and(|known| known == text) {
                column.first.unsigned(0);
            } else {
                column.first.unsigned(text.len() as u64 + 1);
                column.third.0.extend_from_slice(text.as_bytes());
                field.texts.insert(event.actor, (*text).to_owned());
            }
        }
        Value::Bytes(bytes) => {
            column.first.unsigned(bytes.len() as u64);
            column.third.0.extend_from_slice(bytes);
        }
        Value::Edits(edits) => {
            column.first.unsigned(edits.len() as u64);
            let (mut pixel, mut colour) = context.stroke(event);
            for (next, next_colour) in edits {
                column.third.signed(next - pixel);
                column.second.signed(next_colour - colour);
                (pixel, colour) = (*next, *next_colour);
            }
            context.note_stroke(event, pixel, colour);
        }
    }
}

/// Appends an id. `seq` is given for ids of the text, which may be those of messages.
fn write_id(id: Uuid, seq: Option<i64>, column: &mut Column<Writer>, context: &Context) {
    let bytes = id.as_bytes();
    let since = time_of(bytes).wrapping_sub(context.time);
    let is_near = (-NEAR_MS..NEAR_MS).contains(&since);
    if is_near && seq.is_some() && message_id::seq(MessageId(id)) == seq {
        column.first.byte(id_form::MESSAGE);
        column.second.signed(since);
        column.third.0.extend_from_slice(&bytes[6..10]);
    } else if is_near {
        column.first.byte(id_form::TIMED);
        column.second.signed(since);
        column.third.0.extend_from_slice(&bytes[6..]);
    } else {
        column.first.byte(id_form::WHOLE);
        column.third.0.extend_from_slice(bytes);
    }
}

/// The first 48 bits, which are a time in milliseconds since 1970 in UUIDs of version 7.
fn time_of(bytes: &[u8; 16]) -> i64 {
    bytes[..6]
        .iter()
        .fold(0, |time, byte| time << 8 | i64::from(*byte))
}

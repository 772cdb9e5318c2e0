//! Reads a part.

use super::{
    CodecError, FORMAT,
    context::{Context, Event},
    id_form,
    part::{Entry, Part},
    schema::{Column, Field, Meta, Schema, WHOLE},
    streams::Unpacker,
    tokens::{self, Kind, Value},
};
use crate::varint::Reader;
use uuid::Uuid;

/// No part has more events.
const MAX_EVENTS: usize = 1 << 20;

/// Reads a part.
///
/// # Errors
/// [`CodecError`] if the bytes are not what [`super::encode()`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<Part, CodecError> {
    let (mut decoder, actors, count) = Decoder::new(bytes)?;
    let mut part = Part {
        events: Vec::with_capacity(count),
        actors,
        text: String::new(),
    };
    for _ in 0..count {
        decoder.event(&mut part)?;
    }
    part.text.shrink_to_fit();
    Ok(part)
}

/// The streams of a part, and what is known of the events that were read.
struct Decoder {
    schema: Schema,
    meta: Meta<Reader>,
    columns: Vec<Column<Reader>>,
    context: Context,
    /// The `seq` of the event before.
    seq: i64,
}

impl Decoder {
    /// Decompresses the streams. Returns the actors and the number of events, too.
    fn new(bytes: &[u8]) -> Result<(Self, Vec<i64>, usize), CodecError> {
        let mut unpacker = Unpacker::new(bytes)?;
        match unpacker.input().byte()? {
            FORMAT => {}
            other => return Err(CodecError::Format(other)),
        }
        let count = unpacker.input().length()?;
        let mut list = unpacker.stream()?;
        let actors = list.length()?;
        if count > MAX_EVENTS || actors > count {
            return Err(CodecError::Inconsistent);
        }
        let actors: Vec<i64> = (0..actors)
            .map(|_| list.signed())
            .collect::<Result<_, _>>()?;
        let mut schema = Schema::default();
        for _ in 0..list.length()? {
            let text = str::from_utf8(list.slice()?).map_err(|_| CodecError::Inconsistent)?;
            schema.template(text);
        }
        let meta = Meta {
            templates: unpacker.stream()?,
            actors: unpacker.stream()?,
            gaps: unpacker.stream()?,
            words_of: unpacker.stream()?,
            ops: column(&mut unpacker)?,
        };
        let columns = schema.fields.iter().map(|_| column(&mut unpacker));
        let columns = columns.collect::<Result<_, _>>()?;
        if unpacker.input().left() > 0 {
            return Err(CodecError::Inconsistent);
        }
        let decoder = Self {
            schema,
            meta,
            columns,
            context: Context::new(actors.len()),
            seq: 0,
        };
        Ok((decoder, actors, count))
    }

    /// Reads the next event.
    fn event(&mut self, part: &mut Part) -> Result<(), CodecError> {
        let Self {
            schema,
            meta,
            columns,
            context,
            seq,
        } = self;
        let template = schema.templates.get(meta.templates.length()?);
        let template = template.ok_or(CodecError::Inconsistent)?;
        let actor = meta.actors.length()?;
        *seq = meta.gaps.signed()?.wrapping_add(*seq);
        let seq = *seq;
        let said_before = meta.words_of.signed()?;
        let mut event = Event {
            seq,
            actor_id: *part.actors.get(actor).ok_or(CodecError::Inconsistent)?,
            actor,
            cell: [0; 2],
        };
        let mut texts: Vec<(usize, String)> = Vec::new();
        let mut values: Vec<Value<'static>> = vec![Value::Int(0); template.columns.len()];
        let mut op_in_text = None;
        for position in &template.order {
            let own = template.columns[*position];
            let (field, column) = (&mut schema.fields[own], &mut columns[own]);
            values[*position] = match field.kind {
                Kind::Text => {
                    texts.push((*position, read_text(field, column, actor)?));
                    continue;
                }
                Kind::Id if field.is_op_id => {
                    match read_id(column, context, Some(seq))? {
                        ReadId::Id(id) => Value::Id(id),
                        ReadId::InText => {
                            // It comes with what is not in the text.
                            op_in_text = Some(*position);
                            continue;
                        }
                        ReadId::None => return Err(CodecError::Inconsistent),
                    }
                }
                _ => read_value(field, column, context, &mut event)?,
            };
        }
        let op_id = match (read_id(&mut meta.ops, context, None)?, op_in_text) {
            (ReadId::None, None) => None,
            (ReadId::Id(id), in_text) => {
                if let Some(position) = in_text {
                    values[position] = Value::Id(id);
                }
                Some(id)
            }
            (ReadId::None, Some(_)) | (ReadId::InText, _) => return Err(CodecError::Inconsistent),
        };
        let mut values: Vec<Value<'_>> = values;
        for (position, text) in &texts {
            values[*position] = Value::Text(text);
        }
        if template.text == WHOLE {
            let text = texts.first().map(|(_, text)| text.as_str());
            part.text.push_str(text.ok_or(CodecError::Inconsistent)?);
        } else {
            tokens::join(&template.text, &values, &mut part.text)?;
        }
        part.events.push(Entry {
            seq,
            words_of: (said_before != 0).then(|| seq.wrapping_sub(said_before)),
            op_id,
            actor: u32::try_from(actor).map_err(|_| CodecError::Inconsistent)?,
            end: u32::try_from(part.text.len()).map_err(|_| CodecError::Inconsistent)?,
        });
        Ok(())
    }
}

fn column(unpacker: &mut Unpacker) -> Result<Column<Reader>, CodecError> {
    Ok(Column {
        first: unpacker.stream()?,
        second: unpacker.stream()?,
        third: unpacker.stream()?,
    })
}

fn read_value(
    field: &mut Field,
    column: &mut Column<Reader>,
    context: &mut Context,
    event: &mut Event,
) -> Result<Value<'static>, CodecError> {
    Ok(match field.kind {
        Kind::Int => {
            let expected = context.expected(field.guess, event, field.before);
            let number = column.first.signed()?.wrapping_add(expected);
            context.note(field.guess, event, number);
            field.before = number;
            Value::Int(number)
        }
        Kind::Time => {
            context.time = column.first.signed()?.wrapping_add(context.time);
            Value::Time(context.time)
        }
        Kind::Id => match read_id(column, context, Some(event.seq))? {
            ReadId::Id(id) => Value::Id(id),
            ReadId::None | ReadId::InText => return Err(CodecError::Inconsistent),
        },
        Kind::Bytes => {
            let length = column.first.length()?;
            Value::Bytes(column.third.take(length)?.to_vec())
        }
        Kind::Edits => {
            let count = column.first.length()?;
            let (mut pixel, mut colour) = context.stroke(event);
            let mut edits = Vec::new();
            for _ in 0..count {
                pixel = column.third.signed()?.wrapping_add(pixel);
                colour = column.second.signed()?.wrapping_add(colour);
                edits.push((pixel, colour));
            }
            context.note_stroke(event, pixel, colour);
            Value::Edits(edits)
        }
        Kind::Text => return Err(CodecError::Inconsistent),
    })
}

fn read_text(
    field: &mut Field,
    column: &mut Column<Reader>,
    actor: usize,
) -> Result<String, CodecError> {
    let Some(length) = column.first.length()?.checked_sub(1) else {
        let known = field.texts.get(&actor).ok_or(CodecError::Inconsistent)?;
        return Ok(known.clone());
    };
    let text = str::from_utf8(column.third.take(length)?);
    let text = text.map_err(|_| CodecError::Inconsistent)?.to_owned();
    field.texts.insert(actor, text.clone());
    Ok(text)
}

/// The id with this time and these bytes behind it; see `encode::time_of`.
fn with_time(time: i64, rest: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    bytes[6..6 + rest.len()].copy_from_slice(rest);
    bytes
}

/// What a column says of an id, see [`id_form`].
enum ReadId {
    None,
    Id(Uuid),
    InText,
}

fn read_id(
    column: &mut Column<Reader>,
    context: &Context,
    seq: Option<i64>,
) -> Result<ReadId, CodecError> {
    let bytes = match column.first.byte()? {
        id_form::NONE => return Ok(ReadId::None),
        id_form::IN_TEXT => return Ok(ReadId::InText),
        id_form::WHOLE => column.third.array()?,
        id_form::TIMED => {
            let time = column.second.signed()?.wrapping_add(context.time);
            with_time(time, &column.third.array::<10>()?)
        }
        id_form::MESSAGE => {
            let time = column.second.signed()?.wrapping_add(context.time);
            let mut bytes = with_time(time, &column.third.array::<4>()?);
            let seq = seq.ok_or(CodecError::Inconsistent)?;
            bytes[10..].copy_from_slice(&seq.to_be_bytes()[2..]);
            bytes
        }
        _ => return Err(CodecError::Inconsistent),
    };
    Ok(ReadId::Id(Uuid::from_bytes(bytes)))
}

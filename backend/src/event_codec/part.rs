//! Writes and reads whole parts.

use super::{
    CodecError, FORMAT, StoredEvent,
    context::{Context, Event, Guess},
    streams::{Packer, Reader, Unpacker, Writer},
    tokens::{self, Kind, Value},
};
use crate::message_id;
use shared::ids::MessageId;
use std::{collections::HashMap, ops::Range};
use uuid::Uuid;

/// No part has more events.
const MAX_EVENTS: usize = 1 << 20;
/// The template of a text that is stored as it is, since it is no object.
const WHOLE: &str = "\u{4}";
/// The field with the `op_id` of chat.
const OP_ID: &str = "op_id";

/// How an id is stored.
mod form {
    /// There is none.
    pub(super) const NONE: u8 = 0;
    /// All 16 bytes.
    pub(super) const WHOLE: u8 = 1;
    /// The difference of its time (UUID version 7) from the event's, and 10 bytes.
    pub(super) const TIMED: u8 = 2;
    /// An id of a message: the difference of its time, and 4 bytes. Its end is the `seq`.
    pub(super) const MESSAGE: u8 = 3;
    /// The one that the event's text has.
    pub(super) const IN_TEXT: u8 = 4;
}

/// The largest difference of the times of an id and an event for which [`form::TIMED`] is used.
const NEAR_MS: i64 = 1 << 20;

/// One column while it is written or read: what its kind needs of these.
#[derive(Debug, Default)]
struct Column<S> {
    /// Differences, forms of ids, lengths.
    first: S,
    /// Differences of times, colours.
    second: S,
    /// Numbers of pixels; bytes of texts and ids.
    third: S,
}

/// What all events with one template have in common.
struct Template {
    text: String,
    /// The column of each value, in order.
    columns: Vec<usize>,
    /// The order in which the values are written: cells and times first, since guesses need
    /// them.
    order: Vec<usize>,
}

/// What is the same of all values of a column.
struct Field {
    kind: Kind,
    guess: Guess,
    is_op_id: bool,
    /// The value before, of a number.
    before: i64,
    /// The newest text of each actor, of a text.
    texts: HashMap<usize, String>,
}

/// The templates and columns of a part.
#[derive(Default)]
struct Schema {
    templates: Vec<Template>,
    by_text: HashMap<String, usize>,
    fields: Vec<Field>,
    by_name: HashMap<(Kind, String), usize>,
}

impl Schema {
    /// The place of a template; it is added if it is new.
    fn template(&mut self, text: &str) -> usize {
        if let Some(place) = self.by_text.get(text) {
            return *place;
        }
        let named = tokens::fields(text);
        let columns: Vec<usize> = named
            .iter()
            .map(|(kind, name)| self.column(*kind, name))
            .collect();
        let is_early = |place: &usize| {
            let field = &self.fields[columns[*place]];
            field.kind == Kind::Time
                || matches!(field.guess, Guess::Cell(_)) && field.kind == Kind::Int
        };
        let (mut order, late): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(is_early);
        order.extend(late);
        let place = self.templates.len();
        self.templates.push(Template {
            text: text.to_owned(),
            columns,
            order,
        });
        self.by_text.insert(text.to_owned(), place);
        place
    }

    fn column(&mut self, kind: Kind, name: &str) -> usize {
        if let Some(place) = self.by_name.get(&(kind, name.to_owned())) {
            return *place;
        }
        let place = self.fields.len();
        self.fields.push(Field {
            kind,
            guess: Guess::of(name),
            is_op_id: kind == Kind::Id && name == OP_ID,
            before: 0,
            texts: HashMap::new(),
        });
        self.by_name.insert((kind, name.to_owned()), place);
        place
    }
}

/// The streams of what is not in the text of an event.
#[derive(Debug, Default)]
struct Meta<S> {
    templates: S,
    actors: S,
    /// How far `seq`s are apart.
    gaps: S,
    words_of: S,
    ops: Column<S>,
}

/// Compresses events, which are in the order of `seq`.
///
/// # Errors
/// [`CodecError::Zstd`] if there is not enough memory.
pub(crate) fn encode(events: &[StoredEvent]) -> Result<Vec<u8>, CodecError> {
    let mut schema = Schema::default();
    let mut columns: Vec<Column<Writer>> = Vec::new();
    let mut meta = Meta::<Writer>::default();
    let (actors, places) = actors_of(events);
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
            actor: places[&stored.actor_id],
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
        for place in order {
            let (value, own) = (&values[*place], own[*place]);
            let field = &mut schema.fields[own];
            if let Value::Id(id) = value
                && field.is_op_id
                && stored.op_id == Some(*id)
            {
                columns[own].first.0.push(form::IN_TEXT);
                continue;
            }
            write_value(value, field, &mut columns[own], &mut context, &mut event);
        }
        match stored.op_id {
            None => meta.ops.first.0.push(form::NONE),
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
        list.bytes(template.text.as_bytes());
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
    let mut places = HashMap::new();
    for event in events {
        places.entry(event.actor_id).or_insert_with(|| {
            actors.push(event.actor_id);
            actors.len() - 1
        });
    }
    (actors, places)
}

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

/// `seq` is given for ids of the text, which may be those of messages.
fn write_id(id: Uuid, seq: Option<i64>, column: &mut Column<Writer>, context: &Context) {
    let bytes = id.as_bytes();
    let since = time_of(bytes).wrapping_sub(context.time);
    let is_near = (-NEAR_MS..NEAR_MS).contains(&since);
    if is_near && seq.is_some() && message_id::seq(MessageId(id)) == seq {
        column.first.0.push(form::MESSAGE);
        column.second.signed(since);
        column.third.0.extend_from_slice(&bytes[6..10]);
    } else if is_near {
        column.first.0.push(form::TIMED);
        column.second.signed(since);
        column.third.0.extend_from_slice(&bytes[6..]);
    } else {
        column.first.0.push(form::WHOLE);
        column.third.0.extend_from_slice(bytes);
    }
}

/// The first 48 bits, which are a time in milliseconds since 1970 in UUIDs of version 7.
fn time_of(bytes: &[u8; 16]) -> i64 {
    bytes[..6]
        .iter()
        .fold(0, |time, byte| time << 8 | i64::from(*byte))
}

fn with_time(time: i64, rest: &[u8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    bytes[6..6 + rest.len()].copy_from_slice(rest);
    bytes
}

/// Events that were decompressed, in the order of `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    events: Vec<Entry>,
    actors: Vec<i64>,
    /// The texts of all events.
    text: String,
}

/// An event of a [`Part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    seq: i64,
    words_of: Option<i64>,
    op_id: Option<Uuid>,
    actor: u32,
    /// Where its text ends.
    end: u32,
}

/// An event of a [`Part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartEvent<'a> {
    pub(crate) seq: i64,
    pub(crate) actor_id: i64,
    pub(crate) op_id: Option<Uuid>,
    /// See [`StoredEvent::words_of`].
    pub(crate) words_of: Option<i64>,
    /// See [`StoredEvent::body`].
    pub(crate) body: &'a str,
}

impl From<PartEvent<'_>> for StoredEvent {
    fn from(event: PartEvent<'_>) -> Self {
        Self {
            seq: event.seq,
            actor_id: event.actor_id,
            op_id: event.op_id,
            words_of: event.words_of,
            body: event.body.to_owned(),
        }
    }
}

impl Part {
    /// How many events it has.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// All events.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = PartEvent<'_>> {
        self.from(0..self.events.len())
    }

    /// The events after the start of the range up to its end.
    pub(crate) fn between(
        &self,
        range: &Range<i64>,
    ) -> impl DoubleEndedIterator<Item = PartEvent<'_>> {
        let after = |seq: i64| self.events.partition_point(|event| event.seq <= seq);
        let (start, end) = (after(range.start), after(range.end));
        self.from(start..end.max(start))
    }

    /// The memory that it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.text.capacity() + self.events.capacity() * size_of::<Entry>()
    }

    fn from(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = PartEvent<'_>> {
        places.map(|place| self.event(place))
    }

    fn event(&self, place: usize) -> PartEvent<'_> {
        let entry = &self.events[place];
        let before = place
            .checked_sub(1)
            .map_or(0, |before| self.events[before].end);
        PartEvent {
            seq: entry.seq,
            actor_id: self.actors[entry.actor as usize],
            op_id: entry.op_id,
            words_of: entry.words_of,
            body: &self.text[before as usize..entry.end as usize],
        }
    }
}

/// Reads a part.
///
/// # Errors
/// [`CodecError`] if the bytes are not what [`encode`] wrote.
#[expect(
    clippy::too_many_lines,
    reason = "one loop over what the streams have of an event"
)]
pub(crate) fn decode(bytes: &[u8]) -> Result<Part, CodecError> {
    let mut unpacker = Unpacker::new(bytes)?;
    match unpacker.input().byte()? {
        FORMAT => {}
        other => return Err(CodecError::Format(other)),
    }
    let count = unpacker.input().length()?;
    let mut list = unpacker.stream()?;
    let actors: usize = list.length()?;
    if count > MAX_EVENTS || actors > count {
        return Err(CodecError::Inconsistent);
    }
    let actors: Result<Vec<i64>, CodecError> = (0..actors).map(|_| list.signed()).collect();
    let mut part = Part {
        events: Vec::with_capacity(count),
        actors: actors?,
        text: String::new(),
    };
    let mut schema = Schema::default();
    for _ in 0..list.length()? {
        let text = str::from_utf8(list.bytes()?).map_err(|_| CodecError::Inconsistent)?;
        schema.template(text);
    }
    let mut meta = Meta {
        templates: unpacker.stream()?,
        actors: unpacker.stream()?,
        gaps: unpacker.stream()?,
        words_of: unpacker.stream()?,
        ops: column(&mut unpacker)?,
    };
    let columns = schema.fields.iter().map(|_| column(&mut unpacker));
    let mut columns: Vec<Column<Reader>> = columns.collect::<Result<_, _>>()?;
    if !unpacker.input().is_at_end() {
        return Err(CodecError::Inconsistent);
    }
    let mut context = Context::new(part.actors.len());
    let mut values: Vec<Value<'static>> = Vec::new();
    let mut seq = 0;
    for _ in 0..count {
        let template = schema.templates.get(meta.templates.length()?);
        let template = template.ok_or(CodecError::Inconsistent)?;
        let actor = meta.actors.length()?;
        seq = meta.gaps.signed()?.wrapping_add(seq);
        let said_before = meta.words_of.signed()?;
        let mut event = Event {
            seq,
            actor_id: *part.actors.get(actor).ok_or(CodecError::Inconsistent)?,
            actor,
            cell: [0; 2],
        };
        values.clear();
        values.resize(template.columns.len(), Value::Int(0));
        let mut texts: Vec<(usize, String)> = Vec::new();
        let mut op_in_text = None;
        for place in &template.order {
            let own = template.columns[*place];
            let (field, column) = (&mut schema.fields[own], &mut columns[own]);
            values[*place] = match field.kind {
                Kind::Text => {
                    texts.push((*place, read_text(field, column, actor)?));
                    continue;
                }
                Kind::Id if field.is_op_id => {
                    match read_id(column, &context, Some(seq))? {
                        ReadId::Id(id) => Value::Id(id),
                        ReadId::InText => {
                            // It comes with what is not in the text.
                            op_in_text = Some(*place);
                            continue;
                        }
                        ReadId::None => return Err(CodecError::Inconsistent),
                    }
                }
                _ => read_value(field, column, &mut context, &mut event)?,
            };
        }
        let op_id = match (read_id(&mut meta.ops, &context, None)?, op_in_text) {
            (ReadId::None, None) => None,
            (ReadId::Id(id), in_text) => {
                if let Some(place) = in_text {
                    values[place] = Value::Id(id);
                }
                Some(id)
            }
            (ReadId::None, Some(_)) | (ReadId::InText, _) => return Err(CodecError::Inconsistent),
        };
        let mut borrowed: Vec<Value<'_>> = std::mem::take(&mut values);
        for (place, text) in &texts {
            borrowed[*place] = Value::Text(text);
        }
        if template.text == WHOLE {
            let text = texts.first().map(|(_, text)| text.as_str());
            part.text.push_str(text.ok_or(CodecError::Inconsistent)?);
        } else {
            tokens::join(&template.text, &borrowed, &mut part.text)?;
        }
        part.events.push(Entry {
            seq,
            words_of: (said_before != 0).then(|| seq.wrapping_sub(said_before)),
            op_id,
            actor: u32::try_from(actor).map_err(|_| CodecError::Inconsistent)?,
            end: u32::try_from(part.text.len()).map_err(|_| CodecError::Inconsistent)?,
        });
    }
    part.text.shrink_to_fit();
    Ok(part)
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
        form::NONE => return Ok(ReadId::None),
        form::IN_TEXT => return Ok(ReadId::InText),
        form::WHOLE => column.third.array()?,
        form::TIMED => {
            let time = column.second.signed()?.wrapping_add(context.time);
            with_time(time, &column.third.array::<10>()?)
        }
        form::MESSAGE => {
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

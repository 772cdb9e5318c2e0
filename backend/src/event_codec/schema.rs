//! What the events of a part have in common: their templates, and the column of each field.
//! It is derived from the templates alone, in their order, so that only those are stored.

use super::{
    context::Guess,
    tokens::{self, Kind},
};
use std::collections::HashMap;

/// The template of a text that is stored as it is, since it is no object.
pub(super) const WHOLE: &str = "\u{4}";
/// The field with the `op_id` of chat.
const OP_ID: &str = "op_id";

/// One column while it is written or read: what its kind needs of these.
#[derive(Debug, Default)]
pub(super) struct Column<S> {
    /// Differences, forms of ids, lengths.
    pub(super) first: S,
    /// Differences of times, colours.
    pub(super) second: S,
    /// Numbers of pixels; bytes of texts and ids.
    pub(super) third: S,
}

/// What all events with one template have in common.
pub(super) struct Template {
    pub(super) text: String,
    /// The column of each value, in order.
    pub(super) columns: Vec<usize>,
    /// The order in which the values are written: cells and times first, since guesses need
    /// them.
    pub(super) order: Vec<usize>,
}

/// What is the same of all values of a column.
pub(super) struct Field {
    pub(super) kind: Kind,
    pub(super) guess: Guess,
    pub(super) is_op_id: bool,
    /// The value before, of a number.
    pub(super) before: i64,
    /// The newest text of each actor, of a text.
    pub(super) texts: HashMap<usize, String>,
}

/// The templates and columns of a part.
#[derive(Default)]
pub(super) struct Schema {
    pub(super) templates: Vec<Template>,
    by_text: HashMap<String, usize>,
    pub(super) fields: Vec<Field>,
    by_name: HashMap<(Kind, String), usize>,
}

impl Schema {
    /// The place of a template; it is added if it is new.
    pub(super) fn template(&mut self, text: &str) -> usize {
        if let Some(position) = self.by_text.get(text) {
            return *position;
        }
        let named = tokens::fields(text);
        let columns: Vec<usize> = named
            .iter()
            .map(|(kind, name)| self.column(*kind, name))
            .collect();
        let is_early = |position: &usize| {
            let field = &self.fields[columns[*position]];
            field.kind == Kind::Time
                || matches!(field.guess, Guess::Cell(_)) && field.kind == Kind::Int
        };
        let (mut order, late): (Vec<usize>, Vec<usize>) = (0..columns.len()).partition(is_early);
        order.extend(late);
        let position = self.templates.len();
        self.templates.push(Template {
            text: text.to_owned(),
            columns,
            order,
        });
        self.by_text.insert(text.to_owned(), position);
        position
    }

    fn column(&mut self, kind: Kind, name: &str) -> usize {
        if let Some(position) = self.by_name.get(&(kind, name.to_owned())) {
            return *position;
        }
        let position = self.fields.len();
        self.fields.push(Field {
            kind,
            guess: Guess::of(name),
            is_op_id: kind == Kind::Id && name == OP_ID,
            before: 0,
            texts: HashMap::new(),
        });
        self.by_name.insert((kind, name.to_owned()), position);
        position
    }
}

/// The streams of what is not in the text of an event.
#[derive(Debug, Default)]
pub(super) struct Meta<S> {
    pub(super) templates: S,
    pub(super) actors: S,
    /// How far `seq`s are apart.
    pub(super) gaps: S,
    pub(super) words_of: S,
    pub(super) ops: Column<S>,
}

//! Writes the Rust functions: one for each English message, with a parameter for each variable.

use crate::language::{FIRST_AREA, Locales};
use crate::message::{Kind, Message};
use std::fmt::{self, Write};

/// The code of a module that the client includes: for each area a type with a function for each
/// message, and a function that returns it, such as `chat_texts()`.
///
/// The module that includes it has `plain(index) -> &'static str`, `filled(index, &[Argument]) ->
/// String`, `Argument::{Text, Number}` and the trait `Number`.
///
/// # Errors
/// Never: a `String` takes everything.
pub fn rust_code(locales: &Locales) -> Result<String, fmt::Error> {
    let mut code = String::new();
    let fingerprint = locales.fingerprint();
    writeln!(
        code,
        "/// Names the messages and variables that this client was built with.\n\
         pub(super) const FINGERPRINT: &str = \"{fingerprint}\";"
    )?;
    let mut area = None;
    // The fingerprint is the first element of a catalog.
    let messages = (1..).zip(locales.messages());
    for (index, (name, message)) in messages.filter(|(_, (name, _))| *name != FIRST_AREA) {
        if area != Some(name) {
            if area.is_some() {
                writeln!(code, "}}")?;
            }
            area = Some(name);
            let type_name = type_name(name);
            let function = name.replace('-', "_");
            writeln!(
                code,
                "\n/// The texts of `{name}.ftl`.\n#[derive(Clone, Copy, Debug)]\n\
                 pub struct {type_name};\n\n/// The texts of `{name}.ftl`.\n\
                 pub fn {function}_texts() -> {type_name} {{\n    {type_name}\n}}\n\n\
                 impl {type_name} {{"
            )?;
        }
        write_function(&mut code, index, message)?;
    }
    if area.is_some() {
        writeln!(code, "}}")?;
    }
    Ok(code)
}

fn write_function(code: &mut String, index: usize, message: &Message) -> fmt::Result {
    let name = message.id.replace('-', "_");
    writeln!(code, "    /// `{}`", message.pattern)?;
    if message.parameters.is_empty() {
        return writeln!(
            code,
            "    pub fn {name}(self) -> &'static str {{ plain({index}) }}"
        );
    }
    let mut parameters = String::new();
    let mut arguments = Vec::new();
    for parameter in &message.parameters {
        let name = parameter.name.replace('-', "_");
        match parameter.kind {
            Kind::Text => {
                write!(parameters, ", {name}: &str")?;
                arguments.push(format!("Argument::Text({name})"));
            }
            Kind::Number => {
                write!(parameters, ", {name}: impl Number")?;
                arguments.push(format!("Argument::Number({name}.to_f64())"));
            }
        }
    }
    writeln!(
        code,
        "    pub fn {name}(self{parameters}) -> String {{ filled({index}, &[{}]) }}",
        arguments.join(", ")
    )
}

/// `ChatTexts` for `chat`.
fn type_name(area: &str) -> String {
    let words = area.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect::<String>() + "Texts"
}

//! One message: its parameters, and the pattern that the client fills.
//!
//! A pattern is text with `{0}` for the first argument, and `{0?one{…}other{…}}` for one of several
//! patterns: the first whose key is the number (`=0`) or its plural category, else the last.
//! A backslash stands before a brace or backslash that is text.

use fluent_syntax::ast::{
    Expression, InlineExpression, Message as FluentMessage, Pattern, PatternElement, Variant,
    VariantKey,
};
use fluent_syntax::unicode::unescape_unicode_to_string;
use std::fmt::Write;

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Text, which is inserted as it is.
    Text,
    /// A number, which is formatted, and may select a plural form.
    Number,
}

/// A variable of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the file, without `$`.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
}

/// A message of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name in the file.
    pub id: String,
    /// Its variables, in the order in which they appear first.
    pub parameters: Vec<Parameter>,
    /// The pattern.
    pub pattern: String,
}

impl Message {
    /// Compiles a message. A translation has the parameters of `source`, the English message, and
    /// their order.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub(crate) fn compile(
        message: &FluentMessage<&str>,
        source: Option<&Self>,
    ) -> Result<Self, String> {
        let Some(value) = &message.value else {
            return Err("has no text".to_owned());
        };
        if !message.attributes.is_empty() {
            return Err("attributes are not supported".to_owned());
        }
        let mut used = Vec::new();
        collect(value, &mut used)?;
        let parameters = match source {
            None => used,
            Some(source) => {
                check_parameters(&used, &source.parameters)?;
                source.parameters.clone()
            }
        };
        let mut pattern = String::new();
        write_pattern(value, &parameters, &mut pattern)?;
        Ok(Self {
            id: message.id.name.to_owned(),
            parameters,
            pattern,
        })
    }
}

/// Whether a translation has the variables of the English message.
fn check_parameters(used: &[Parameter], source: &[Parameter]) -> Result<(), String> {
    for parameter in used {
        let Some(known) = source.iter().find(|known| known.name == parameter.name) else {
            return Err(format!("${} is not in the English message", parameter.name));
        };
        if known.kind < parameter.kind {
            let name = &parameter.name;
            return Err(format!("${name} is text in the English message"));
        }
    }
    match source
        .iter()
        .find(|known| used.iter().all(|parameter| parameter.name != known.name))
    {
        Some(missing) => Err(format!("${} is missing", missing.name)),
        None => Ok(()),
    }
}

/// Adds the variables of a pattern.
fn collect(pattern: &Pattern<&str>, used: &mut Vec<Parameter>) -> Result<(), String> {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        match expression {
            Expression::Select { selector, variants } => {
                let (name, _) = variable(selector)?;
                add(used, name, Kind::Number);
                for variant in variants {
                    collect(&variant.value, used)?;
                }
            }
            Expression::Inline(InlineExpression::StringLiteral { .. }) => {}
            Expression::Inline(inline) => {
                let (name, kind) = variable(inline)?;
                add(used, name, kind);
            }
        }
    }
    Ok(())
}

fn add(used: &mut Vec<Parameter>, name: &str, kind: Kind) {
    if let Some(known) = used.iter_mut().find(|known| known.name == name) {
        known.kind = known.kind.max(kind);
    } else {
        let name = name.to_owned();
        used.push(Parameter { name, kind });
    }
}

/// The variable of `$name` or `NUMBER($name)`.
fn variable<'a>(inline: &InlineExpression<&'a str>) -> Result<(&'a str, Kind), String> {
    match inline {
        InlineExpression::VariableReference { id } => Ok((id.name, Kind::Text)),
        InlineExpression::FunctionReference { id, arguments }
            if id.name == "NUMBER" && arguments.named.is_empty() =>
        {
            match arguments.positional.as_slice() {
                [InlineExpression::VariableReference { id }] => Ok((id.name, Kind::Number)),
                _ => Err("NUMBER takes one variable".to_owned()),
            }
        }
        _ => Err("only variables, NUMBER($variable) and text in quotes are supported".to_owned()),
    }
}

fn write_pattern(
    pattern: &Pattern<&str>,
    parameters: &[Parameter],
    written: &mut String,
) -> Result<(), String> {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => write_text(value, parameters, written)?,
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(InlineExpression::StringLiteral { value }) => {
                    write_text(&unescape_unicode_to_string(value), parameters, written)?;
                }
                Expression::Inline(inline) => {
                    let (name, _) = variable(inline)?;
                    let _ = write!(written, "{{{}}}", index(parameters, name));
                }
                Expression::Select { selector, variants } => {
                    let (name, _) = variable(selector)?;
                    let _ = write!(written, "{{{}?", index(parameters, name));
                    write_variants(variants, parameters, written)?;
                    written.push('}');
                }
            },
        }
    }
    Ok(())
}

/// The default comes last.
fn write_variants(
    variants: &[Variant<&str>],
    parameters: &[Parameter],
    written: &mut String,
) -> Result<(), String> {
    const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];
    let (default, others): (Vec<_>, Vec<_>) = variants.iter().partition(|variant| variant.default);
    for variant in others.into_iter().chain(default) {
        match &variant.key {
            VariantKey::Identifier { name } if CATEGORIES.contains(name) => written.push_str(name),
            VariantKey::Identifier { name } => {
                return Err(format!("[{name}] is no plural category"));
            }
            VariantKey::NumberLiteral { value } => {
                let _ = write!(written, "={value}");
            }
        }
        written.push('{');
        write_pattern(&variant.value, parameters, written)?;
        written.push('}');
    }
    Ok(())
}

/// The text of a message without variables is shown as it is.
fn write_text(text: &str, parameters: &[Parameter], written: &mut String) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("has more than one line".to_owned());
    }
    for c in text.chars() {
        if !parameters.is_empty() && matches!(c, '{' | '}' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    Ok(())
}

fn index(parameters: &[Parameter], name: &str) -> usize {
    parameters
        .iter()
        .position(|parameter| parameter.name == name)
        .unwrap_or_default()
}

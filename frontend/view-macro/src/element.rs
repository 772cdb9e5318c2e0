//! Elements: their plan, and their parts in its order.

use crate::{component, one};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use rstml::{
    Infallible,
    node::{KeyedAttribute, Node, NodeAttribute, NodeElement},
};
use syn::{Error, Expr, ExprLit, ExprTuple, Lit, LitStr, Result, spanned::Spanned};

/// Elements of SVG that the client uses.
const SVG: [&str; 5] = ["circle", "g", "path", "rect", "svg"];

/// The view of an element.
pub(crate) fn planned(element: &NodeElement<Infallible>) -> Result<TokenStream> {
    let mut plan = Plan::default();
    plan.element(element)?;
    let Plan { lines, parts } = plan;
    Ok(quote! { crate::view::View::Element(#lines, ::std::vec![#(#parts),*]) })
}

#[derive(Default)]
struct Plan {
    lines: String,
    parts: Vec<TokenStream>,
}

impl Plan {
    fn element(&mut self, element: &NodeElement<Infallible>) -> Result<()> {
        let tag = element.name().to_string();
        let opening = if SVG.contains(&tag.as_str()) {
            '~'
        } else {
            '<'
        };
        self.line(opening, &tag);
        for attribute in element.attributes() {
            let NodeAttribute::Attribute(attribute) = attribute else {
                return Err(Error::new(attribute.span(), "an attribute has a name"));
            };
            self.attribute(attribute)?;
        }
        for child in &element.children {
            match child {
                Node::Element(inner) if component(inner.name()).is_none() => self.element(inner)?,
                Node::Text(text) => self.text(&text.value)?,
                other => {
                    let view = one(other)?;
                    self.part('$', "", quote! { crate::view::Part::View(#view) });
                }
            }
        }
        self.line('/', "");
        Ok(())
    }

    fn attribute(&mut self, attribute: &KeyedAttribute) -> Result<()> {
        let key = attribute.key.to_string();
        let Some(value) = attribute.value() else {
            // As in HTML, a name alone says yes.
            self.line('@', &key);
            return Ok(());
        };
        let (kind, name) = key.split_once(':').unwrap_or(("", &key));
        match (kind, name, value) {
            ("on", event, _) => {
                let descriptor = format_ident!("{event}");
                self.part(
                    '!',
                    event,
                    quote! { crate::view::Part::on(::leptos::ev::#descriptor, #value) },
                );
            }
            ("bind", property, _) => {
                let (event, read) = match property {
                    "checked" => ("change", quote! { ::leptos::prelude::event_target_checked }),
                    _ => ("input", quote! { ::leptos::prelude::event_target_value }),
                };
                let descriptor = format_ident!("{event}");
                self.value('.', property, value);
                self.part(
                    '!',
                    event,
                    quote! {
                        crate::view::Part::on(::leptos::ev::#descriptor, move |event| {
                            ::leptos::prelude::Set::set(&#value, #read(&event));
                        })
                    },
                );
            }
            ("prop", name, _) => self.value('.', name, value),
            ("style", name, _) => self.value(':', name, value),
            ("", "style", _) => {
                let why = "the server's policy forbids whole styles: write style:name";
                return Err(Error::new(attribute.key.span(), why));
            }
            ("class", name, _) => self.value('?', name, value),
            ("", "class", Expr::Tuple(pair)) => {
                let (name, value) = one_class(pair)?;
                self.value('?', &name, value);
            }
            ("", "inner_html", _) => self.value('.', "innerHTML", value),
            ("", "node_ref", _) => {
                self.part('&', "", quote! { crate::view::Part::reference(#value) });
            }
            ("", name, Expr::Lit(ExprLit { lit, .. })) => match lit {
                Lit::Str(text) => {
                    self.line('@', &format!("{name} {}", single_line(text)?));
                }
                Lit::Bool(is) if is.value => self.line('@', name),
                Lit::Bool(_) => {}
                other => return Err(Error::new(other.span(), "write it as a text")),
            },
            ("", name, value) => self.value('=', name, value),
            _ => {
                return Err(Error::new(
                    attribute.key.span(),
                    "no such kind of attribute",
                ));
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: char, name: &str, value: &Expr) {
        self.part(kind, name, quote! { crate::view::Part::value(#value) });
    }

    fn text(&mut self, text: &LitStr) -> Result<()> {
        self.line('"', &single_line(text)?);
        Ok(())
    }

    fn part(&mut self, kind: char, name: &str, part: TokenStream) {
        self.line(kind, name);
        self.parts.push(part);
    }

    fn line(&mut self, kind: char, rest: &str) {
        if !self.lines.is_empty() {
            self.lines.push('\n');
        }
        self.lines.push(kind);
        self.lines.push_str(rest);
    }
}

/// `("name", whether)`.
fn one_class(pair: &ExprTuple) -> Result<(String, &Expr)> {
    let mut pair_of = pair.elems.iter();
    match (pair_of.next(), pair_of.next(), pair_of.next()) {
        (
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(name),
                ..
            })),
            Some(value),
            None,
        ) => Ok((name.value(), value)),
        _ => Err(Error::new(pair.span(), "a class and whether it is there")),
    }
}

/// A text that fits into a plan, which is made of lines.
fn single_line(text: &LitStr) -> Result<String> {
    let value = text.value();
    if value.contains('\n') {
        return Err(Error::new(text.span(), "a text of one line"));
    }
    Ok(value)
}

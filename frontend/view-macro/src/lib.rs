//! `view!`: HTML in Rust, written as Leptos has it, compiled to data.
//!
//! Leptos gives each element a type of its own and code that builds it; here
//! an element becomes one text, its plan, which the client follows at run
//! time, and the list of its parts: whatever the plan cannot know. What the
//! lines of a plan mean stands in the client's `view/plan.rs`, which holds the
//! other half of this.

mod element;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use rstml::{
    Infallible, Parser, ParserConfig,
    node::{KeyedAttributeValue, Node, NodeAttribute, NodeElement, NodeName},
};
use syn::{Error, Ident, Result, spanned::Spanned};

/// A view: elements with their attributes, `<Component prop=… />`, texts in
/// quotes and expressions in braces.
///
/// Attributes are values or closures that are followed: `name=…`,
/// `class=("name", …)` and `class:name=…` for one class of several,
/// `style:name=…`, `prop:name=…`, `on:event=…`, `bind:value=signal`,
/// `bind:checked=signal` and `node_ref=…`.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let parser = Parser::new(ParserConfig::default().recover_block(true));
    let (nodes, diagnostics) = parser.parse_recoverable(tokens).split_vec();
    let mut errors = TokenStream::new();
    for diagnostic in diagnostics {
        let error = diagnostic.emit_as_expr_tokens();
        errors.extend(quote! { #error; });
    }
    let view = several(&nodes).unwrap_or_else(|error| error.to_compile_error());
    // In two blocks, so that the errors are statements.
    quote! {{
        #[allow(unused_braces, clippy::unused_unit)]
        { #errors #view }
    }}
    .into()
}

/// One view of all these.
fn several(nodes: &[Node]) -> Result<TokenStream> {
    match nodes {
        [node] => one(node),
        nodes => {
            let nodes = nodes.iter().map(one).collect::<Result<Vec<_>>>()?;
            Ok(quote! { crate::view::View::Many(::std::vec![#(#nodes),*]) })
        }
    }
}

fn one(node: &Node) -> Result<TokenStream> {
    match node {
        Node::Element(element) => match component(element.name()) {
            Some(name) => made(name, element),
            None => element::planned(element),
        },
        Node::Fragment(fragment) => several(&fragment.children),
        Node::Block(block) => Ok(quote! { crate::view::IntoView::into_view(#block) }),
        Node::Text(text) => {
            let text = &text.value;
            Ok(quote! { crate::view::IntoView::into_view(#text) })
        }
        other => Err(Error::new(other.span(), "texts are written in quotes")),
    }
}

/// The name of a component: it begins with a capital letter.
fn component(name: &NodeName) -> Option<&Ident> {
    let NodeName::Path(path) = name else {
        return None;
    };
    let name = path.path.get_ident()?;
    let first = name.to_string().chars().next()?;
    first.is_uppercase().then_some(name)
}

/// The view that a component makes.
fn made(name: &Ident, element: &NodeElement<Infallible>) -> Result<TokenStream> {
    let mut props = Vec::new();
    let mut bound = None;
    for attribute in element.attributes() {
        let NodeAttribute::Attribute(attribute) = attribute else {
            return Err(Error::new(attribute.span(), "a component has props only"));
        };
        let key = &attribute.key;
        if let Some(variable) = key.to_string().strip_prefix("let:") {
            let variable = Ident::new(variable, key.span());
            bound = Some(quote! { #variable });
            continue;
        }
        let value = match &attribute.possible_value {
            KeyedAttributeValue::Binding(binding) => {
                let inputs = &binding.inputs;
                bound = Some(quote! { #inputs });
                continue;
            }
            KeyedAttributeValue::Value(_) => {
                let value = attribute.value();
                quote! { #value }
            }
            KeyedAttributeValue::None => quote! { #key },
        };
        props.push(quote_spanned! { key.span()=> .#key(#value) });
    }
    if !element.children.is_empty() {
        let children = several(&element.children)?;
        props.push(if let Some(bound) = bound {
            quote! { .children(move |#bound| #children) }
        } else {
            quote! { .children(crate::view::Inside::from_closure(move || #children)) }
        });
    }
    Ok(quote! {
        ::leptos::component::component_view(
            &#name,
            ::leptos::component::component_props_builder(&#name) #(#props)* .build(),
        )
    })
}

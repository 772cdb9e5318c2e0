//! Values of attributes, classes, styles and properties.

use crate::browser;
use leptos::{
    prelude::{Get, Memo, RwSignal, Signal},
    reactive::effect::RenderEffect,
};
use std::{borrow::Cow, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, js_sys::Reflect};

/// A value as an element takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// There or not, as `disabled` is.
    Is(bool),
    /// A text.
    Text(Cow<'static, str>),
}

/// A value that stays, or that is followed.
pub enum Value {
    /// Stays.
    Fixed(Scalar),
    /// Set again whenever something that it read has changed.
    Followed(Box<dyn Fn() -> Scalar>),
}

/// What a value is set on.
pub(super) struct Target {
    element: Element,
    sign: u8,
    name: &'static str,
}

impl Target {
    /// What a sign of a plan (`plan.rs`) and the name after it mean.
    pub(super) fn new(element: Element, sign: u8, name: &'static str) -> Self {
        Self {
            element,
            sign,
            name,
        }
    }

    /// Sets a value where `before` was, if there was one.
    fn set(&self, value: &Scalar, before: Option<&Scalar>) {
        if before == Some(value) {
            return;
        }
        let Self {
            element,
            sign,
            name,
        } = self;
        // Fails only for names that are none, which a plan does not have.
        let _ = match (sign, value) {
            (b'=', Scalar::Text(text)) => element.set_attribute(name, text),
            (b'=', Scalar::Is(true)) => element.set_attribute(name, ""),
            (b'=', Scalar::Is(false)) => element.remove_attribute(name),
            (b'?', value) => element
                .class_list()
                .toggle_with_force(name, *value == Scalar::Is(true))
                .map(drop),
            (b':', Scalar::Text(text)) => style(element).set_property(name, text),
            (b':', Scalar::Is(_)) => style(element).remove_property(name).map(drop),
            (_, Scalar::Text(text)) => self.set_property(&JsValue::from_str(text)),
            (_, Scalar::Is(is)) => self.set_property(&JsValue::from_bool(*is)),
        };
    }

    fn set_property(&self, value: &JsValue) -> Result<(), JsValue> {
        Reflect::set(&self.element, &JsValue::from_str(self.name), value).map(drop)
    }
}

fn style(element: &Element) -> web_sys::CssStyleDeclaration {
    // Elements of SVG have one, too.
    element.unchecked_ref::<HtmlElement>().style()
}

/// A value that was set.
pub(super) enum ValueState {
    Fixed(Scalar),
    Followed(RenderEffect<Scalar>),
}

impl Value {
    /// Sets it where `before` was, if there was one.
    pub(super) fn build(self, target: &Rc<Target>, before: Option<ValueState>) -> ValueState {
        let before = before.and_then(|before| match before {
            ValueState::Fixed(value) => Some(value),
            ValueState::Followed(effect) => effect.take_value(),
        });
        match self {
            Self::Fixed(value) => {
                target.set(&value, before.as_ref());
                ValueState::Fixed(value)
            }
            Self::Followed(read) => {
                let target = Rc::clone(target);
                let set = move |before: Option<Scalar>| {
                    let value = read();
                    target.set(&value, before.as_ref());
                    value
                };
                ValueState::Followed(RenderEffect::new_with_value(set, before))
            }
        }
    }
}

/// What can be the value of an attribute, a class, a style or a property.
pub trait IntoValue {
    /// The value of it.
    fn into_value(self) -> Value;
}

/// What a [`Scalar`] can be made of.
pub trait IntoScalar {
    /// The scalar of it.
    fn into_scalar(self) -> Scalar;
}

impl IntoScalar for bool {
    fn into_scalar(self) -> Scalar {
        Scalar::Is(self)
    }
}

impl IntoScalar for &'static str {
    fn into_scalar(self) -> Scalar {
        Scalar::Text(Cow::Borrowed(self))
    }
}

impl IntoScalar for String {
    fn into_scalar(self) -> Scalar {
        Scalar::Text(Cow::Owned(self))
    }
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl IntoScalar for $kind {
            fn into_scalar(self) -> Scalar {
                self.to_string().into_scalar()
            }
        }
    )*};
}

numbers!(i32, u8, usize);

impl IntoScalar for f64 {
    fn into_scalar(self) -> Scalar {
        browser::decimal(self).into_scalar()
    }
}

impl<T: IntoScalar> IntoScalar for Option<T> {
    fn into_scalar(self) -> Scalar {
        self.map_or(Scalar::Is(false), IntoScalar::into_scalar)
    }
}

macro_rules! fixed {
    ($($kind:ty),*) => {$(
        impl IntoValue for $kind {
            fn into_value(self) -> Value {
                Value::Fixed(self.into_scalar())
            }
        }
    )*};
}

fixed!(
    bool,
    &'static str,
    String,
    Option<&'static str>,
    Option<String>,
    u8,
    usize
);

impl<F, V> IntoValue for F
where
    F: Fn() -> V + 'static,
    V: IntoScalar,
{
    fn into_value(self) -> Value {
        Value::Followed(Box::new(move || self().into_scalar()))
    }
}

macro_rules! followed {
    ($($signal:ident),*) => {$(
        impl<T> IntoValue for $signal<T>
        where
            T: IntoScalar + Clone + Send + Sync + 'static,
        {
            fn into_value(self) -> Value {
                Value::Followed(Box::new(move || self.get().into_scalar()))
            }
        }
    )*};
}

followed!(Memo, RwSignal, Signal);

//! JSON with little code, for the browser.
//!
//! What serde derives is made anew for every type and every way of reading:
//! quick on a server, a quarter of the client's download. What the client reads
//! goes through one [`Value`] instead, and each type says which field is which
//! ([`FromJson`], [`readable!`]); what it sends is written field by field
//! ([`ToJson`], [`Object`]). The server reads and writes with serde where much
//! passes through it; tests hold both to the same form.

use serde_json::{Map, Value};

/// A type that is read from JSON. What cannot be read is `None`: nobody could
/// do anything about a server that does not speak our language.
pub trait FromJson: Sized {
    /// Reads a value.
    fn from_json(json: &Value) -> Option<Self>;

    /// What a field is that is not there.
    fn absent() -> Option<Self> {
        None
    }
}

/// A type that is written as JSON.
pub trait ToJson {
    /// Appends the value.
    fn to_json(&self, out: &mut String);

    /// Whether an object leaves the field out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Reads a text.
pub fn read<T: FromJson>(text: &str) -> Option<T> {
    T::from_json(&serde_json::from_str(text).ok()?)
}

/// Writes a text.
pub fn write(value: &dyn ToJson) -> String {
    let mut out = String::new();
    value.to_json(&mut out);
    out
}

/// Reads one field of an object.
pub fn field<T: FromJson>(object: &Map<String, Value>, name: &str) -> Option<T> {
    match object.get(name) {
        Some(value) => T::from_json(value),
        None => T::absent(),
    }
}

/// An object in the making.
#[derive(Default)]
pub struct Object(String);

impl Object {
    /// Adds a field, unless it is absent.
    #[must_use]
    pub fn with(mut self, name: &str, value: &dyn ToJson) -> Self {
        if !value.is_absent() {
            self.0.push(if self.0.is_empty() { '{' } else { ',' });
            name.to_json(&mut self.0);
            self.0.push(':');
            value.to_json(&mut self.0);
        }
        self
    }

    /// The object.
    pub fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// Makes structs readable by naming their fields, as they are called on the
/// wire too; `field = "name"` where they are called otherwise.
macro_rules! readable {
    ($($type:ident { $($field:ident $(= $name:literal)?),+ $(,)? })+) => {$(
        impl $crate::json::FromJson for $type {
            fn from_json(json: &serde_json::Value) -> Option<Self> {
                let object = json.as_object()?;
                Some(Self {
                    $($field: $crate::json::field(
                        object,
                        $crate::json::readable!(@ $field $($name)?),
                    )?,)+
                })
            }
        }
    )+};
    (@ $field:ident) => { stringify!($field) };
    (@ $field:ident $name:literal) => { $name };
}

/// Makes an enum readable and writable by the names of its variants; any other
/// name is read as the variant after `else`, where there is one.
macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? } $(else $other:ident)?) => {
        impl $crate::json::FromJson for $type {
            fn from_json(json: &serde_json::Value) -> Option<Self> {
                Some(match json.as_str()? {
                    $($name => Self::$variant,)+
                    _ => return $crate::json::named!(@ $($other)?),
                })
            }
        }

        impl $crate::json::ToJson for $type {
            fn to_json(&self, out: &mut String) {
                let name = match self {
                    $(Self::$variant => $name,)+
                };
                name.to_json(out);
            }
        }
    };
    (@) => { None };
    (@ $other:ident) => { Some(Self::$other) };
}

pub(crate) use {named, readable};

impl FromJson for Value {
    fn from_json(json: &Value) -> Option<Self> {
        Some(json.clone())
    }
}

impl FromJson for bool {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_bool()
    }
}

impl FromJson for f64 {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_f64()
    }
}

impl FromJson for String {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_str().map(str::to_owned)
    }
}

/// Integers are read as the widest of their kind, so that there is one reader.
macro_rules! integers {
    ($($type:ident from $wide:ident),+) => {$(
        impl FromJson for $type {
            fn from_json(json: &Value) -> Option<Self> {
                json.$wide()?.try_into().ok()
            }
        }

        impl ToJson for $type {
            fn to_json(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        }
    )+};
}

integers!(u8 from as_u64, u16 from as_u64, u64 from as_u64, usize from as_u64);
integers!(i32 from as_i64, i64 from as_i64);

impl FromJson for uuid::Uuid {
    fn from_json(json: &Value) -> Option<Self> {
        Self::try_parse(json.as_str()?).ok()
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn from_json(json: &Value) -> Option<Self> {
        T::from_json(json).map(Self::new)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_array()?.iter().map(T::from_json).collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Value) -> Option<Self> {
        if json.is_null() {
            return Some(None);
        }
        T::from_json(json).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl ToJson for bool {
    fn to_json(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl ToJson for f64 {
    fn to_json(&self, out: &mut String) {
        if self.is_finite() {
            out.push_str(&decimal(*self));
        } else {
            out.push_str("null");
        }
    }
}

/// A finite number, written so that one sees that it is a float, as in `2.0`.
#[cfg(not(target_arch = "wasm32"))]
fn decimal(number: f64) -> String {
    format!("{number:?}")
}

/// As above, by the browser: Rust's own writing of floating-point numbers is a
/// large part of the client's download.
#[cfg(target_arch = "wasm32")]
fn decimal(number: f64) -> String {
    let mut text = js_sys::Number::from(number)
        .to_string_with_radix(10)
        .map(String::from)
        .unwrap_or_default();
    if !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

impl ToJson for str {
    fn to_json(&self, out: &mut String) {
        // Every text has a JSON form.
        if let Ok(json) = serde_json::to_string(self) {
            out.push_str(&json);
        }
    }
}

impl ToJson for &str {
    fn to_json(&self, out: &mut String) {
        str::to_json(self, out);
    }
}

impl ToJson for String {
    fn to_json(&self, out: &mut String) {
        self.as_str().to_json(out);
    }
}

impl ToJson for uuid::Uuid {
    fn to_json(&self, out: &mut String) {
        self.to_string().to_json(out);
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self, out: &mut String) {
        match self {
            Some(value) => value.to_json(out),
            None => out.push_str("null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self, out: &mut String) {
        out.push('[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            value.to_json(out);
        }
        out.push(']');
    }
}

impl ToJson for Value {
    fn to_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => value.to_json(out),
            Self::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => whole.to_json(out),
                (None, Some(whole)) => whole.to_json(out),
                (None, None) => number.as_f64().to_json(out),
            },
            Self::String(text) => text.to_json(out),
            Self::Array(values) => values.to_json(out),
            Self::Object(object) => object.to_json(out),
        }
    }
}

impl ToJson for Map<String, Value> {
    fn to_json(&self, out: &mut String) {
        let object = self
            .iter()
            .fold(Object::default(), |object, (name, value)| {
                object.with(name, value)
            });
        out.push_str(&object.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in any_json()) {
            prop_assert_eq!(read::<Value>(&write(&value)), Some(value));
        }
    }

    #[test]
    fn absent_fields_are_left_out_and_read_as_none() {
        let text = Object::default()
            .with("a", &None::<i32>)
            .with("b", &Some(1))
            .with("c", &"\"")
            .end();
        assert_eq!(text, r#"{"b":1,"c":"\""}"#);
        assert_eq!(Object::default().end(), "{}");
        let value = json!({"b": 1, "n": null});
        let object = value.as_object().unwrap();
        assert_eq!(field::<Option<i32>>(object, "a"), Some(None));
        assert_eq!(field::<Option<i32>>(object, "n"), Some(None));
        assert_eq!(field::<i32>(object, "a"), None);
        assert_eq!(field::<Vec<i32>>(object, "a"), Some(Vec::new()));
    }

    #[test]
    fn what_has_no_place_in_the_type_is_not_read() {
        assert_eq!(u8::from_json(&json!(256)), None);
        assert_eq!(i32::from_json(&json!(1.5)), None);
        assert_eq!(String::from_json(&json!(1)), None);
        assert_eq!(bool::from_json(&json!("true")), None);
        assert_eq!(Vec::<u8>::from_json(&json!([1, "2"])), None);
    }
}

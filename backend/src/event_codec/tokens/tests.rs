//! Texts are split into templates and values, and come back byte for byte.

use super::*;

fn again(text: &str) -> (String, Vec<Value<'_>>) {
    let mut template = String::new();
    let values = split(text, &mut template).unwrap();
    let kinds: Vec<Kind> = fields(&template)
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, values.iter().map(Value::kind).collect::<Vec<_>>());
    let mut joined = String::new();
    join(&template, &values, &mut joined).unwrap();
    assert_eq!(joined, text);
    (template, values)
}

#[test]
fn every_text_comes_back() {
    for text in [
        "",
        "no JSON",
        "\"",
        "[",
        "[[",
        "[[1,2]",
        r#"{"a":-0,"b":1.50,"c":1e3,"d":007,"e":-1,"f":9223372036854775808}"#,
        r#"{"a":[[1,2],[03,4]],"b":[[1,2,3]],"c":[],"d":[[-1,2]],"e":[[1,2],[3,4]]}"#,
        r#"{"a":"say \"[[1,2]]\" \\","b":"ä🦀","c":"\u0000"}"#,
        r#"{"a":"2025-02-31T00:00:00.000Z","b":"2024-02-29T23:59:59.999Z"}"#,
        r#"{"a":"0000-01-01T00:00:00.000Z","b":"1969-12-31T24:00:00.000Z"}"#,
        r#"{"a":"018F4E1C-0000-7000-8000-000000000001"}"#,
        r#"{"a":"urn:uuid:018f4e1c-0000-7000-8000-0000"}"#,
    ] {
        if text.starts_with('"') {
            assert_eq!(split(text, &mut String::new()), None);
        } else {
            again(text);
        }
    }
    assert_eq!(split("{\"a\":\"\u{1}\"}", &mut String::new()), None);
}

#[test]
fn what_is_typical_becomes_values() {
    let id = "018f4e1c-0000-7000-8000-000000000001";
    let pixels = STANDARD.encode([255; 64]);
    let text = format!(
        r#"{{"type":"tile_updated","seq":42,"liked":true,"op_id":"{id}","timestamp":"2025-08-29T21:45:19.123Z","pixels":"{pixels}","delta":[[5,0],[6,1]],"title":"a"}}"#
    );
    let (template, values) = again(&text);
    let expected = concat!(
        r#"{"type":"tile_updated","seq":"#,
        "\u{1}",
        r#","liked":true,"op_id":"#,
        "\u{3}",
        r#","timestamp":"#,
        "\u{2}",
        r#","pixels":"#,
        "\u{5}",
        r#","delta":"#,
        "\u{6}",
        r#","title":"#,
        "\u{4}",
        "}"
    );
    assert_eq!(template, expected);
    let keys: Vec<&str> = fields(&template).into_iter().map(|(_, key)| key).collect();
    let fields = ["seq", "op_id", "timestamp", "pixels", "delta", "title"];
    assert_eq!(keys, fields);
    assert_eq!(values[2], Value::Time(1_756_503_919_123));
    assert_eq!(values[4], Value::Edits(vec![(5, 0), (6, 1)]));
}

#[test]
fn all_days_of_ten_thousand_years() {
    let mut text = String::new();
    for day in (-719_528..2_932_897).step_by(13) {
        text.clear();
        write_time(day * 86_400_000, &mut text);
        assert_eq!(time(&text), Some(day * 86_400_000), "{text}");
    }
    assert_eq!(text, "9999-12-22T00:00:00.000Z");
}

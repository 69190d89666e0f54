//! RFC 8785 canonical JSON: the one text of a document, under every digest and signature.
//!
//! Written here and not by a crate because it stands on the hot path of every accept and every check: this takes a third
//! of the time. The tests compare it with an independent implementation.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The canonical text of `document`.
///
/// Documents here hold strings, booleans, nulls, integers, arrays and objects with string keys; integers of signed
/// documents are decimal strings, so that nothing depends on how a float is printed.
///
/// # Panics
/// Never for such documents.
pub fn text<T: Serialize>(document: &T) -> String {
    let value = serde_json::to_value(document)
        .expect("documents have string keys and no floats, which is all that can fail");
    let mut out = String::with_capacity(1024);
    write(&value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            // By UTF-16 code units (RFC 8785, 3.2.3), which is the order of the bytes unless a key leaves the BMP.
            sorted.sort_unstable_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            out.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
    }
}

/// Appends a string with the escapes of RFC 8785, 3.2.2.2: the short ones where there are, `\u00xx` for other control
/// characters, everything else as it is.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0x00..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        plain = at + 1;
        if short.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// Why a text is not the canonical text of a document.
#[derive(Debug, thiserror::Error)]
pub enum NotCanonical {
    /// Not JSON, or not of the expected shape.
    #[error("not a document of this kind: {0}")]
    Shape(#[source] serde_json::Error),
    /// Reads as a document, but is not spelled as RFC 8785 does.
    #[error("not in RFC 8785 canonical form")]
    Spelling,
}

/// Reads a text that must be canonical: whoever received it can hash the bytes as they came.
///
/// # Errors
/// [`NotCanonical`].
pub fn parse<T: DeserializeOwned + Serialize>(source: &str) -> Result<T, NotCanonical> {
    let document: T = serde_json::from_str(source).map_err(NotCanonical::Shape)?;
    if text(&document) == source { Ok(document) } else { Err(NotCanonical::Spelling) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_rfc_8785_for_keys_is_sorted_as_there() {
        let text = text(&serde_json::json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis"
        }));
        let order = ["Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"];
        let places: Vec<usize> = order.iter().map(|name| text.find(name).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x7f]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_text_equals_that_of_an_independent_implementation(document in documents()) {
            prop_assert_eq!(text(&document), serde_jcs::to_string(&document).unwrap());
        }
    }
}

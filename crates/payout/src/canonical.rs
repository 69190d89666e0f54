//! RFC 8785 canonical JSON: the one text of a document, under every digest and signature.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The canonical text of `document`.
///
/// Documents here hold strings, booleans, nulls, arrays and objects with string keys; integers are decimal strings,
/// so that nothing depends on how a float is printed.
pub fn text<T: Serialize>(document: &T) -> String {
    serde_jcs::to_string(document)
        .expect("documents have string keys and no floats, which is all that can fail")
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
pub fn parse<T: DeserializeOwned + Serialize>(source: &str) -> Result<T, NotCanonical> {
    let document: T = serde_json::from_str(source).map_err(NotCanonical::Shape)?;
    if text(&document) == source { Ok(document) } else { Err(NotCanonical::Spelling) }
}

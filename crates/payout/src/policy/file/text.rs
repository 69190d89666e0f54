//! Writing TOML as people would: tables by entry, small ones inline.

use std::fmt::{Display, Write};

/// A file that is being written.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// `[[name]]`, after an empty line.
    pub(super) fn entry(&mut self, name: &str) {
        self.raw(format_args!("\n[[{name}]]\n"));
    }

    /// `[name]`, after an empty line.
    pub(super) fn table(&mut self, name: &str) {
        self.raw(format_args!("\n[{name}]\n"));
    }

    /// `key = "text"`.
    pub(super) fn string(&mut self, name: &str, value: impl Display) {
        self.raw(format_args!("{} = {}\n", key(name), quoted(value)));
    }

    /// `key = value`, where the value is TOML already.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.raw(format_args!("{} = {value}\n", key(name)));
    }

    /// `key = ["a", "b"]`, unless there is nothing in it.
    pub(super) fn strings<T: Display>(&mut self, name: &str, items: impl IntoIterator<Item = T>) {
        let items: Vec<String> = items.into_iter().map(quoted).collect();
        if !items.is_empty() {
            self.value(name, format_args!("[{}]", items.join(", ")));
        }
    }

    /// `key = [1, 2]`, unless there is nothing in it.
    pub(super) fn values<T: Display>(&mut self, name: &str, items: impl IntoIterator<Item = T>) {
        let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
        if !items.is_empty() {
            self.value(name, format_args!("[{}]", items.join(", ")));
        }
    }

    pub(super) fn finish(self) -> String {
        self.0.trim_start_matches('\n').to_owned()
    }

    fn raw(&mut self, text: std::fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("writing to a string can't fail");
    }
}

/// `{ a = 1, b = "x" }` from names and values that are TOML already.
pub(super) fn inline<V: Display>(fields: impl IntoIterator<Item = (String, V)>) -> String {
    let fields: Vec<String> =
        fields.into_iter().map(|(name, value)| format!("{} = {value}", key(&name))).collect();
    if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
}

/// A TOML string with its quotes.
pub(super) fn quoted(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if bare { name.to_owned() } else { basic(name) }
}

/// A quoted key is a basic string on one line.
fn basic(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => {
                text.push('\\');
                text.push(c);
            }
            c if c.is_control() => write!(text, "\\u{:04X}", u32::from(c)).expect("a string takes all"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

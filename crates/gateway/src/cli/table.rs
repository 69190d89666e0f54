//! Texts in columns, and foreign text made harmless.

/// Rows of cells under a head, each column as wide as its widest cell; the last one is not padded.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut width = head.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in width.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let mut line = |cells: &[String; N]| {
        let mut out = String::new();
        for (width, cell) in width.iter().zip(cells) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count()) + 2));
        }
        text.push_str(out.trim_end());
        text.push('\n');
    };
    line(&head.map(str::to_owned));
    for row in rows {
        line(row);
    }
    text
}

/// `name  value` lines, values in one column.
pub(super) fn fields(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect()
}

/// Text that somebody else wrote, without what could move the cursor or turn the reading direction: an approver must
/// not be shown one amount and sign another.
pub(super) fn harmless(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars()
        .flat_map(|c| if hidden(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["1".to_owned(), "long name".to_owned()], ["22".to_owned(), "x".to_owned()]];
        assert_eq!(table(["N", "NAME"], &rows), "N   NAME\n1   long name\n22  x\n");
    }

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(harmless("a\u{1b}[2Kb\u{202e}c\rd"), "a\\u{1b}[2Kb\\u{202e}c\\u{d}d");
        assert_eq!(harmless("Zürich 3. Rate"), "Zürich 3. Rate");
    }
}

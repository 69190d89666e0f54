//! Two texts, line by line, as a person compares them.

/// The lines that differ, with `-` and `+`; equal stretches are left out but for one line of context.
pub(super) fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let common = common(&old, &new);
    let mut out = String::new();
    let (mut i, mut j) = (0, 0);
    let mut quiet = 0usize;
    while i < old.len() || j < new.len() {
        let same = old.get(i).is_some() && old.get(i) == new.get(j);
        // Follow the longest common way; where both are equally long, show what goes before what comes.
        if same {
            quiet += 1;
            (i, j) = (i + 1, j + 1);
            continue;
        }
        if quiet > 0 {
            if let Some(context) = i.checked_sub(1).and_then(|before| old.get(before)) {
                out.push_str(&format!("  {context}\n"));
            }
            quiet = 0;
        }
        if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            out.push_str(&format!("- {}\n", old[i]));
            i += 1;
        } else {
            out.push_str(&format!("+ {}\n", new[j]));
            j += 1;
        }
    }
    out
}

/// Lengths of the longest common subsequences of the two tails.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] =
                if old[i] == new[j] { table[i + 1][j + 1] + 1 } else { table[i + 1][j].max(table[i][j + 1]) };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_the_line_before_it() {
        let old = "[[rule]]\nid = \"a\"\nmax = 1\n\n[[rule]]\nid = \"b\"\n";
        let new = "[[rule]]\nid = \"a\"\nmax = 2\n\n[[rule]]\nid = \"b\"\n";
        assert_eq!(diff(old, new), "  id = \"a\"\n- max = 1\n+ max = 2\n");
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn lines_at_the_end_are_added_and_removed() {
        assert_eq!(diff("a\n", "a\nb\n"), "  a\n+ b\n");
        assert_eq!(diff("a\nb\n", "b\n"), "- a\n");
    }
}

//! Dying at a point. Only in programs that are built for crash tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// What the environment says, read once.
static ARMED: LazyLock<Option<Armed>> = LazyLock::new(|| {
    let text = std::env::var(crate::VARIABLE).ok()?;
    Some(match text.strip_prefix('@') {
        Some(path) => Armed::ByFile(PathBuf::from(path)),
        None => Armed::Always(text),
    })
});

/// How often the point was passed that was armed last.
static PASSED: Mutex<(String, u32)> = Mutex::new((String::new(), 0));

enum Armed {
    Always(String),
    ByFile(PathBuf),
}

/// Dies if `point` is the armed one and it is its turn.
pub fn pass(point: &str) {
    match &*ARMED {
        None => {}
        Some(Armed::Always(order)) => {
            if is_due(order, point) {
                end(order, point);
            }
        }
        Some(Armed::ByFile(path)) => {
            let Ok(order) = std::fs::read_to_string(path) else { return };
            if is_due(order.trim(), point) && took(path, &order) {
                end(&order, point);
            }
        }
    }
}

/// Of several processes with one file, the one that removes it. An order that came after the one that was read is left
/// to whoever it is meant for.
fn took(path: &Path, order: &str) -> bool {
    let mine = path.with_extension(std::process::id().to_string());
    if std::fs::rename(path, &mine).is_err() {
        return false;
    }
    if std::fs::read_to_string(&mine).is_ok_and(|found| found != order) {
        // For that moment there was no order, which looks to others as if it had been obeyed late.
        let _ = std::fs::rename(&mine, path);
        return false;
    }
    let _ = std::fs::remove_file(&mine);
    true
}

/// What an order begins with that has a defect happen instead of a death.
const DEFECT: &str = "panic at ";

/// Whether `order`, a name or `name:n`, is about this passing of `point`.
fn is_due(order: &str, point: &str) -> bool {
    let place = order.strip_prefix(DEFECT).unwrap_or(order);
    let (name, turn) = match place.rsplit_once(':') {
        Some((name, turn)) => (name, turn.parse().unwrap_or(1)),
        None => (place, 1),
    };
    if name != point {
        return false;
    }
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    if passed.0 != order {
        *passed = (order.to_owned(), 0);
    }
    passed.1 += 1;
    if passed.1 < turn {
        return false;
    }
    // Armed again with the same words, it counts anew.
    passed.1 = 0;
    true
}

/// Dies, or fails as a defect in the program does, as the order says.
fn end(order: &str, point: &str) {
    assert!(!order.starts_with(DEFECT), "a defect at {point}, as ordered");
    die(point);
}

/// Ends the process as a loss of power does: nothing is flushed, closed or dropped.
fn die(point: &str) -> ! {
    // For whoever reads the log of a test that failed; the test does not depend on it.
    let _ = writeln!(std::io::stderr(), "crash point: {point}");
    loop {
        // It can't be refused to ourselves; until it has arrived, this thread does nothing more.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_turn_that_is_named_is_the_one() {
        let due = |order: &str, times: usize| (0..times).map(|_| is_due(order, "here")).collect::<Vec<_>>();
        assert_eq!(due("here", 1), [true]);
        assert_eq!(due("here:3", 4), [false, false, true, false]);
        assert_eq!(due("panic at here:2", 3), [false, true, false]);
        assert!(!is_due("elsewhere", "here") && !is_due("", "here"));
    }

    #[test]
    fn of_two_that_find_the_file_one_takes_it() {
        let path = std::env::temp_dir().join(format!("bursar-crash-{}", std::process::id()));
        std::fs::write(&path, "here").unwrap();
        assert_eq!([took(&path, "here"), took(&path, "here")], [true, false]);
    }

    #[test]
    fn an_order_for_somebody_else_is_left_there() {
        let path = std::env::temp_dir().join(format!("bursar-crash-other-{}", std::process::id()));
        std::fs::write(&path, "there").unwrap();
        assert!(!took(&path, "here"));
        assert!(took(&path, "there") && !path.exists());
    }
}

//! What a loss of power leaves of a file: everything up to the last sync, and any part of what was written after it.
//!
//! The operating system may have put any of the blocks that were written since on the disk, in any order, and a file
//! that has grown may have its old length. What was synced is never torn here: that would be an old copy, which is
//! another matter.

use std::ops::Range;

use crate::dice::Dice;

/// What a disk writes at once, bytes.
const BLOCK: usize = 512;

/// One of the files that a loss of power may leave between `synced` and `written`: each block is the old or the new one,
/// and the length is the old or the new one.
pub fn mixed(synced: &[u8], written: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut file = if dice.percent(50) { synced.to_vec() } else { written.to_vec() };
    file.resize(if dice.percent(50) { synced.len() } else { written.len() }, 0);
    for start in (0..file.len()).step_by(BLOCK) {
        let source = if dice.percent(50) { synced } else { written };
        let end = (start + BLOCK).min(file.len());
        // Beyond the end of its source a block was never written: it reads as zeros.
        let known = source.get(start..end.min(source.len())).unwrap_or_default();
        file[start..start + known.len()].copy_from_slice(known);
        file[start + known.len()..end].fill(0);
    }
    file
}

/// The bytes of the last transaction in a SQLite write-ahead log, whole or not
/// (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>). One writer commits one transaction after the other,
/// each synced before the next begins: so this is all of the log that can be unsynced.
pub fn last_transaction(log: &[u8]) -> Range<usize> {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let word = |at: usize| log.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes);
    let page = word(8).and_then(|size| usize::try_from(size).ok()).unwrap_or(4096);
    // Frames of an earlier round of the log have other salts: they are its free space.
    let salts = log.get(16..24).unwrap_or_default();
    let (mut begin, mut end) = (HEADER.min(log.len()), HEADER.min(log.len()));
    let mut open = begin;
    while let Some(frame) = log.get(end..(end + FRAME_HEADER + page).min(log.len())) {
        if frame.len() < FRAME_HEADER || &frame[8..16] != salts {
            break;
        }
        let commits = word(end + 4).unwrap_or(0) != 0;
        end += frame.len();
        if commits {
            begin = open;
            open = end;
        }
    }
    // What follows the last commit belongs to a transaction that is not whole.
    if open < end { open..end } else { begin..end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_has_only_blocks_of_the_two_files() {
        let (old, new) = (vec![1; 3000], vec![2; 5000]);
        let mut dice = Dice::new(7);
        let mut lengths = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let file = mixed(&old, &new, &mut dice);
            lengths.insert(file.len());
            assert!(file.iter().all(|byte| [0, 1, 2].contains(byte)));
            assert!(file.chunks(BLOCK).take(5).all(|block| block.iter().all(|byte| *byte == block[0])));
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [3000, 5000]);
    }

    #[test]
    fn the_last_transaction_of_a_log_is_found() {
        let frame = |commits: u32, salt: u8| {
            let mut frame = vec![0; 24 + 512];
            frame[4..8].copy_from_slice(&commits.to_be_bytes());
            frame[8..16].fill(salt);
            frame
        };
        let mut log = vec![0; 32];
        log[8..12].copy_from_slice(&512_u32.to_be_bytes());
        log[16..24].fill(9);
        assert_eq!(last_transaction(&log), 32..32);
        log.extend([frame(0, 9), frame(3, 9), frame(0, 9), frame(0, 9), frame(4, 9)].concat());
        assert_eq!(last_transaction(&log), 32 + 2 * 536..log.len());
        let whole = log.len();
        // An unfinished one, then what an earlier round of the log left.
        log.extend([frame(0, 9), frame(5, 8)].concat());
        assert_eq!(last_transaction(&log), whole..whole + 536);
    }
}

//! What a secret is locked with: a passphrase, stretched by Argon2id (RFC 9106), or a key that is 32 random bytes
//! already, from a file, a hardware store or a key-management service.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A passphrase. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Passphrase(String);

/// Why a passphrase can't be used or had.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// An empty one protects nothing.
    #[error("the passphrase is empty")]
    Empty,
    /// Its file can't be read.
    #[error("can't read the passphrase from {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
}

impl Passphrase {
    /// A passphrase that a person typed or a configuration named.
    ///
    /// # Errors
    /// [`PassphraseError::Empty`].
    pub fn new(text: impl Into<String>) -> Result<Self, PassphraseError> {
        let passphrase = Self(text.into());
        if passphrase.0.is_empty() { Err(PassphraseError::Empty) } else { Ok(passphrase) }
    }

    /// The passphrase in a file: its whole text but for one line end, which editors add.
    ///
    /// # Errors
    /// The file can't be read, is not UTF-8, or is empty.
    pub fn from_file(path: &Path) -> Result<Self, PassphraseError> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|cause| PassphraseError::Unreadable { path: path.to_owned(), cause })?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Self::new(line.strip_suffix('\r').unwrap_or(line))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// 32 random bytes that lock things. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// From 32 bytes of full entropy; not from anything that a person thought of.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Either of the two, by reference.
#[derive(Debug, Clone, Copy)]
pub enum Lock<'a> {
    /// Stretched by Argon2id.
    Passphrase(&'a Passphrase),
    /// Used as it is; the cost parameters don't apply.
    Key(&'a Key),
}

impl<'a> From<&'a Passphrase> for Lock<'a> {
    fn from(passphrase: &'a Passphrase) -> Self {
        Self::Passphrase(passphrase)
    }
}

impl<'a> From<&'a Key> for Lock<'a> {
    fn from(key: &'a Key) -> Self {
        Self::Key(key)
    }
}

/// What opening with a passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Cost parameters that are not allowed. Upper bounds keep a forged file from taking the machine down with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Argon2id takes 8 KiB a lane to 1 GiB, 1 to 16 passes and 1 to 16 lanes")]
pub struct BadParams;

impl Params {
    /// 64 MiB, three passes, one lane: RFC 9106's second recommendation but for the lanes, which a server has other
    /// uses for. Some 0.1 s.
    pub const INTERACTIVE: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// 64 KiB, one pass: no protection against guessing. For tests and the demo, whose passphrases guard nothing.
    pub const fn light() -> Self {
        Self { memory_kib: 64, passes: 1, lanes: 1 }
    }

    /// Other costs.
    ///
    /// # Errors
    /// [`BadParams`].
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, BadParams> {
        let bounded = memory_kib <= 1024 * 1024 && passes >= 1 && passes <= 16 && lanes >= 1 && lanes <= 16;
        if bounded && memory_kib >= 8 * lanes {
            Ok(Self { memory_kib, passes, lanes })
        } else {
            Err(BadParams)
        }
    }

    pub(crate) const fn to_words(self) -> [u32; 3] {
        [self.memory_kib, self.passes, self.lanes]
    }

    /// Argon2id, version 0x13, 32 bytes.
    pub(crate) fn stretch(
        self,
        passphrase: &Passphrase,
        salt: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, BadParams> {
        let params =
            argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| BadParams)?;
        // Our own memory, so that it is wiped: it holds what the key follows from.
        let mut memory = Zeroizing::new(vec![argon2::Block::default(); params.block_count()]);
        let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut out = Zeroizing::new([0; 32]);
        argon
            .hash_password_into_with_memory(passphrase.as_bytes(), salt, &mut *out, memory.as_mut_slice())
            .map_err(|_| BadParams)?;
        Ok(out)
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::INTERACTIVE
    }
}

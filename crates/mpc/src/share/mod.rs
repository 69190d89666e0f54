//! What one party keeps of a key.

mod derive;
mod format;
mod secret;

use std::fmt;

use dkls23::protocols::Party as LibraryParty;
use dkls23::protocols::derivation::DerivData;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{AffinePoint, Secp256k1};
use zeroize::Zeroizing;

use crate::abort::Abort;
use crate::party::{Group, Party};

use derive::Children;
pub use derive::PathError;
pub use format::{ShareError, Suite, Version};
pub(crate) use secret::Secret;

/// One party's share of a key. Wiped when dropped, never printed, and not `Clone`: there is one copy in memory.
///
/// Signing changes nothing in it. Shares of different epochs do not sign together.
pub struct KeyShare {
    made_by: Version,
    epoch: u64,
    group: Group,
    me: Party,
    secret: Secret,
    children: Children,
}

impl KeyShare {
    const fn new(made_by: Version, epoch: u64, group: Group, me: Party, secret: Secret) -> Self {
        Self { made_by, epoch, group, me, secret, children: Children::new() }
    }

    /// The protocol and curve that the share is for.
    pub const fn suite(&self) -> Suite {
        Suite::Dkls23Secp256k1
    }

    /// The version of the library that made the share.
    pub const fn version(&self) -> Version {
        self.made_by
    }

    /// How many refreshes the key has seen: 0 from key generation, then one more each time.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whose share it is.
    pub const fn me(&self) -> Party {
        self.me
    }

    /// How many parties sign together (t).
    pub const fn threshold(&self) -> u8 {
        self.group.threshold()
    }

    /// How many parties hold a share (n).
    pub const fn parties(&self) -> u8 {
        self.group.parties()
    }

    /// The wallet's public key, SEC 1 compressed. The root of its BIP32 tree; nothing is ever paid to it directly.
    pub fn public_key(&self) -> [u8; 33] {
        compressed(&self.secret.public_key)
    }

    /// The wallet's BIP32 chain code.
    pub const fn chain_code(&self) -> [u8; 32] {
        self.secret.chain_code
    }

    /// The public key, SEC 1 compressed, at a BIP32 path of non-hardened steps from the wallet's key. An empty path is
    /// the wallet's key itself.
    ///
    /// # Errors
    /// A hardened step, more than 255 steps, or one of the 2⁻¹²⁷ indices that BIP32 leaves out.
    pub fn child_public_key(&self, path: &[u32]) -> Result<[u8; 33], PathError> {
        Ok(compressed(&self.derive(path)?.pk))
    }

    /// The share as bytes, to be sealed: see [`ShareError`] for what [`Self::from_bytes`] refuses.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        format::to_bytes(self)
    }

    /// Reads a share and checks that all its parts belong together.
    ///
    /// The bytes are not authenticated here: a vault that seals them is.
    ///
    /// # Errors
    /// See [`ShareError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ShareError> {
        format::from_bytes(bytes)
    }

    /// From a protocol's result; `points` are all parties' points times the generator, by index.
    pub(crate) fn from_library(
        library: LibraryParty<Secp256k1>,
        group: Group,
        me: Party,
        epoch: u64,
        points: Vec<AffinePoint>,
    ) -> Result<Self, Abort> {
        let secret = Secret::from_library(library, points);
        secret.check(group, me).map_err(Abort::retry)?;
        Ok(Self::new(Version::CURRENT, epoch, group, me, secret))
    }

    pub(crate) const fn group(&self) -> Group {
        self.group
    }

    pub(crate) const fn public_point(&self) -> &AffinePoint {
        &self.secret.public_key
    }

    /// All parties' points times the generator, by index.
    pub(crate) fn points(&self) -> &[AffinePoint] {
        &self.secret.points
    }

    /// Secret and public data of the key at a path.
    pub(crate) fn derive(&self, path: &[u32]) -> Result<DerivData<Secp256k1>, PathError> {
        self.children.derive(&self.secret, path)
    }

    /// The library's form of the share for a key below the wallet's, with the state for these peers only.
    pub(crate) fn library(&self, key: &DerivData<Secp256k1>, peers: &[Party]) -> LibraryParty<Secp256k1> {
        self.secret.library(self.group, self.me, key, peers)
    }

    /// The library's form of the share as a refresh needs it: it replaces all state about peers.
    pub(crate) fn library_without_peers(&self) -> LibraryParty<Secp256k1> {
        self.secret.library(self.group, self.me, &self.secret.root(), &[])
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyShare")
            .field("suite", &self.suite())
            .field("version", &self.made_by)
            .field("epoch", &self.epoch)
            .field("me", &self.me.index())
            .field("threshold", &self.threshold())
            .field("parties", &self.parties())
            .field("public_key", &hex::encode(self.public_key()))
            .finish_non_exhaustive()
    }
}

/// SEC 1 compressed.
pub(crate) fn compressed(point: &AffinePoint) -> [u8; 33] {
    point.to_sec1_point(true).as_bytes().try_into().expect("a public key is not the point at infinity")
}

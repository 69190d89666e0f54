//! The people and machines of a test deployment, and their keys.
//!
//! Their secrets are drawn at random for each deployment and sealed with a passphrase that lies beside them: enough for
//! a demo, worthless anywhere else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use payout::ids::PrincipalId;
use payout::key::SecretKey;
use seal::{KeyFile, PRIVATE, Params, Passphrase, write_atomically};

use super::DeploymentError;
use super::folder::Folder;
use crate::vendor::random;

/// The project that the vendor's published examples use.
pub const PROJECT: i64 = 1_382_528_827_416_576;
/// The API key of the vendor's published examples: a demo's only.
pub const API_KEY: &str = "f502a9ac9ca54327986f29c03b271491";
/// The wallet of the vendor's published examples.
pub const WALLET: i64 = 11_434_198_045_401_088;

/// The two admins.
pub const ADMINS: [&str; 2] = ["ada", "alan"];
/// Sees and applies, approves nothing.
pub const OPERATOR: &str = "olga";
/// May approve, but is in no group.
pub const OUTSIDER: &str = "otto";
/// The first step's group: one of them.
pub const TREASURY: [&str; 2] = ["tom", "tina"];
/// The second step's group: two of them.
pub const FINANCE: [&str; 3] = ["fay", "finn", "flo"];
/// The caller's own machine, which can sign its requests.
pub const SHOP: &str = "shop";

/// The passphrase of every key and vault here.
const PASSPHRASE: &str = "demo";

/// Everybody, with their secret keys.
#[derive(Debug)]
pub struct Cast {
    keys: BTreeMap<String, Arc<SecretKey>>,
}

impl Cast {
    /// Draws a key for everybody and writes the key files.
    pub(super) fn create(folder: &Folder) -> Result<Self, DeploymentError> {
        let passphrase = passphrase();
        let mut keys = BTreeMap::new();
        for name in names() {
            let key = SecretKey::from_seed(&random());
            write_key(&folder.key(name), name, &key, &passphrase)?;
            keys.insert(name.to_owned(), Arc::new(key));
        }
        write_atomically(&folder.passphrase(), PASSPHRASE.as_bytes(), PRIVATE)?;
        Ok(Self { keys })
    }

    /// Opens the key files of an existing deployment.
    pub(super) fn open(folder: &Folder) -> Result<Self, DeploymentError> {
        let mut keys = BTreeMap::new();
        for name in names() {
            let path = folder.key(name);
            let text = std::fs::read_to_string(&path).map_err(DeploymentError::file(&path))?;
            keys.insert(name.to_owned(), Arc::new(KeyFile::parse(&text)?.open(&passphrase())?));
        }
        Ok(Self { keys })
    }

    /// Somebody's secret key.
    ///
    /// # Panics
    /// For a name that is not in this module.
    pub fn key(&self, name: &str) -> Arc<SecretKey> {
        self.keys.get(name).map(Arc::clone).unwrap_or_else(|| panic!("{name} is not in the cast"))
    }

    /// `people.toml`.
    pub(super) fn people_toml(&self) -> String {
        let mut text = String::from("admin_quorum = 2\nbook = { group = \"treasury\", quorum = 2 }\n");
        for name in names() {
            let (nature, roles) = match name {
                SHOP => ("machine", "caller"),
                OPERATOR => ("person", "operator"),
                name if ADMINS.contains(&name) => ("person", "admin"),
                _ => ("person", "approver"),
            };
            let projects = if name == SHOP { format!("[{PROJECT}]") } else { "[]".to_owned() };
            let key = self.key(name).public();
            write!(
                text,
                "\n[[principal]]\nid = \"{name}\"\nnature = \"{nature}\"\nroles = [\"{roles}\"]\n\
                 keys = [\"{key}\"]\nprojects = {projects}\n"
            )
            .expect("a string takes all text");
        }
        write!(text, "\n[groups]\ntreasury = {TREASURY:?}\nfinance = {FINANCE:?}\n")
            .expect("a string takes all text");
        text
    }
}

/// The passphrase of every key and vault here.
pub(super) fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).expect("it is not empty")
}

/// Writes the passphrase into a file for a process.
pub(super) fn write_passphrase(path: &std::path::Path) -> Result<(), DeploymentError> {
    Ok(write_atomically(path, PASSPHRASE.as_bytes(), PRIVATE)?)
}

/// Seals a key for `name` into a file.
pub(super) fn write_key(
    path: &std::path::Path,
    name: &str,
    key: &SecretKey,
    passphrase: &Passphrase,
) -> Result<(), DeploymentError> {
    let file = KeyFile::create(principal(name), key, passphrase, Params::light())?;
    Ok(write_atomically(path, file.to_text().as_bytes(), PRIVATE)?)
}

/// A name of this module as a principal's.
///
/// # Panics
/// For a text that is no principal's name.
pub fn principal(name: &str) -> PrincipalId {
    name.parse().expect("names here are lower-case letters")
}

fn names() -> impl Iterator<Item = &'static str> {
    ADMINS.into_iter().chain([OPERATOR, OUTSIDER]).chain(TREASURY).chain(FINANCE).chain([SHOP])
}

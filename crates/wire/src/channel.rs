//! The channel: TLS 1.3 with raw Ed25519 public keys (RFC 7250) on both sides, each pinned by the other.
//!
//! There is no certificate, no authority and no name: a key is on the list or it is not. No resumption and no early
//! data, so each connection proves both keys anew and nothing in it can be replayed.

use std::sync::{Arc, LazyLock};

use payout::key::{PublicKey, SecretKey};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, CommonState, OtherError, ServerConfig,
    SignatureAlgorithm, SignatureScheme,
};

mod pin;

use pin::Pins;

/// The application protocol between co-signer and gateway.
pub const ALPN: &[u8] = b"bursar/1";

/// What precedes an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why there is no channel.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChannelError {
    /// The peer proved a key that is not pinned here.
    #[error("the peer's key is {found}, but only {} may connect here", list(pinned))]
    NotPinned {
        /// What it proved.
        found: PublicKey,
        /// What would be accepted.
        pinned: Vec<PublicKey>,
    },
    /// The peer's key is no Ed25519 key.
    #[error("the peer's key is not an Ed25519 public key")]
    NotEd25519,
    /// The peer does not accept our key.
    #[error("the peer does not accept our key: it is not on its roster, or it expects another party here")]
    RefusedByPeer,
    /// The peer speaks something else.
    #[error("the peer does not speak this protocol")]
    OtherProtocol,
    /// The handshake is not over.
    #[error("the handshake is not complete")]
    Incomplete,
    /// Anything else that TLS says.
    #[error("TLS: {0}")]
    Tls(#[source] rustls::Error),
}

fn list(keys: &[PublicKey]) -> String {
    keys.iter().map(PublicKey::to_string).collect::<Vec<_>>().join(" or ")
}

impl From<rustls::Error> for ChannelError {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(ref cause))) => {
                cause.downcast_ref::<Self>().cloned().unwrap_or(Self::Tls(error))
            }
            rustls::Error::AlertReceived(
                AlertDescription::CertificateUnknown | AlertDescription::AccessDenied,
            ) => Self::RefusedByPeer,
            rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => Self::OtherProtocol,
            other => Self::Tls(other),
        }
    }
}

/// A party's own key, ready for TLS. The secret stays in a type that is wiped when the last copy is dropped.
#[derive(Clone)]
pub struct Identity {
    public: PublicKey,
    certified: Arc<CertifiedKey>,
}

impl Identity {
    /// The public key.
    pub const fn public(&self) -> PublicKey {
        self.public
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.public)
    }
}

impl From<&SecretKey> for Identity {
    fn from(key: &SecretKey) -> Self {
        let public = key.public();
        let seed = zeroize::Zeroizing::new(key.to_seed());
        let signer = Arc::new(Ed25519(Arc::new(SecretKey::from_seed(&seed))));
        // A raw public key travels where a certificate would (RFC 7250, section 3).
        let entity = CertificateDer::from(spki(&public));
        Self { public, certified: Arc::new(CertifiedKey::new(vec![entity], signer)) }
    }
}

/// The gateway's side: accepts the co-signers whose keys are `allowed`, nobody else.
pub fn server_config(identity: &Identity, allowed: Vec<PublicKey>) -> Arc<ServerConfig> {
    server(identity, allowed, ALPN.to_vec())
}

/// The co-signer's side: connects to the gateway with this key, nobody else.
pub fn client_config(identity: &Identity, server: PublicKey) -> Arc<ClientConfig> {
    client(identity, server, ALPN.to_vec())
}

/// Who is at the other end.
///
/// # Errors
/// The handshake is not complete, or it agreed on no protocol: rustls lets a client that names none pass.
pub fn peer_key(connection: &CommonState) -> Result<PublicKey, ChannelError> {
    peer_key_under(connection, ALPN)
}

pub(crate) fn peer_key_under(connection: &CommonState, alpn: &[u8]) -> Result<PublicKey, ChannelError> {
    if connection.is_handshaking() {
        return Err(ChannelError::Incomplete);
    }
    if connection.alpn_protocol() != Some(alpn) {
        return Err(ChannelError::OtherProtocol);
    }
    match connection.peer_certificates() {
        Some([entity]) => key_of(entity),
        _ => Err(ChannelError::NotEd25519),
    }
}

pub(crate) fn server(identity: &Identity, allowed: Vec<PublicKey>, alpn: Vec<u8>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(PROVIDER.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has TLS 1.3 suites")
        .with_client_cert_verifier(Arc::new(Pins::new(allowed)))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(identity.certified.clone())));
    config.alpn_protocols = vec![alpn];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Arc::new(config)
}

pub(crate) fn client(identity: &Identity, server: PublicKey, alpn: Vec<u8>) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder_with_provider(PROVIDER.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has TLS 1.3 suites")
        .dangerous() // "dangerous" is any verifier of one's own; ours accepts one key
        .with_custom_certificate_verifier(Arc::new(Pins::new(vec![server])))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(
            identity.certified.clone(),
        )));
    config.alpn_protocols = vec![alpn];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false;
    Arc::new(config)
}

/// One key exchange, two ciphers, no signature algorithm of the provider's: [`Pins`] checks the one that we use.
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            ring::cipher_suite::TLS13_AES_256_GCM_SHA384,
            ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        kx_groups: vec![ring::kx_group::X25519],
        signature_verification_algorithms: WebPkiSupportedAlgorithms { all: &[], mapping: &[] },
        ..ring::default_provider()
    })
});

/// The SubjectPublicKeyInfo of a key.
fn spki(key: &PublicKey) -> Vec<u8> {
    [SPKI_PREFIX.as_slice(), key.as_bytes()].concat()
}

/// The key in a SubjectPublicKeyInfo, which has one DER encoding.
fn key_of(entity: &CertificateDer<'_>) -> Result<PublicKey, ChannelError> {
    let bytes = entity.strip_prefix(&SPKI_PREFIX).ok_or(ChannelError::NotEd25519)?;
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| ChannelError::NotEd25519)?;
    PublicKey::from_bytes(bytes).map_err(|_| ChannelError::NotEd25519)
}

/// Our key as rustls wants it. Not ring's own type: that one keeps a copy of the seed that is never wiped.
#[derive(Debug, Clone)]
struct Ed25519(Arc<SecretKey>);

impl SigningKey for Ed25519 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&SignatureScheme::ED25519).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(spki(&self.0.public()).into())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for Ed25519 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok(self.0.sign(message).as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

//! Who gets onto the channel, and what everybody else is told.

use crate::samples;

use std::io::{Read, Write};
use std::sync::Arc;

use payout::key::{PublicKey, SecretKey};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, ProtocolVersion,
    ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme,
};
use wire::channel::{ChannelError, Identity, client_config, peer_key, server_config};

const GATEWAY: u8 = 1;
const COSIGNER: u8 = 2;
const STRANGER: u8 = 3;

fn identity(seed: u8) -> Identity {
    Identity::from(&samples::key(seed))
}

fn public(seed: u8) -> PublicKey {
    samples::key(seed).public()
}

fn gateway() -> Arc<ServerConfig> {
    server_config(&identity(GATEWAY), vec![public(COSIGNER), public(9)])
}

/// Runs the handshake in memory; what each side says at its end.
fn shake(
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
) -> (Result<(), Error>, Result<(), Error>, ClientConnection, ServerConnection) {
    let mut client = ClientConnection::new(client, ServerName::try_from("gateway").unwrap()).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    let (mut client_says, mut server_says) = (Ok(()), Ok(()));
    for _ in 0..6 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        if server_says.is_ok() && !bytes.is_empty() {
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server_says = server.process_new_packets().map(|_| ());
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        if client_says.is_ok() && !bytes.is_empty() {
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client_says = client.process_new_packets().map(|_| ());
        }
    }
    (client_says, server_says, client, server)
}

#[test]
fn two_pinned_keys_meet_over_tls_1_3() {
    let config = client_config(&identity(COSIGNER), public(GATEWAY));
    let (client_says, server_says, mut client, mut server) = shake(config, gateway());
    assert_eq!((client_says, server_says), (Ok(()), Ok(())));
    assert_eq!(peer_key(&client), Ok(public(GATEWAY)));
    assert_eq!(peer_key(&server), Ok(public(COSIGNER)));
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    client.writer().write_all(b"hello").unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    server.read_tls(&mut bytes.as_slice()).unwrap();
    server.process_new_packets().unwrap();
    let mut plain = [0; 5];
    server.reader().read_exact(&mut plain).unwrap();
    assert_eq!(&plain, b"hello");
}

#[test]
fn a_gateway_with_another_key_is_refused_by_the_cosigner() {
    let server = server_config(&identity(STRANGER), vec![public(COSIGNER)]);
    let (client_says, server_says, client, _) =
        shake(client_config(&identity(COSIGNER), public(GATEWAY)), server);
    let error = ChannelError::from(client_says.unwrap_err());
    let expected = ChannelError::NotPinned { found: public(STRANGER), pinned: vec![public(GATEWAY)] };
    assert_eq!(error, expected);
    let text = error.to_string();
    assert!(
        text.contains(&public(STRANGER).to_string()) && text.contains(&public(GATEWAY).to_string()),
        "{text}"
    );
    assert_eq!(ChannelError::from(server_says.unwrap_err()), ChannelError::RefusedByPeer);
    assert_eq!(peer_key(&client), Err(ChannelError::Incomplete));
}

#[test]
fn a_cosigner_with_another_key_is_refused_by_the_gateway() {
    let (client_says, server_says, _, server) =
        shake(client_config(&identity(STRANGER), public(GATEWAY)), gateway());
    let expected =
        ChannelError::NotPinned { found: public(STRANGER), pinned: vec![public(COSIGNER), public(9)] };
    assert_eq!(ChannelError::from(server_says.unwrap_err()), expected);
    assert_eq!(ChannelError::from(client_says.unwrap_err()), ChannelError::RefusedByPeer);
    assert_eq!(peer_key(&server), Err(ChannelError::Incomplete));
}

#[test]
fn a_gateway_that_lets_nobody_in_lets_nobody_in() {
    let server = server_config(&identity(GATEWAY), Vec::new());
    let (_, server_says, ..) = shake(client_config(&identity(COSIGNER), public(GATEWAY)), server);
    assert!(server_says.is_err());
}

#[test]
fn no_session_is_ever_resumed() {
    let (client, server) = (client_config(&identity(COSIGNER), public(GATEWAY)), gateway());
    for _ in 0..2 {
        let (_, _, client, server) = shake(client.clone(), server.clone());
        assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(server.handshake_kind(), Some(rustls::HandshakeKind::Full));
        assert_eq!(client.tls13_tickets_received(), 0);
        assert!(!client.is_early_data_accepted());
    }
}

/// A client's first message of TLS 1.2: no extension that names a later version.
fn tls12_hello() -> Vec<u8> {
    let mut body = vec![3, 3]; // legacy version: TLS 1.2
    body.extend_from_slice(&[7; 32]); // random
    body.push(0); // no session id
    body.extend_from_slice(&[0, 2, 0xc0, 0x2b]); // ECDHE-ECDSA with AES-128-GCM
    body.extend_from_slice(&[1, 0]); // no compression
    let extensions = [
        [0, 10, 0, 4, 0, 2, 0, 29].as_slice(), // groups: x25519
        &[0, 11, 0, 2, 1, 0],                  // point formats: uncompressed
        &[0, 13, 0, 4, 0, 2, 8, 7],            // signature schemes: ed25519
    ]
    .concat();
    body.extend_from_slice(&u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend_from_slice(&extensions);
    record(1, &body)
}

/// A server's answer in TLS 1.2.
fn tls12_server_hello() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend_from_slice(&[7; 32]);
    body.push(0);
    body.extend_from_slice(&[0xc0, 0x2b, 0]);
    record(2, &body)
}

fn record(message: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap();
    let handshake = [&[message, 0], length.to_be_bytes().as_slice(), body].concat();
    let length = u16::try_from(handshake.len()).unwrap();
    [&[22, 3, 3], length.to_be_bytes().as_slice(), &handshake].concat()
}

#[test]
fn a_client_of_tls_1_2_is_refused() {
    let mut server = ServerConnection::new(gateway()).unwrap();
    server.read_tls(&mut tls12_hello().as_slice()).unwrap();
    let error = server.process_new_packets().unwrap_err();
    assert!(matches!(error, Error::PeerIncompatible(_)), "{error:?}");
    let mut alert = Vec::new();
    server.write_tls(&mut alert).unwrap();
    assert_eq!(alert[alert.len() - 2..], [2, 70], "a fatal alert: protocol version");
}

#[test]
fn a_server_of_tls_1_2_is_refused() {
    let config = client_config(&identity(COSIGNER), public(GATEWAY));
    let mut client = ClientConnection::new(config, ServerName::try_from("gateway").unwrap()).unwrap();
    client.write_tls(&mut Vec::new()).unwrap();
    client.read_tls(&mut tls12_server_hello().as_slice()).unwrap();
    let error = client.process_new_packets().unwrap_err();
    assert!(matches!(error, Error::PeerIncompatible(_)), "{error:?}");
}

/// Believes every server: the attackers below care for no gateway's key.
#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Shows the public key of one and signs with the key of another.
#[derive(Debug)]
struct Impostor {
    shown: PublicKey,
    secret: u8,
}

impl Impostor {
    fn spki(&self) -> Vec<u8> {
        let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        [prefix.as_slice(), self.shown.as_bytes()].concat()
    }

    fn config(self) -> ClientConfig {
        let entity = CertificateDer::from(self.spki());
        let key = Arc::new(CertifiedKey::new(vec![entity], Arc::new(self)));
        builder().with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)))
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible))
}

impl SigningKey for Impostor {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self { shown: self.shown, secret: self.secret }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.spki().into())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for Impostor {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(SecretKey::from_seed(&[self.secret; 32]).sign(message).as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

#[test]
fn knowing_a_pinned_public_key_is_not_having_it() {
    let mut config = Impostor { shown: public(COSIGNER), secret: STRANGER }.config();
    config.alpn_protocols = vec![wire::channel::ALPN.to_vec()];
    let (_, server_says, ..) = shake(Arc::new(config), gateway());
    assert_eq!(server_says, Err(Error::InvalidCertificate(CertificateError::BadSignature)));
}

#[test]
fn a_client_that_proves_no_key_is_refused() {
    let mut config = builder().with_no_client_auth();
    config.alpn_protocols = vec![wire::channel::ALPN.to_vec()];
    let (_, server_says, ..) = shake(Arc::new(config), gateway());
    assert!(server_says.is_err());
}

#[test]
fn a_client_that_names_no_protocol_gets_nowhere() {
    // rustls completes such a handshake; the key must not be handed out.
    let config = Impostor { shown: public(COSIGNER), secret: COSIGNER }.config();
    let (_, server_says, _, server) = shake(Arc::new(config), gateway());
    assert_eq!(server_says, Ok(()));
    assert_eq!(peer_key(&server), Err(ChannelError::OtherProtocol));
}

#[test]
fn a_client_of_another_protocol_is_refused() {
    let mut config = Impostor { shown: public(COSIGNER), secret: COSIGNER }.config();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let (client_says, server_says, ..) = shake(Arc::new(config), gateway());
    assert_eq!(ChannelError::from(server_says.unwrap_err()), ChannelError::OtherProtocol);
    assert_eq!(ChannelError::from(client_says.unwrap_err()), ChannelError::OtherProtocol);
}

#[test]
fn an_identity_never_prints_its_secret() {
    let text = format!("{:?}", Identity::from(&SecretKey::from_seed(&[0x5a; 32])));
    assert!(text.starts_with("Identity(") && !text.contains("5a5a5a5a"), "{text}");
}

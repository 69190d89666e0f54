//! A hub with a roster, and co-signers without shares that behave as a test wants.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payout::ids::{Digest, WalletId};
use payout::intent::Intent;
use payout::key::{PublicKey, SecretKey};
use payout::life::StepQuorum;
use payout::policy::{Book, Environment, GatewaySeat, Genesis, People, Policy, Roster, Rules, Seat, Wallet};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wire::channel::{self, Identity};
use wire::connection::{Connection, ConnectionError, Limits, Writer};
use wire::message::{
    CeremonyNews, Check, Condition, Finality, FromCosigner, Label, NeverProof, PROTOCOL, Refusal,
    SignRequest, Standing, ToCosigner, WalletStanding,
};

use crate::hub::pace::Pace;
use crate::hub::{Asker, Hub, HubConfig, Opening, SignOrder, Signing};

/// Everything ten times as fast as in production.
pub(super) fn quick() -> Pace {
    let ms = Duration::from_millis;
    Pace {
        ping: ms(100),
        half_open: ms(2000),
        silence: ms(250),
        grace: ms(50),
        session: ms(1500),
        overall: ms(4000),
        suspicion: ms(3000),
        answer: ms(500),
        ..Pace::default()
    }
}

pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) policy: Policy,
    pub(super) gateway_key: PublicKey,
    threshold: u8,
}

pub(super) fn cosigner_key(index: u8) -> SecretKey {
    SecretKey::from_seed(&[index; 32])
}

pub(super) async fn dial(
    hub: &Hub,
    gateway: PublicKey,
    key: &SecretKey,
) -> Result<Connection<ToCosigner, FromCosigner>, ConnectionError> {
    let config = channel::client_config(&Identity::from(key), gateway);
    Connection::dial(&hub.local_addr().to_string(), config, Limits::default()).await
}

/// The same, with so little room in the socket that whoever does not read is noticed soon.
async fn deaf(
    hub: &Hub,
    gateway: PublicKey,
    key: &SecretKey,
) -> Result<Connection<ToCosigner, FromCosigner>, ConnectionError> {
    let config = channel::client_config(&Identity::from(key), gateway);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(hub.local_addr()).await.unwrap();
    Connection::connect(stream, config, Limits::default()).await
}

impl World {
    /// t of n, at [`quick`] pace.
    pub(super) async fn new(threshold: u8, count: u8) -> Self {
        Self::at(quick(), threshold, count).await
    }

    pub(super) async fn at(pace: Pace, threshold: u8, count: u8) -> Self {
        let gateway = SecretKey::from_seed(&[100; 32]);
        let seat = |index| Seat { index, name: format!("co-{index}"), key: cosigner_key(index).public() };
        let roster = Roster {
            threshold,
            cosigners: (1..=count).map(seat).collect(),
            gateways: vec![GatewaySeat { name: "gate".to_owned(), key: gateway.public() }],
        };
        roster.check().unwrap();
        let policy = Policy::from_genesis(&genesis(roster.clone()));
        let config = HubConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            identity: Identity::from(&gateway),
            gateway: "gate".to_owned(),
            roster,
            deployment: policy.deployment(),
            session_timeout: pace.session,
            sessions: 4,
        };
        let shared = Arc::new(policy.clone());
        let hub = Hub::start_at(pace, config, Arc::new(move || Arc::clone(&shared))).await.unwrap();
        Self { hub, policy, gateway_key: gateway.public(), threshold }
    }

    /// A co-signer that is there and behaves like this.
    pub(super) async fn cosigner(&self, index: u8, manner: Manner) -> StandIn {
        self.cosigner_with(manner, self.standing(index)).await
    }

    pub(super) async fn cosigner_with(&self, manner: Manner, standing: Standing) -> StandIn {
        StandIn::join(&self.hub, self.gateway_key, manner, standing).await
    }

    pub(super) async fn dial(
        &self,
        key: &SecretKey,
    ) -> Result<Connection<ToCosigner, FromCosigner>, ConnectionError> {
        dial(&self.hub, self.gateway_key, key).await
    }

    pub(super) fn standing(&self, index: u8) -> Standing {
        let wallet = self.wallet();
        Standing {
            protocol: PROTOCOL,
            index,
            software: "stand-in 0.1".to_owned(),
            heads: self.policy.heads(),
            journal_seq: 0,
            wallets: vec![WalletStanding {
                wallet: wallet.id,
                epoch: 1,
                public_key: wallet.public_key,
                chain_code: wallet.chain_code,
                fingerprint: wallet.fingerprint,
                tested: true,
            }],
            banned: Vec::new(),
            condition: Condition::Ready,
        }
    }

    pub(super) fn wallet(&self) -> Wallet {
        Wallet {
            id: WalletId::new(1).unwrap(),
            public_key: [2; 33],
            chain_code: [3; 32],
            threshold: self.threshold,
            share_count: 3,
            fingerprint: "aaaa".to_owned(),
            ceilings: Default::default(),
        }
    }

    pub(super) fn order(&self, intent: u8) -> SignOrder {
        SignOrder {
            intent: intent_digest(intent),
            wallet: self.wallet(),
            request: request(intent),
            doubted: Vec::new(),
        }
    }

    pub(super) async fn sign(&self, intent: u8) -> Signing<u8, &'static str> {
        self.hub.sign(self.order(intent), &Plain::default()).await
    }

    /// Waits until exactly these are connected.
    pub(super) async fn until_connected(&self, expected: &[u8]) {
        let mut changes = self.hub.subscribe();
        let reached = async {
            while self.hub.connected() != expected {
                changes.changed().await.unwrap();
            }
        };
        timeout(Duration::from_secs(5), reached).await.expect("the co-signers come and go");
    }
}

pub(super) fn intent_digest(intent: u8) -> Digest {
    Digest::from_bytes([intent; 32])
}

pub(super) fn request(intent: u8) -> SignRequest {
    SignRequest {
        intent: format!("intent {intent}"),
        acts: Vec::new(),
        caller: None,
        unsigned: vec![intent],
        target: None,
    }
}

pub(super) fn genesis(roster: Roster) -> Genesis {
    let rules = Rules {
        environment: Environment::Development,
        networks: Vec::new(),
        coins: Vec::new(),
        wallets: Vec::new(),
        fees: Vec::new(),
        approver: None,
        book_cooling_hours: 24,
        rules: Vec::new(),
    };
    let people = People {
        principals: Vec::new(),
        groups: Vec::new(),
        admin_quorum: 1,
        book: StepQuorum { group: "admins".parse().unwrap(), quorum: 1 },
    };
    Genesis {
        version: "1".to_owned(),
        name: "hub test".to_owned(),
        environment: Environment::Development,
        roster,
        rules,
        people,
        book: Book::default(),
    }
}

/// Takes every signature that begins with 1, and gives its second byte: who made it.
#[derive(Default)]
pub(super) struct Plain {
    pub(super) opened: Mutex<Vec<(Label, Vec<u8>)>>,
    pub(super) stop: Option<&'static str>,
}

impl Asker for Plain {
    type Made = u8;
    type Stop = &'static str;

    async fn opening(&self, opening: Opening<'_>) -> Result<(), &'static str> {
        self.opened.lock().unwrap().push((opening.session, opening.participants.to_vec()));
        self.stop.map_or(Ok(()), Err)
    }

    fn accept(&self, signature: &[u8; 65]) -> Result<u8, String> {
        if signature[0] == 1 { Ok(signature[1]) } else { Err("it is another key's".to_owned()) }
    }
}

/// How a stand-in behaves when it is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Says hello to the other participants over the relay; signs when all have said hello.
    Signs,
    /// The same, with this signature.
    SignsWith(Vec<u8>),
    /// Answers nothing, pings neither.
    Silent,
    /// Answers pings only.
    Idle,
    /// Breaks off.
    Aborts { culprit: Option<u8> },
    /// Refuses; with a *never* that this key signs, if one is given.
    Refuses { never_by: Option<u8> },
    /// Sends what is no signature of the key.
    Forges,
    /// Reads nothing at all.
    Deaf,
    /// Closes its connection when it is asked.
    Dies,
}

pub(crate) struct StandIn {
    pub(super) index: u8,
    /// All that the hub said, but pings.
    pub(super) heard: mpsc::UnboundedReceiver<ToCosigner>,
    pub(super) writer: Writer<FromCosigner>,
    task: JoinHandle<Option<ConnectionError>>,
}

impl StandIn {
    /// Comes to a hub, and waits until it is let in.
    pub(crate) async fn join(hub: &Hub, gateway: PublicKey, manner: Manner, standing: Standing) -> Self {
        let index = standing.index;
        let since = || hub.standings()[usize::from(index) - 1].presence.as_ref().map(|here| here.since);
        let before = since();
        let connection = match manner {
            Manner::Deaf => deaf(hub, gateway, &cosigner_key(index)).await.unwrap(),
            _ => dial(hub, gateway, &cosigner_key(index)).await.unwrap(),
        };
        let (log, heard) = mpsc::unbounded_channel();
        let writer = connection.writer.clone();
        let task = tokio::spawn(behave(index, manner, connection, log));
        let stand_in = Self { index, heard, writer, task };
        let mut changes = hub.subscribe();
        stand_in.say(FromCosigner::Hello(standing)).await;
        let here = async {
            while since().is_none() || since() == before {
                changes.changed().await.unwrap();
            }
        };
        timeout(Duration::from_secs(5), here).await.expect("the co-signer is let in");
        stand_in
    }

    pub(crate) async fn say(&self, message: FromCosigner) {
        self.writer.send(&message).await.unwrap();
    }

    /// The next message but pings and the welcome.
    pub(crate) async fn next(&mut self) -> ToCosigner {
        loop {
            let message = timeout(Duration::from_secs(5), self.heard.recv()).await.expect("a message comes");
            match message.expect("the connection lives") {
                ToCosigner::Welcome { .. } => {}
                message => return message,
            }
        }
    }

    /// Everything that was heard so far.
    pub(super) fn all(&mut self) -> Vec<ToCosigner> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }

    /// The participants of the sessions that were opened here so far.
    pub(crate) fn opened(&mut self) -> Vec<Vec<u8>> {
        let open = |message| match message {
            ToCosigner::Open { participants, .. } => Some(participants),
            _ => None,
        };
        self.all().into_iter().filter_map(open).collect()
    }

    /// Cuts the connection, as a killed process would.
    pub(super) fn kill(self) {
        self.task.abort();
    }

    /// Waits until the hub has ended the connection.
    pub(super) async fn ended(self) -> Option<ConnectionError> {
        let Self { writer, task, .. } = self;
        drop(writer);
        timeout(Duration::from_secs(10), task).await.expect("it ends").unwrap()
    }
}

async fn behave(
    index: u8,
    manner: Manner,
    connection: Connection<ToCosigner, FromCosigner>,
    log: mpsc::UnboundedSender<ToCosigner>,
) -> Option<ConnectionError> {
    let Connection { mut reader, writer, .. } = connection;
    if manner == Manner::Deaf {
        writer.closed().await;
        return None;
    }
    let mut greeted: BTreeSet<(Label, u8)> = BTreeSet::new();
    let mut open: Vec<(Label, BTreeSet<u8>)> = Vec::new();
    loop {
        let message = match reader.read().await {
            Ok(Some(message)) => message,
            Ok(None) => return None,
            Err(error) => return Some(error),
        };
        if let ToCosigner::Ping(number) = message {
            if manner != Manner::Silent {
                let _ = writer.send(&FromCosigner::Pong(number)).await;
            }
            continue;
        }
        let answers = match &message {
            ToCosigner::Open { .. } if manner == Manner::Dies => return None,
            ToCosigner::Open { session, participants, request } => {
                opened(index, &manner, (*session, participants, request), &mut open)
            }
            ToCosigner::Relay { peer, data, .. } => {
                if let Ok(label) = <[u8; 16]>::try_from(data.as_slice()) {
                    greeted.insert((Label::from_bytes(label), *peer));
                }
                Vec::new()
            }
            ToCosigner::Ceremony(ceremony) => vec![FromCosigner::Ceremony {
                ceremony: ceremony.ceremony,
                news: CeremonyNews::Stage("begun".to_owned()),
            }],
            _ => Vec::new(),
        };
        for answer in answers {
            let _ = writer.send(&answer).await;
        }
        open.retain(|(session, others)| {
            let ready = others.iter().all(|other| greeted.contains(&(*session, *other)));
            if ready {
                let signature = match &manner {
                    Manner::SignsWith(signature) => signature.clone(),
                    _ => [vec![1, index], vec![1; 63]].concat(),
                };
                let checks = vec!["rule".to_owned(), "bytes\u{1b}[31m".to_owned()];
                let _ = writer.try_send(&FromCosigner::Checked { session: *session, checks });
                let _ = writer.try_send(&FromCosigner::Signed { session: *session, signature });
            }
            !ready
        });
        let _ = log.send(message);
    }
}

fn opened(
    index: u8,
    manner: &Manner,
    (session, participants, request): (Label, &[u8], &SignRequest),
    open: &mut Vec<(Label, BTreeSet<u8>)>,
) -> Vec<FromCosigner> {
    match manner {
        Manner::Signs | Manner::SignsWith(_) => {
            let others: BTreeSet<u8> = participants.iter().copied().filter(|one| *one != index).collect();
            let data = session.as_bytes().to_vec();
            let hello = |peer: &u8| FromCosigner::Relay { peer: *peer, link: 7, data: data.clone() };
            let greetings = others.iter().map(hello).collect();
            open.push((session, others));
            greetings
        }
        Manner::Aborts { culprit } => {
            let why = "a round was wrong".to_owned();
            vec![FromCosigner::Aborted { session, why, culprit: *culprit }]
        }
        Manner::Refuses { never_by } => {
            let about = serde_json::from_str(&request.intent)
                .map_or(intent_digest(1), |intent: Intent| intent.digest());
            vec![FromCosigner::Refused { session, refusal: refusal_of(about, index, *never_by) }]
        }
        Manner::Forges => vec![FromCosigner::Signed { session, signature: vec![9; 65] }],
        Manner::Silent | Manner::Idle | Manner::Deaf | Manner::Dies => Vec::new(),
    }
}

/// A refusal of intent 1; a *never* in it is signed by the key of co-signer `never_by`.
pub(super) fn refusal(index: u8, never_by: Option<u8>) -> Refusal {
    refusal_of(intent_digest(1), index, never_by)
}

/// When stand-ins promise never to sign: one moment, so that what they say can be compared.
static PROMISED: std::sync::LazyLock<payout::time::Millis> = std::sync::LazyLock::new(crate::clock::now);

fn refusal_of(intent: Digest, index: u8, never_by: Option<u8>) -> Refusal {
    let reason = || "rejected by bob".to_owned();
    let never = |signer| NeverProof::sign(&cosigner_key(signer), index, intent, reason(), *PROMISED);
    Refusal {
        check: Check::Journal,
        finality: if never_by.is_some() { Finality::Never } else { Finality::Later },
        reason: "a stop is on record".to_owned(),
        never: never_by.map(never),
    }
}

//! A co-signer that remembers: it answers what it is asked about its journal, and nothing else.

use std::time::Duration;

use payout::ids::Digest;
use payout::key::SecretKey;
use payout::policy::SignedVersion;
use tokio::task::JoinHandle;
use wire::channel::{Identity, client_config};
use wire::connection::{Connection, Limits};
use wire::journal::{Body, Contribution};
use wire::message::{
    Condition, FromCosigner, PROTOCOL, Paper, Recollection, SignedEntry, Standing, ToCosigner,
};

use super::{Lost, Start, bytes};
use crate::clock;

/// What a co-signer remembers.
pub(super) struct Memory {
    index: u8,
    key: SecretKey,
    entries: Vec<SignedEntry>,
    papers: Vec<Paper>,
    versions: Vec<SignedVersion>,
    protocol: u16,
    condition: Condition,
}

impl Memory {
    /// Of a seat of the house, with an empty journal.
    pub(super) fn of(index: u8) -> Self {
        let key = SecretKey::from_seed(&[index; 32]);
        let (protocol, condition) = (PROTOCOL, Condition::Ready);
        Self {
            index,
            key,
            entries: Vec::new(),
            papers: Vec::new(),
            versions: Vec::new(),
            protocol,
            condition,
        }
    }

    /// It contributed to this payout.
    pub(super) fn with(mut self, lost: &Lost, signature: Option<&str>) -> Self {
        let entry = self.contribution(lost);
        let paper = Paper { entry: entry.seq, request: lost.request(), signature: signature.map(bytes) };
        self.papers.push(paper);
        self.entries.push(entry);
        self
    }

    /// The same, but it no longer keeps what for.
    pub(super) fn with_entry_only(mut self, lost: &Lost) -> Self {
        self.entries.push(self.contribution(lost));
        self
    }

    fn contribution(&self, lost: &Lost) -> SignedEntry {
        let facts = lost.facts();
        let seq = u64::try_from(self.entries.len()).unwrap() + 1;
        let session = Digest::of("test session", &[&seq.to_be_bytes()]);
        let body = Body::Contribution(Box::new(Contribution { facts, session })).to_bytes();
        SignedEntry::sign(&self.key, self.index, seq, Digest::from_bytes([9; 32]), clock::now(), body)
    }

    /// Its papers as somebody altered them.
    pub(super) fn altered(mut self, change: impl Fn(&mut Paper)) -> Self {
        self.papers.iter_mut().for_each(change);
        self
    }

    /// Its entries as somebody altered them.
    pub(super) fn forged(mut self, change: impl Fn(&mut SignedEntry)) -> Self {
        self.entries.iter_mut().for_each(change);
        self
    }

    /// It holds these policy versions besides.
    pub(super) fn with_policy(mut self, versions: Vec<SignedVersion>) -> Self {
        self.versions = versions;
        self
    }

    /// It was restored from a copy itself.
    pub(super) fn quarantined(mut self) -> Self {
        self.condition = Condition::Quarantined("restored from a backup".to_owned());
        self
    }

    /// It speaks an older protocol.
    pub(super) fn of_protocol(mut self, protocol: u16) -> Self {
        self.protocol = protocol;
        self
    }

    /// Connects. It goes when what this gives is aborted or dropped with the runtime.
    pub(super) async fn join(self, start: &Start) -> JoinHandle<()> {
        let gateway = &start.house.gateway;
        let server = gateway.genesis.roster.gateways[0].key;
        let config = client_config(&Identity::from(&self.key), server);
        let address = gateway.hub.local_addr().to_string();
        let connection: Connection<ToCosigner, FromCosigner> =
            Connection::dial(&address, config, Limits::default()).await.unwrap();
        let Connection { mut reader, writer, .. } = connection;
        let mut heads = gateway.policy().heads();
        for version in &self.versions {
            heads.people = payout::policy::Head { version: version.version, digest: version.digest() };
        }
        let index = self.index;
        let standing = Standing {
            protocol: self.protocol,
            index,
            software: "stand-in".to_owned(),
            heads,
            journal_seq: u64::try_from(self.entries.len()).unwrap(),
            wallets: Vec::new(),
            banned: Vec::new(),
            condition: self.condition.clone(),
        };
        writer.send(&FromCosigner::Hello(standing)).await.unwrap();
        let task = tokio::spawn(async move {
            while let Ok(Some(message)) = reader.read().await {
                let Some(answer) = self.answer(message) else { continue };
                let _ = writer.send(&answer).await;
            }
        });
        start.until("the co-signer is let in", async || gateway.hub.connected().contains(&index)).await;
        task
    }

    fn answer(&self, message: ToCosigner) -> Option<FromCosigner> {
        Some(match message {
            ToCosigner::Ping(number) => FromCosigner::Pong(number),
            ToCosigner::Recall { request, after } => {
                assert!(self.protocol >= 2, "an older one would not understand this");
                let newest = u64::try_from(self.entries.len()).unwrap();
                let contributions: Vec<SignedEntry> =
                    self.entries.iter().filter(|entry| entry.seq > after).take(1).cloned().collect();
                // One a page, so that pages are tried.
                let reached = contributions.last().map_or(newest, |entry| entry.seq);
                let recollection = Recollection { contributions, reached, newest };
                FromCosigner::Recalled { request, recollection }
            }
            ToCosigner::Papers { request, entries } => {
                let papers = self.papers.iter().filter(|paper| entries.contains(&paper.entry)).cloned();
                FromCosigner::Papers { request, papers: papers.collect() }
            }
            ToCosigner::Versions { request, .. } => {
                FromCosigner::Versions { request, versions: self.versions.clone() }
            }
            _ => return None,
        })
    }
}

/// A moment in which something could happen that must not.
pub(super) async fn moment() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

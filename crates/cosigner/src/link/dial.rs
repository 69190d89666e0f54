//! Dials one gateway for as long as the process runs: fast at first, then with growing pauses of up to two seconds.

use std::sync::Arc;
use std::time::Duration;

use payout::key::PublicKey;
use tokio::sync::watch;
use wire::channel::{self, Identity};
use wire::connection::{Connection, ConnectionError, Limits};
use wire::message::{FromCosigner, ToCosigner};

use super::pauses::Pauses;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How a conversation with a gateway ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialled {
    /// It had welcomed us: a next failure is a first one.
    Welcomed,
    /// It had not.
    Unwelcome,
}

/// Dials `address`, where the gateway with `key` is expected, until `stop` says so; `converse` holds each connection.
pub async fn dial<F>(
    (gateway, address, key): (&str, &str, PublicKey),
    identity: &Identity,
    mut stop: watch::Receiver<bool>,
    mut converse: impl FnMut(Connection<ToCosigner, FromCosigner>) -> F,
) where
    F: Future<Output = (Dialled, Result<(), ConnectionError>)>,
{
    let tls = channel::client_config(identity, key);
    let mut pauses = Pauses::up_to(LONGEST_PAUSE);
    let mut quiet = Quiet::default();
    loop {
        let attempt = async {
            match Connection::dial(address, Arc::clone(&tls), Limits::default()).await {
                Ok(connection) => converse(connection).await,
                Err(error) => (Dialled::Unwelcome, Err(error)),
            }
        };
        let (dialled, result) = tokio::select! {
            // The sender lives as long as the process; without one there is nothing to run for.
            _ = stop.wait_for(|stop| *stop) => return,
            outcome = attempt => outcome,
        };
        if dialled == Dialled::Welcomed {
            pauses.reset();
            quiet.reset();
        }
        if let Err(error) = result {
            quiet.log(gateway, address, &error);
        }
        let mut random = [0];
        // Without it the pause is the longest of its step.
        let _ = getrandom::fill(&mut random);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pauses.next(random[0])) => {}
        }
    }
}

/// Says a failure once and not at every try, while it stays the same.
#[derive(Default)]
struct Quiet(Option<String>);

impl Quiet {
    fn reset(&mut self) {
        self.0 = None;
    }

    fn log(&mut self, gateway: &str, address: &str, error: &ConnectionError) {
        let text = error.to_string();
        let error = error as &dyn std::error::Error;
        if self.0.as_ref() == Some(&text) {
            tracing::debug!(gateway, address, error, "still no connection to the gateway");
        } else {
            tracing::warn!(gateway, address, error, "no connection to the gateway; trying again");
            self.0 = Some(text);
        }
    }
}

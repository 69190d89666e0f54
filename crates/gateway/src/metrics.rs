//! Counters for `/metrics`, in the Prometheus text format.

use std::sync::Mutex;

use payout::life::Step;
use payout::request::Code;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What happened since the start.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<CodeLabel, Counter>,
    steps: Family<StepLabel, Counter>,
    callbacks: Family<OutcomeLabel, Counter>,
    sessions: Family<OutcomeLabel, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("bursar");
        let metrics = Self {
            registry: Mutex::default(),
            requests: Family::default(),
            steps: Family::default(),
            callbacks: Family::default(),
            sessions: Family::default(),
        };
        registry.register("requests", "Calls of the payout API, by code", metrics.requests.clone());
        registry.register("engine_steps", "Steps of the engine, by step and outcome", metrics.steps.clone());
        registry.register("callbacks", "Tries of callbacks, by outcome", metrics.callbacks.clone());
        registry.register("signing_sessions", "Signing sessions, by outcome", metrics.sessions.clone());
        Self { registry: Mutex::new(registry), ..metrics }
    }
}

impl Metrics {
    /// One call of the payout API was answered.
    pub fn request(&self, code: Code) {
        self.requests.get_or_create(&CodeLabel { code: code.as_str() }).inc();
    }

    /// One step of the engine was taken.
    pub fn step(&self, step: Step, outcome: &'static str) {
        self.steps.get_or_create(&StepLabel { step: step.as_str(), outcome }).inc();
    }

    /// One callback was tried.
    pub fn callback(&self, outcome: &'static str) {
        self.callbacks.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// One signing session ended.
    pub fn session(&self, outcome: &'static str) {
        self.sessions.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// All of it as text. Gauges that are read from the database are appended by the endpoint.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }
}

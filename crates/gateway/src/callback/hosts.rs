//! How many requests are under way at each receiver, so that a dead one delays nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Receivers with tries under way.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Mutex<HashMap<String, usize>>);

/// A place at a receiver; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    hosts: Arc<Hosts>,
    host: String,
}

impl Hosts {
    /// A place at the receiver of this URL, if it has one left.
    pub(crate) fn place(self: &Arc<Self>, url: &str, limit: usize) -> Option<Place> {
        let host = host_of(url);
        let mut taken = self.lock();
        let count = taken.entry(host.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Place { hosts: Arc::clone(self), host })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.hosts.lock();
        if let Some(count) = taken.get_mut(&self.host) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.host);
            }
        }
    }
}

/// Host and port; a URL that is none shares one place with its like.
fn host_of(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let host =
        url.as_ref().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    host.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_has_so_many_places_and_others_have_their_own() {
        let hosts = Arc::new(Hosts::default());
        let first = hosts.place("https://a.example/x", 2).unwrap();
        let _second = hosts.place("https://A.example:443/y", 2).unwrap();
        assert!(hosts.place("https://a.example/z", 2).is_none());
        assert!(hosts.place("https://b.example/z", 2).is_some());
        drop(first);
        assert!(hosts.place("https://a.example/z", 2).is_some());
        assert_eq!(hosts.lock().len(), 1, "receivers without tries are forgotten");
    }
}

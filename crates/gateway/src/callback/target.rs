//! Where a callback or a verification request may go.
//!
//! A URL comes from outside, so it could point into our own network. Literal addresses are looked at when the URL
//! arrives; names are looked at after resolution, by the resolver that the HTTP client itself uses, so that a name
//! cannot resolve to one address for the check and to another for the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use payout::policy::Environment;
use payout::request::check::CallbackUrl;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use store::ProjectSettings;
use url::{Host, Url};

/// How far a request of ours may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Private and loopback addresses too: the project says so and it is no production deployment.
    Private,
}

impl Reach {
    /// A project's reach in this deployment.
    pub fn of(settings: &ProjectSettings, environment: Environment) -> Self {
        match environment {
            Environment::Production => Self::Public,
            Environment::Development | Environment::Demo if settings.allow_private_callbacks => Self::Private,
            Environment::Development | Environment::Demo => Self::Public,
        }
    }
}

/// Whether a URL may be called at all, before its name is resolved.
///
/// # Errors
/// Why not, as the end of a sentence about the field.
pub fn allowed(url: &CallbackUrl, reach: Reach) -> Result<(), &'static str> {
    let parsed = Url::parse(url.as_str()).map_err(|_| "must be an absolute http(s) URL")?;
    let private = "must not point to a private address";
    match (reach, parsed.host()) {
        (_, None) => Err("must name a host"),
        (Reach::Private, Some(_)) => Ok(()),
        (Reach::Public, Some(Host::Ipv4(address))) if !is_public(address.into()) => Err(private),
        (Reach::Public, Some(Host::Ipv6(address))) if !is_public(address.into()) => Err(private),
        (Reach::Public, Some(Host::Domain(name))) if is_local_name(name) => Err(private),
        (Reach::Public, Some(_)) => Ok(()),
    }
}

/// RFC 6761 and what is usual inside a network: names that never are public.
fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or("");
    !name.contains('.')
        || ["localhost", "local", "internal", "home", "lan", "corp", "intranet"].contains(&last)
}

/// Whether an address is one of the public internet (IANA special-purpose registries).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, _, _) => true,           // this network, private, loopback
        (100, 64..=127, _) => true,             // shared address space (RFC 6598)
        (169, 254, _) => true,                  // link-local, cloud metadata
        (172, 16..=31, _) => true,              // private
        (192, 0, 0 | 2) => true,                // protocol assignments, documentation
        (192, 88, 99) => true,                  // 6to4 relays
        (192, 168, _) => true,                  // private
        (198, 18 | 19, _) => true,              // benchmarks
        (198, 51, 100) | (203, 0, 113) => true, // documentation
        (224..=255, _, _) => true,              // multicast, reserved, broadcast
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Only global unicast is ever public; 64:ff9b::/96 and 2002::/16 carry an IPv4 address.
    match segments {
        [0x2002, high, low, ..] => is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8, // protocol assignments, documentation
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The HTTP client's resolver: drops what the reach does not allow, after resolution.
#[derive(Debug, Clone, Copy)]
pub struct GuardedResolver(pub Reach);

/// A name that leads nowhere we may go.
#[derive(Debug, thiserror::Error)]
#[error("{name} resolves to private addresses only")]
struct PrivateOnly {
    name: String,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> =
                found.filter(|address| reach == Reach::Private || is_public(address.ip())).collect();
            if addresses.is_empty() {
                return Err(PrivateOnly { name: name.as_str().to_owned() }.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::request::check::callback_url;

    #[test]
    fn addresses_inside_a_network_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
            "2001:db8::1",
            "198.18.0.1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_url_into_the_house_is_refused_in_any_spelling() {
        for text in [
            "http://127.0.0.1/x",
            "http://127.1/x",
            "http://0x7f000001/x",
            "http://2130706433/x",
            "http://[::1]/x",
            "http://localhost:99/x",
            "http://LOCALHOST./x",
            "http://db/x",
            "http://metadata.internal/x",
            "http://192.168.2.29:9099/callback",
        ] {
            let url = callback_url(text).unwrap();
            assert!(allowed(&url, Reach::Public).is_err(), "{text}");
            assert!(allowed(&url, Reach::Private).is_ok(), "{text}");
        }
        assert!(allowed(&callback_url("https://your-domain.com/callback").unwrap(), Reach::Public).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_dropped_after_resolution() {
        let resolve = |reach| GuardedResolver(reach).resolve("localhost".parse().unwrap());
        assert!(resolve(Reach::Public).await.is_err());
        assert!(resolve(Reach::Private).await.is_ok());
    }
}

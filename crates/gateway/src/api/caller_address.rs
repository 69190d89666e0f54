//! The address that a request came from, which a project's IP list is held against (code E0001).

use std::net::IpAddr;

use ipnet::IpNet;

/// The caller's address: the peer's, or, where the peer is a trusted proxy, the nearest address in `X-Forwarded-For`
/// that is not itself a trusted proxy.
///
/// Read from the right: everything to the left of the last trusted hop was written by the caller and proves nothing.
/// An entry that is no address ends the walk at the proxy that sent it.
pub(super) fn of(peer: IpAddr, forwarded_for: &[&str], trusted: &[IpNet]) -> IpAddr {
    let trusts = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut caller = peer.to_canonical();
    let hops = forwarded_for.iter().rev().flat_map(|header| header.split(',').rev());
    for hop in hops {
        if !trusts(caller) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => caller = address.to_canonical(),
            Err(_) => break,
        }
    }
    caller
}

/// Whether the list admits the address. An empty list admits nobody: a project is opened on purpose.
pub(super) fn is_listed(caller: IpAddr, list: &[IpNet]) -> bool {
    list.iter().any(|net| net.contains(&caller))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn nets(list: &[&str]) -> Vec<IpNet> {
        list.iter().map(|text| crate::config::parse_network(text).unwrap()).collect()
    }

    #[test]
    fn a_forwarded_address_counts_only_behind_a_trusted_proxy() {
        let peer = address("203.0.113.9");
        assert_eq!(of(peer, &["10.0.0.1"], &[]), peer);
        assert_eq!(of(peer, &["198.51.100.7"], &nets(&["203.0.113.0/24"])), address("198.51.100.7"));
    }

    #[test]
    fn what_the_caller_wrote_to_the_left_proves_nothing() {
        let proxies = nets(&["10.0.0.0/8"]);
        let caller = of(address("10.0.0.1"), &["127.0.0.1, 198.51.100.7", "10.0.0.2"], &proxies);
        assert_eq!(caller, address("198.51.100.7"));
    }

    #[test]
    fn rubbish_in_the_header_stops_at_the_proxy() {
        let proxies = nets(&["10.0.0.0/8"]);
        assert_eq!(of(address("10.0.0.1"), &["unknown"], &proxies), address("10.0.0.1"));
        // A line that is no text arrives here empty: what stands before it is the caller's own invention.
        assert_eq!(of(address("10.0.0.1"), &["198.51.100.7", ""], &proxies), address("10.0.0.1"));
    }

    #[test]
    fn a_mapped_ipv4_address_is_the_ipv4_address() {
        assert!(is_listed(of(address("::ffff:127.0.0.1"), &[], &[]), &nets(&["127.0.0.1"])));
    }

    #[test]
    fn an_empty_list_admits_nobody() {
        assert!(!is_listed(address("127.0.0.1"), &[]));
        assert!(is_listed(address("10.1.2.3"), &nets(&["10.0.0.0/8"])));
        assert!(!is_listed(address("11.1.2.3"), &nets(&["10.0.0.0/8"])));
    }
}

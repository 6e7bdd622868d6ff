//! How many connections there may be from afar, in all and from one network, so that nobody there takes the places of all others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The places, taken and free.
#[derive(Clone, Debug)]
pub(super) struct Places {
    most: u32,
    most_per_address: u32,
    taken: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// One place; dropping it makes room for another.
#[derive(Debug)]
#[must_use]
pub(super) struct Place {
    taken: Arc<Mutex<HashMap<IpAddr, u32>>>,
    network: IpAddr,
}

impl Places {
    pub(super) fn new(most: u32, most_per_address: u32) -> Self {
        Places { most, most_per_address, taken: Arc::default() }
    }

    /// A place for a connection from there, if there is one.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let network = network(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let here = taken.get(&network).copied().unwrap_or_default();
        if here >= self.most_per_address || taken.values().sum::<u32>() >= self.most {
            return None;
        }
        taken.insert(network, here + 1);
        Some(Place { taken: self.taken.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.network) {
            Some(here) if *here > 1 => *here -= 1,
            _ => {
                taken.remove(&self.network);
            }
        }
    }
}

/// What counts as one address: of IPv6 the network of 64 bits, all of which one host has (RFC 4291 §2.5.4).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let upper = address.to_bits() >> 64 << 64;
            std::net::Ipv6Addr::from_bits(upper).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_network_takes_no_more_than_its_own_places() {
        let places = Places::new(3, 2);
        let first = places.take(address("2001:db8::1")).unwrap();
        let _second = places.take(address("2001:db8::2")).unwrap();
        assert!(places.take(address("2001:db8:0:0:ffff::3")).is_none(), "the same network of 64 bits");
        let _third = places.take(address("2001:db8:0:1::1")).unwrap();
        assert!(places.take(address("192.0.2.1")).is_none(), "three in all");
        drop(first);
        let _fourth = places.take(address("192.0.2.1")).unwrap();
        assert!(places.take(address("192.0.2.2")).is_none());
    }

    #[test]
    fn an_address_written_in_two_ways_is_one() {
        let places = Places::new(9, 1);
        let place = places.take(address("::ffff:192.0.2.1")).unwrap();
        assert!(places.take(address("192.0.2.1")).is_none());
        drop(place);
        assert!(places.taken.lock().unwrap().is_empty(), "who holds none is forgotten");
    }
}

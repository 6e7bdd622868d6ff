//! The Merkle tree of RFC 6962 §2.1 over the records.

use crate::Digest;

/// RFC 6962 §2.1: MTH({d}) = SHA-256(0x00 ‖ d).
pub fn leaf_hash(record: &[u8]) -> Digest {
    Digest::of_parts(&[&[0x00], record])
}

/// RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[0x01], left.as_bytes(), right.as_bytes()])
}

/// RFC 6962 §2.1: MTH({}) = SHA-256().
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// The root over the leaf hashes given in order.
pub fn root<I: IntoIterator<Item = Digest>>(leaves: I) -> Digest {
    leaves.into_iter().collect::<Frontier>().root()
}

/// The right edge of a tree: all that appending needs, at most 64 hashes whatever the size.
///
/// It holds the roots of the perfect subtrees that the tree falls into, widest first: one for each bit set in its
/// size. Collect it from the stored leaf hashes, or take it up again with [`Frontier::resume`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Digest>,
}

/// Why a stored frontier cannot be taken up.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("a tree of {size} leaves has {} subtree roots, not {given}", .size.count_ones())]
pub struct FrontierError {
    /// The size given.
    pub size: u64,
    /// How many hashes were given.
    pub given: usize,
}

impl FrontierError {
    /// The stable reason code.
    pub fn code(&self) -> &'static str {
        "journal-frontier-invalid"
    }
}

impl Frontier {
    /// Takes up a tree of `size` leaves from the roots of its perfect subtrees, widest first.
    ///
    /// # Errors
    /// [`FrontierError`] where their number does not fit the size.
    pub fn resume(size: u64, subtrees: Vec<Digest>) -> Result<Self, FrontierError> {
        if subtrees.len() as u64 == u64::from(size.count_ones()) {
            Ok(Self { size, subtrees })
        } else {
            Err(FrontierError { size, given: subtrees.len() })
        }
    }

    /// Appends a leaf. At most log2(size) nodes are hashed.
    pub fn push(&mut self, leaf: Digest) {
        let mut subtree = leaf;
        // Each bit that the increment carries over is a subtree that has found its right half.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                subtree = node_hash(&left, &subtree);
            }
        }
        self.subtrees.push(subtree);
        self.size += 1;
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, widest first.
    pub fn subtrees(&self) -> &[Digest] {
        &self.subtrees
    }

    /// The root hash of the tree as it is now.
    pub fn root(&self) -> Digest {
        let right_to_left = self.subtrees.iter().rev().copied();
        right_to_left.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

impl FromIterator<Digest> for Frontier {
    fn from_iter<I: IntoIterator<Item = Digest>>(leaves: I) -> Self {
        let mut frontier = Self::default();
        frontier.extend(leaves);
        frontier
    }
}

impl Extend<Digest> for Frontier {
    fn extend<I: IntoIterator<Item = Digest>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The leaves and roots that implementations of certificate transparency agree on.
    const KNOWN: [(&str, &str); 8] = [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        (
            "606162636465666768696a6b6c6d6e6f",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    /// RFC 6962 §2.1 as it is written: split at the largest power of two below n.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let split = 1 << (leaves.len() - 1).ilog2();
                node_hash(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    #[test]
    fn known_answers_at_every_size() {
        let mut frontier = Frontier::default();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(frontier.root().to_string(), empty);
        for (leaf, root) in KNOWN {
            frontier.push(leaf_hash(&hex::decode(leaf).unwrap()));
            assert_eq!(frontier.root().to_string(), root, "{} leaves", frontier.size());
        }
    }

    #[test]
    fn a_frontier_that_does_not_fit_its_size_is_refused() {
        let error = Frontier::resume(5, vec![Digest::of(b"")]).unwrap_err();
        assert_eq!((error.size, error.given, error.code()), (5, 1, "journal-frontier-invalid"));
        assert!(Frontier::resume(0, vec![]).is_ok());
    }

    proptest! {
        #[test]
        fn appending_gives_what_the_definition_gives(seeds in prop::collection::vec(any::<u8>(), 0..300)) {
            let leaves: Vec<Digest> = seeds.iter().map(|seed| leaf_hash(&[*seed])).collect();
            let mut frontier = Frontier::default();
            for (index, leaf) in leaves.iter().enumerate() {
                frontier.push(*leaf);
                prop_assert_eq!(frontier.root(), by_definition(&leaves[..=index]));
            }
            prop_assert_eq!(root(leaves.iter().copied()), by_definition(&leaves));
        }

        #[test]
        fn taking_up_again_changes_nothing(size in 0_usize..200, more in 0_usize..50) {
            let leaf = |index: usize| leaf_hash(&index.to_be_bytes());
            let first: Frontier = (0..size).map(leaf).collect();
            let mut resumed = Frontier::resume(first.size(), first.subtrees().to_vec()).unwrap();
            prop_assert_eq!(&resumed, &first);
            resumed.extend((size..size + more).map(leaf));
            prop_assert_eq!(resumed, (0..size + more).map(leaf).collect::<Frontier>());
        }
    }
}

//! The Merkle tree of [RFC 9162](https://www.rfc-editor.org/rfc/rfc9162#section-2.1) over SHA-256.
//!
//! A leaf is hashed with the prefix `0x00`, a node with `0x01`; the tree of *n* leaves is split at the largest
//! power of two below *n*. So one signed root stands for all records of an entry, and any one of them can be
//! shown with a path of at most 64 hashes.

use super::hash::Hash;

/// The longest path that is accepted: a tree has fewer than 2^64 leaves.
pub const MAX_PATH: usize = 64;

/// The hash of a leaf's bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Hash::of(&[&[0], bytes])
}

fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

/// Computes a root from leaves that come one by one, holding one hash per level.
#[derive(Clone, Debug, Default)]
pub struct MerkleBuilder {
    /// Roots of full subtrees, largest first; their sizes are the set bits of `count`.
    peaks: Vec<Hash>,
    count: u64,
}

impl MerkleBuilder {
    /// Appends a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        self.push_hash(leaf_hash(leaf));
    }

    /// Appends a leaf that is already hashed with [`leaf_hash`].
    pub fn push_hash(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut size = self.count;
        while size & 1 == 1 {
            let left = self.peaks.pop().expect("a set bit of the count has its peak");
            hash = node_hash(left, hash);
            size >>= 1;
        }
        self.peaks.push(hash);
        self.count += 1;
    }

    /// How many leaves were appended.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The root over the leaves so far; of no leaves, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return Hash::of(&[]) };
        peaks.fold(last, |right, left| node_hash(left, right))
    }
}

/// The hashes beside the way from a leaf to the root, leaf first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionPath {
    /// Position of the leaf, from 0.
    pub index: u64,
    /// Number of leaves in the tree.
    pub size: u64,
    /// The sibling hashes.
    pub hashes: Vec<Hash>,
}

/// The path of leaf `index` among `leaves` (already hashed with [`leaf_hash`]).
///
/// `None` when there is no such leaf.
pub fn inclusion_path(leaves: &[Hash], index: usize) -> Option<InclusionPath> {
    if index >= leaves.len() {
        return None;
    }
    let mut hashes = Vec::new();
    collect_path(leaves, index, &mut hashes);
    Some(InclusionPath { index: index as u64, size: leaves.len() as u64, hashes })
}

fn collect_path(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() == 1 {
        return;
    }
    let split = leaves.len().next_power_of_two() / 2;
    if index < split {
        collect_path(&leaves[..split], index, path);
        path.push(subtree_root(&leaves[split..]));
    } else {
        collect_path(&leaves[split..], index - split, path);
        path.push(subtree_root(&leaves[..split]));
    }
}

fn subtree_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            node_hash(subtree_root(left), subtree_root(right))
        }
    }
}

/// All hashes of a tree, for the paths of many of its leaves: twice the memory of the leaves.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    /// Leaves first; a hash without a sibling stands on the next level as it is.
    levels: Vec<Vec<Hash>>,
}

impl MerkleTree {
    /// The tree over these leaves (already hashed with [`leaf_hash`]).
    pub fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let pairs = last.chunks(2).map(|pair| match pair {
                [left, right] => node_hash(*left, *right),
                alone => alone[0],
            });
            let next = pairs.collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// The path of a leaf; `None` when there is no such leaf.
    pub fn path(&self, index: usize) -> Option<InclusionPath> {
        let size = self.levels[0].len();
        if index >= size {
            return None;
        }
        let beside = |(level, hashes): (usize, &Vec<Hash>)| hashes.get((index >> level) ^ 1).copied();
        let hashes = self.levels[..self.levels.len() - 1].iter().enumerate().filter_map(beside).collect();
        Some(InclusionPath { index: index as u64, size: size as u64, hashes })
    }
}

/// The root that a leaf and its path lead to ([RFC 9162, 2.1.3.2](https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2)).
///
/// `None` when the path cannot belong to a tree of that size.
pub fn root_from_path(leaf: Hash, path: &InclusionPath) -> Option<Hash> {
    if path.index >= path.size || path.hashes.len() > MAX_PATH {
        return None;
    }
    let (mut index, mut last) = (path.index, path.size - 1);
    let mut root = leaf;
    for sibling in &path.hashes {
        if last == 0 {
            return None;
        }
        if index & 1 == 1 || index == last {
            root = node_hash(*sibling, root);
            while index & 1 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(root, *sibling);
        }
        index >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: usize) -> Vec<Vec<u8>> {
        (0..n).map(|i| i.to_le_bytes()[..(i % 4 + 1)].to_vec()).collect()
    }

    fn build(leaves: &[Vec<u8>]) -> MerkleBuilder {
        let mut builder = MerkleBuilder::default();
        for leaf in leaves {
            builder.push(leaf);
        }
        builder
    }

    /// The well-known vectors of the certificate transparency test suite.
    #[test]
    fn roots_agree_with_the_published_vectors() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut builder = MerkleBuilder::default();
        assert_eq!(
            builder.root().to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (input, root) in inputs.iter().zip(roots) {
            builder.push(input);
            assert_eq!(builder.root().to_hex(), root);
        }
    }

    #[test]
    fn every_path_leads_to_the_root_and_to_no_other_leaf() {
        for n in 1..40 {
            let leaves = leaves(n);
            let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
            let root = build(&leaves).root();
            assert_eq!(MerkleTree::new(hashes.clone()).path(n), None);
            for i in 0..n {
                let path = inclusion_path(&hashes, i).unwrap();
                assert_eq!(MerkleTree::new(hashes.clone()).path(i).as_ref(), Some(&path), "leaf {i} of {n}");
                assert_eq!(root_from_path(hashes[i], &path), Some(root), "leaf {i} of {n}");
                let mut other = path.clone();
                other.index = (i as u64 + 1) % n as u64;
                if n > 1 {
                    assert_ne!(root_from_path(hashes[i], &other), Some(root), "leaf {i} of {n} moved");
                }
            }
        }
    }

    #[test]
    fn a_path_of_the_wrong_length_leads_nowhere() {
        let hashes: Vec<Hash> = leaves(7).iter().map(|leaf| leaf_hash(leaf)).collect();
        let mut path = inclusion_path(&hashes, 3).unwrap();
        path.hashes.pop();
        assert_eq!(root_from_path(hashes[3], &path), None);
        path.hashes.extend([Hash::ZERO; 2]);
        assert_eq!(root_from_path(hashes[3], &path), None);
    }
}

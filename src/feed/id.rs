//! The names of publishers, agreements, feeds and entries.

use std::fmt;

use super::codec::{BorrowDecode, Decode, Encode};
use crate::crypto::{Hash, PublicKey};

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Reads 64 hexadecimal digits.
            pub fn from_hex(text: &str) -> Option<Self> {
                Hash::from_hex(text).map(|hash| Self(hash.0))
            }

            /// All 64 hexadecimal digits.
            pub fn to_hex(self) -> String {
                Hash(self.0).to_hex()
            }

            /// The first eight hexadecimal digits, for people.
            pub fn short(self) -> String {
                Hash(self.0).short()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.short())
            }
        }
    };
}

hash_id! {
    /// A government (or observer): the SHA-256 of its national public key.
    PublisherId
}
hash_id! {
    /// An agreement: the SHA-256 of the text that its parties sign, or a built-in one.
    AgreementId
}
hash_id! {
    /// An entry: the SHA-256 of its header's signed message.
    EntryId
}

impl PublisherId {
    /// The publisher that a national key stands for.
    pub fn of(national_key: &PublicKey) -> Self {
        Self(Hash::of(&[&national_key.0]).0)
    }

    /// Eight groups of five digits to read over the phone: 128 bits of the id.
    pub fn fingerprint(self) -> String {
        let groups = self.0[..16].chunks_exact(2).map(|pair| {
            let number = u16::from_be_bytes([pair[0], pair[1]]);
            format!("{number:05}")
        });
        groups.collect::<Vec<_>>().join(" ")
    }
}

impl EntryId {
    /// The backlink of a feed's first entry.
    pub const NONE: Self = Self([0; 32]);
}

impl AgreementId {
    /// The built-in agreement that everyone is a party to.
    pub fn public() -> Self {
        Self(Hash::of(&[b"corridor/agreement/public/1"]).0)
    }

    /// The built-in agreement of which only this government's own nodes are party: its administration.
    pub fn house() -> Self {
        Self(Hash::of(&[b"corridor/agreement/house/1"]).0)
    }

    /// The built-in agreement of two partners that accepted each other's cards: proposals and signatures.
    pub fn correspondence(one: PublisherId, other: PublisherId) -> Self {
        let (low, high) = if one < other { (one, other) } else { (other, one) };
        Self(Hash::of(&[b"corridor/agreement/correspondence/1", &low.0, &high.0]).0)
    }
}

/// A feed: one publisher under one agreement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct FeedId {
    /// Who writes it.
    pub publisher: PublisherId,
    /// Under what it is written, and so who may read it.
    pub agreement: AgreementId,
}

impl FeedId {
    /// The feed of a publisher under an agreement.
    pub fn new(publisher: PublisherId, agreement: AgreementId) -> Self {
        Self { publisher, agreement }
    }
}

impl fmt::Debug for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{:?}", self.publisher, self.agreement)
    }
}

impl fmt::Display for FeedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.publisher.short(), self.agreement.short())
    }
}

/// An entry's place in its feed, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// The derive of `Decode` gives `BorrowDecode` too; named here so that the import is not a riddle.
const _: fn() = || {
    fn borrowable<T: for<'a> BorrowDecode<'a, ()>>() {}
    borrowable::<FeedId>();
};

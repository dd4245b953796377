//! The governments of a run: real keys, real cards, real entries.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use corridor::crypto::{Network, NodeSigner, PublicKey, SecretKey};
use corridor::feed::head::Place;
use corridor::feed::identity::CardBody;
use corridor::feed::{
    AgreementId, Card, EntryBuilder, EntryKind, FeedId, Keyring, Mandate, PublisherId, Purpose, SignedEntry,
    SignedStep,
};
use corridor::model::{Millis, Receipt, Record};
use zeroize::Zeroizing;

use super::random::Random;

/// The moment at which every run begins.
pub(crate) const START: Millis = Millis(1_700_000_000_000);
/// How many governments there can be in a run.
pub(crate) const MAX_PUBLISHERS: usize = 8;

/// A government with its node key.
pub(crate) struct Publisher {
    pub(crate) id: PublisherId,
    pub(crate) node: SecretKey,
}

impl Publisher {
    pub(crate) fn node_key(&self) -> PublicKey {
        self.node.public_key()
    }
}

/// All governments, who have all accepted each other's cards.
pub(crate) struct Cast {
    pub(crate) network: Network,
    pub(crate) publishers: Vec<Publisher>,
    pub(crate) keyring: Arc<Keyring>,
}

/// The cast is the same in all runs: making keys and cards is not what is tested.
pub(crate) fn cast() -> &'static Cast {
    static CAST: OnceLock<Cast> = OnceLock::new();
    CAST.get_or_init(|| {
        let network = Network::parse("training/sim").expect("a good name");
        let mut keyring = Keyring::default();
        let publishers = (0..MAX_PUBLISHERS as u8).map(|i| introduce(i, &network, &mut keyring)).collect();
        Cast { network, publishers, keyring: Arc::new(keyring) }
    })
}

fn introduce(i: u8, network: &Network, keyring: &mut Keyring) -> Publisher {
    let key = |seed: u8| SecretKey::from_seed(&Zeroizing::new([seed; 32]));
    let (national, node) = (key(100 + i), key(1 + i));
    let term = (Millis(0), Millis(i64::MAX));
    let mandate = Mandate::new(national.public_key(), node.public_key(), &Purpose::ALL, term);
    let body = CardBody {
        country: format!("AA{}", char::from(b'A' + i)),
        names: vec![("en".to_owned(), format!("Government {i}"))],
        line: vec![SignedStep::first(&national, &key(200 + i).public_key(), Millis(0), network)],
        mandates: vec![mandate.sign(network, &national)],
        revocations: Vec::new(),
        addresses: vec!["/ip4/127.0.0.1/tcp/4001".to_owned()],
        issued_at: 0,
    };
    keyring.insert(Card::sign(body, network, &national).expect("a good card"));
    Publisher { id: PublisherId::of(&national.public_key()), node }
}

/// An entry with so many random receipts; 600 of them are more than one block.
pub(crate) fn entry(
    random: &mut Random,
    publisher: usize,
    place: &Place,
    time: Millis,
    records: usize,
) -> SignedEntry {
    let mut record = || {
        Record::Receipt(Receipt {
            publisher: random.bytes32(),
            agreement: random.bytes32(),
            seq: random.next(),
            entry: random.bytes32(),
            received_at: time,
        })
    };
    let records = (0..records).map(|_| record()).collect();
    let cast = cast();
    let builder = EntryBuilder::new(EntryKind::Receipt, records);
    builder.sign(place, time, &cast.network, &cast.publishers[publisher].node).expect("a good entry")
}

/// An agreement and its parties, by their number.
#[derive(Clone, Debug)]
pub(crate) struct Agreement {
    pub(crate) id: AgreementId,
    pub(crate) parties: BTreeSet<usize>,
}

/// Public, house, and a few random ones.
pub(crate) fn agreements(random: &mut Random, publishers: usize) -> Vec<Agreement> {
    let all: BTreeSet<usize> = (0..publishers).collect();
    let mut list = vec![Agreement { id: AgreementId::public(), parties: all }];
    for i in 0..1 + random.below(3) {
        let parties: BTreeSet<usize> = (0..publishers).filter(|_| random.chance(60)).collect();
        if parties.len() >= 2 {
            list.push(Agreement { id: AgreementId([i as u8 + 1; 32]), parties });
        }
    }
    list
}

/// What a partner may read of a node: agreements that both are party of. The house agreement is named too, as a
/// careless node might: it must not leave the house all the same.
pub(crate) fn grants(agreements: &[Agreement], one: usize, other: usize) -> BTreeSet<AgreementId> {
    let both =
        |agreement: &&Agreement| agreement.parties.contains(&one) && agreement.parties.contains(&other);
    let shared = agreements.iter().filter(both).map(|agreement| agreement.id);
    shared.chain([AgreementId::house()]).collect()
}

/// The feeds that a publisher writes.
pub(crate) fn feeds_of(agreements: &[Agreement], publisher: usize) -> Vec<FeedId> {
    let id = cast().publishers[publisher].id;
    let party = |agreement: &&Agreement| agreement.parties.contains(&publisher);
    let shared = agreements.iter().filter(party).map(|agreement| agreement.id);
    shared.chain([AgreementId::house()]).map(|agreement| FeedId::new(id, agreement)).collect()
}

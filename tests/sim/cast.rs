//! The governments of a run: real keys, real cards, real entries.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use corridor::crypto::{Drawn, Network, NodeSigner, PublicKey, SealingSecret, SecretKey, Suite};
use corridor::feed::head::Place;
use corridor::feed::identity::CardBody;
use corridor::feed::{
    AgreementId, Body, Card, EntryBuilder, EntryKind, FeedId, Mandate, PublisherId, Purpose, Sealer,
    SignedEntry, SignedStep,
};
use corridor::model::{Millis, Receipt, Record};
use zeroize::Zeroizing;

use super::random::Random;

/// The moment at which every run begins.
pub(crate) const START: Millis = Millis(1_700_000_000_000);
/// How many governments there can be in a run, the liar with them.
pub(crate) const MAX_PUBLISHERS: usize = 81;

/// A government with its keys.
pub(crate) struct Publisher {
    pub(crate) id: PublisherId,
    national: SecretKey,
    /// The key of its node, and the one that comes after it.
    nodes: [SecretKey; 2],
    /// A key whose mandate was over before the run began.
    pub(crate) expired: SecretKey,
    /// To what others seal for it.
    pub(crate) sealing: SealingSecret,
    /// From what the content keys of its own sealed entries follow.
    pub(crate) content: Zeroizing<[u8; 32]>,
    /// The card that it begins with.
    card: Card,
}

impl Publisher {
    /// The node's key, before or after the change of keys.
    pub(crate) fn node(&self, changed: bool) -> &SecretKey {
        &self.nodes[usize::from(changed)]
    }

    pub(crate) fn node_key(&self, changed: bool) -> PublicKey {
        self.node(changed).public_key()
    }

    /// The card with the first key alone.
    pub(crate) fn card(&self) -> &Card {
        &self.card
    }

    /// The later card, after the change of keys: the mandate of the first one ends at this time.
    pub(crate) fn later_card(&self, ended: Millis) -> Card {
        let (mut body, network) = (self.card.body().clone(), &cast().network);
        let terms = [(Millis(0), ended), (Millis(0), Millis(i64::MAX))];
        let mandates = self.nodes.iter().zip(terms).map(|(node, term)| self.mandate(node.public_key(), term));
        body.mandates = mandates.map(|mandate| mandate.sign(network, &self.national)).collect();
        body.issued_at += 1;
        Card::sign(body, network, &self.national).expect("a good card")
    }

    fn mandate(&self, node: PublicKey, term: (Millis, Millis)) -> Mandate {
        Mandate::new(self.national.public_key(), node, &Purpose::ALL, term)
    }
}

/// All governments.
pub(crate) struct Cast {
    pub(crate) network: Network,
    pub(crate) publishers: Vec<Publisher>,
}

/// The cast is the same in all runs: making keys and cards is not what is tested.
pub(crate) fn cast() -> &'static Cast {
    static CAST: OnceLock<Cast> = OnceLock::new();
    CAST.get_or_init(|| {
        let network = Network::parse("training/sim").expect("a good name");
        let publishers = (0..MAX_PUBLISHERS as u8).map(|i| introduce(i, &network)).collect();
        Cast { network, publishers }
    })
}

fn introduce(i: u8, network: &Network) -> Publisher {
    let seed = |use_of: u8| {
        let mut seed = [use_of; 32];
        seed[0] = i;
        Zeroizing::new(seed)
    };
    let key = |use_of: u8| SecretKey::from_seed(&seed(use_of));
    let (national, nodes, expired) = (key(1), [key(2), key(3)], key(4));
    let mandate = |node: &SecretKey, until| {
        let term = (Millis(0), until);
        let mandate = Mandate::new(national.public_key(), node.public_key(), &Purpose::ALL, term);
        mandate.sign(network, &national)
    };
    let letter = |number: u8| char::from(b'A' + number);
    let body = CardBody {
        country: format!("A{}{}", letter(i / 26), letter(i % 26)),
        names: vec![("en".to_owned(), format!("Government {i}"))],
        line: vec![SignedStep::first(&national, &key(5).public_key(), Millis(0), network)],
        // The world's clocks are wrong by days, not by years.
        mandates: vec![mandate(&nodes[0], Millis(i64::MAX)), mandate(&expired, Millis(START.0 / 2))],
        revocations: Vec::new(),
        addresses: vec!["/ip4/127.0.0.1/tcp/4001".to_owned()],
        issued_at: 0,
    };
    let card = Card::sign(body, network, &national).expect("a good card");
    let id = PublisherId::of(&national.public_key());
    let (sealing, content) = (SealingSecret::from_seed(Suite::X25519, seed(6)), seed(7));
    Publisher { id, national, nodes, expired, sealing, content, card }
}

/// An entry with so many random receipts; 600 of them are more than one block.
pub(crate) fn entry(
    random: &mut Random,
    signer: &SecretKey,
    place: &Place,
    time: Millis,
    records: usize,
) -> SignedEntry {
    let records = receipts(random, time, records);
    let builder = EntryBuilder::new(EntryKind::Receipt, records);
    builder.sign(place, time, &cast().network, signer).expect("a good entry")
}

/// The same as figures are released: it travels sealed too, to the keys of these governments.
pub(crate) fn sealed_entry(
    random: &mut Random,
    (publisher, recipients): (usize, &[usize]),
    signer: &SecretKey,
    place: &Place,
    (time, records): (Millis, usize),
) -> SignedEntry {
    let drawn = Drawn::new(Zeroizing::new(random.bytes32()));
    let recipients: Vec<_> =
        recipients.iter().map(|one| cast().publishers[*one].sealing.public().clone()).collect();
    let secret = &cast().publishers[publisher].content;
    let sealer = Sealer { recipients: &recipients, secret, drawn, embargo: None };
    let body = Body::of(receipts(random, time, records)).expect("good records");
    body.sign_sealed(sealer, (EntryKind::Release, time), place, (&cast().network, signer))
}

fn receipts(random: &mut Random, time: Millis, records: usize) -> Vec<Record> {
    let mut record = || {
        Record::Receipt(Receipt {
            publisher: random.bytes32(),
            agreement: random.bytes32(),
            seq: random.next(),
            entry: random.bytes32(),
            received_at: time,
        })
    };
    (0..records).map(|_| record()).collect()
}

/// An agreement and its parties, by their number, and from when it is in force.
#[derive(Clone, Debug)]
pub(crate) struct Agreement {
    pub(crate) id: AgreementId,
    pub(crate) parties: BTreeSet<usize>,
    pub(crate) from: Millis,
    /// Who carries what is sealed under it, and is no party.
    pub(crate) courier: Option<usize>,
}

impl Agreement {
    fn holds(&self, now: Millis, party: usize) -> bool {
        self.from <= now && self.parties.contains(&party)
    }

    pub(crate) fn carries(&self, now: Millis, one: usize) -> bool {
        self.from <= now && self.courier == Some(one)
    }
}

/// Public, and random ones: a few of many parties, some of two; most in force from the beginning, others later.
pub(crate) fn agreements(random: &mut Random, publishers: usize, trouble: i64) -> Vec<Agreement> {
    let all: BTreeSet<usize> = (0..publishers).collect();
    let mut list = vec![Agreement { id: AgreementId::public(), parties: all, from: START, courier: None }];
    let most = if publishers > 5 { 8 } else { 4 };
    for i in 0..1 + random.below(most) {
        let share = if publishers > 5 { [10, 25, 60][random.below(3)] } else { 60 };
        let parties: BTreeSet<usize> = (0..publishers).filter(|_| random.chance(share)).collect();
        let later = if random.chance(25) { random.between(1_000, trouble) } else { 0 };
        if parties.len() >= 2 {
            let id = AgreementId([i as u8 + 1; 32]);
            list.push(Agreement { id, parties, from: START.saturating_add(later), courier: None });
        }
    }
    list
}

/// What a partner may read of a node: agreements that both are party of, or that the node carries for it. The house agreement is named too, as a
/// careless node might: it must not leave the house all the same.
pub(crate) fn grants(
    agreements: &[Agreement],
    now: Millis,
    one: usize,
    other: usize,
) -> BTreeSet<AgreementId> {
    let gives = |agreement: &Agreement| agreement.holds(now, one) || agreement.carries(now, one);
    let both = |agreement: &&Agreement| gives(agreement) && agreement.holds(now, other);
    let shared = agreements.iter().filter(both).map(|agreement| agreement.id);
    shared.chain([AgreementId::house()]).collect()
}

/// The feeds that a publisher writes.
pub(crate) fn feeds_of(agreements: &[Agreement], now: Millis, publisher: usize) -> Vec<FeedId> {
    let id = cast().publishers[publisher].id;
    let shared = agreements.iter().filter(|agreement| agreement.holds(now, publisher));
    let shared = shared.map(|agreement| agreement.id);
    shared.chain([AgreementId::house()]).map(|agreement| FeedId::new(id, agreement)).collect()
}

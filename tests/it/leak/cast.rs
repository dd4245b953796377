//! Who plays: seven governments with their keys and cards, made once for all cases.

use std::sync::{Arc, LazyLock};

use corridor::crypto::{Network, NodeSigner, SecretKey};
use corridor::feed::identity::CardBody;
use corridor::feed::{Card, Mandate, PublisherId, Purpose, SignedStep};
use corridor::model::Millis;
use corridor::net::NodeId;

/// When every case begins: 2026-01-01.
pub(crate) const START: i64 = 1_767_225_600_000;
/// How many governments there are to choose from. The last one has no country: an observer.
pub(crate) const CAST: usize = 7;
/// The country of each.
pub(crate) const COUNTRIES: [&str; CAST] = ["CAN", "ESP", "IND", "MEX", "PHL", "SYR", ""];
/// A first-level part of each one's territory.
pub(crate) const PARTS: [&str; CAST] = ["CA-ON", "ES-MD", "IN-DL", "MX-JAL", "PH-00", "SY-DI", ""];

/// A government.
pub(crate) struct Government {
    pub(crate) card: Card,
    pub(crate) id: PublisherId,
    pub(crate) node: NodeId,
    pub(crate) key: Arc<SecretKey>,
}

/// All of them.
pub(crate) static GOVERNMENTS: LazyLock<Vec<Government>> =
    LazyLock::new(|| (0..CAST).map(government).collect());

fn government(at: usize) -> Government {
    let secret = |number: usize| SecretKey::from_seed(&[number as u8 + 1; 32].into());
    let (national, next, node) = (secret(at), secret(at + 100), secret(at + 200));
    let network = Network::main();
    let term = (Millis(START - 86_400_000), Millis(START + 1_000 * 86_400_000));
    let mandate = Mandate::new(national.public_key(), node.public_key(), &Purpose::ALL, term);
    let body = CardBody {
        country: COUNTRIES[at].to_owned(),
        names: vec![("en".to_owned(), format!("Government {at}"))],
        line: vec![SignedStep::first(&national, &next.public_key(), Millis(START), &network)],
        mandates: vec![mandate.sign(&network, &national)],
        revocations: Vec::new(),
        addresses: Vec::new(),
        issued_at: START,
    };
    let card = Card::sign(body, &network, &national).expect("a good card");
    Government { id: card.publisher(), node: NodeId(node.public_key().0), key: Arc::new(node), card }
}

/// The government with this id.
pub(crate) fn by_id(id: PublisherId) -> Option<usize> {
    GOVERNMENTS.iter().position(|one| one.id == id)
}

/// What it is called in traces.
pub(crate) fn name(at: usize) -> &'static str {
    if COUNTRIES[at].is_empty() { "OBS" } else { COUNTRIES[at] }
}

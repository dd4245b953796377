//! Cards and mandates: what is read is what was signed, and it allows what it says.

use super::*;
use crate::crypto::{Hash, NodeSigner};
use crate::feed::head::Place;
use crate::feed::testing::{FROM, Government, KEY, NOW, UNTIL, secret, series};
use crate::feed::{EntryKind, SignedHeader};

mod life;

fn body(government: &Government) -> CardBody {
    government.card.body().clone()
}

fn sign(government: &Government, body: CardBody) -> Result<Card, CardError> {
    Card::sign(body, &Network::main(), &government.national)
}

/// The text as its reader takes it: without byte order mark and white space at line ends.
fn as_read(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

#[test]
fn a_card_comes_back_from_its_text_and_its_bytes() {
    for country in ["PHL", ""] {
        let card = Government::new(country, 1).card;
        assert_eq!(Card::from_bytes(&card.to_bytes()).as_ref(), Ok(&card));
        let text = card.to_text();
        let mailed = format!("\u{feff}{}\r\n  \r\n", text.replace('\n', " \r\n"));
        for variant in [text.clone(), text.replace('\n', "\r\n"), mailed, text.trim_end().to_owned()] {
            assert_eq!(Card::from_text(&variant).as_ref(), Ok(&card), "{variant:?}");
        }
    }
}

#[test]
fn any_altered_byte_of_the_text_is_refused() {
    let text = Government::new("PHL", 1).card.to_text();
    let mut refused = 0;
    for at in 0..text.len() {
        for mask in [0x01, 0x02, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= mask;
            let Ok(bad) = String::from_utf8(bytes) else { continue };
            if as_read(&bad) != as_read(&text) {
                assert!(Card::from_text(&bad).is_err(), "byte {at}: {bad}");
                refused += 1;
            }
        }
    }
    assert!(refused > 2 * text.len());
    let card = text.as_str();
    for (name, bad) in [
        ("another name", card.replacen("Statistics of PHL", "Statistics of ESP", 1)),
        ("another country", card.replacen("country: PHL", "country: ESP", 1)),
        ("a line more", card.replacen("network:", "note: trust me\nnetwork:", 1)),
        ("another network", card.replacen("network: main", "network: training/a", 1)),
        ("text after the end", format!("{card}x\n")),
        ("nothing", String::new()),
    ] {
        assert!(Card::from_text(&bad).is_err(), "{name}");
    }
    assert_eq!(Card::from_text(&card.replacen("CARD 2", "CARD 1", 1)), Err(CardError::NotACard));
    let lied = card.replacen("country: PHL", "country: ESP", 1);
    assert_eq!(Card::from_text(&lied), Err(CardError::Readable));
}

#[test]
fn any_altered_byte_of_the_signed_form_is_refused() {
    let bytes = Government::new("PHL", 1).card.to_bytes();
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        assert!(Card::from_bytes(&bad).is_err(), "byte {at}");
        assert!(Card::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_card_with_a_foreign_or_forged_mandate_is_refused() {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let with = |mandate: SignedMandate| sign(&phl, CardBody { mandates: vec![mandate], ..body(&phl) });
    assert_eq!(with(body(&esp).mandates[0].clone()), Err(CardError::ForeignMandate));
    let ours =
        || Mandate::new(phl.national.public_key(), secret(9).public_key(), &Purpose::ALL, (FROM, UNTIL));
    let (main, training) = (Network::main(), Network::parse("training/demo").unwrap());
    assert!(with(ours().sign(&main, &phl.national)).is_ok());
    assert_eq!(with(ours().sign(&main, &esp.national)), Err(CardError::MandateSignature));
    assert_eq!(with(ours().sign(&main, &phl.node)), Err(CardError::MandateSignature));
    assert_eq!(with(ours().sign(&training, &phl.national)), Err(CardError::MandateSignature));
    let stolen = Card::sign(body(&phl), &main, &esp.national);
    assert_eq!(stolen, Err(CardError::Signature));
}

#[test]
fn a_card_keeps_the_rules_of_its_form() {
    let phl = Government::new("PHL", 1);
    let name = |lang: &str, text: &str| (lang.to_owned(), text.to_owned());
    let names = |names: Vec<(String, String)>| CardBody { names, ..body(&phl) };
    let country = |country: &str| CardBody { country: country.to_owned(), ..body(&phl) };
    let addresses = |addresses: Vec<String>| CardBody { addresses, ..body(&phl) };
    let cases = [
        ("two letters", country("PH"), Err(CardError::Country)),
        ("small letters", country("phl"), Err(CardError::Country)),
        ("an observer", country(""), Ok(())),
        ("no name", names(vec![]), Err(CardError::Names)),
        ("names unsorted", names(vec![name("fr", "a"), name("en", "b")]), Err(CardError::Names)),
        ("a language twice", names(vec![name("en", "a"), name("en", "b")]), Err(CardError::Names)),
        ("names sorted", names(vec![name("en", "a"), name("fr", "b")]), Ok(())),
        ("an empty name", names(vec![name("en", "")]), Err(CardError::Text)),
        ("a line break in a name", names(vec![name("en", "a\nnetwork: main")]), Err(CardError::Text)),
        ("a name that is not NFC", names(vec![name("en", "e\u{301}")]), Err(CardError::Text)),
        ("a name too long", names(vec![name("en", &"a".repeat(257))]), Err(CardError::Text)),
        ("too many addresses", addresses(vec!["/ip4/10.0.0.1".to_owned(); 33]), Err(CardError::TooMany)),
        ("no address", addresses(vec![]), Ok(())),
    ];
    for (case, body, expected) in cases {
        assert_eq!(sign(&phl, body).map(drop), expected, "{case}");
    }
}

#[test]
fn the_keyring_keeps_the_later_card() {
    let phl = Government::new("PHL", 1);
    let dated = |issued_at, address: &str| {
        let addresses = vec![address.to_owned()];
        sign(&phl, CardBody { issued_at, addresses, ..body(&phl) }).unwrap()
    };
    let mut keyring = Keyring::default();
    for (issued_at, address, taken, kept) in [
        (5, "/a", true, "/a"),
        (4, "/b", false, "/a"),
        (5, "/c", false, "/a"),
        (6, "/d", true, "/d"),
        (5, "/a", false, "/d"),
    ] {
        assert_eq!(keyring.insert(dated(issued_at, address)), taken, "{address}");
        assert_eq!(keyring.get(&phl.publisher()).unwrap().body().addresses, [kept]);
    }
    assert_eq!((keyring.cards().count(), keyring.by_country("PHL").is_some()), (1, true));
    assert!(keyring.remove(&phl.publisher()).is_some() && keyring.cards().count() == 0);
}

#[test]
fn a_mandate_allows_its_purposes_from_its_start_to_before_its_end() {
    let phl = Government::with_mandate("PHL", 1, &[Purpose::Release, Purpose::Transport], (FROM, UNTIL));
    let keyring = crate::feed::testing::keyring(&[&phl]);
    let signed = |kind, time| -> SignedHeader {
        phl.entry(kind, &Place::first(phl.feed()), time, vec![series(KEY, &[("2017", 1)])]).header().clone()
    };
    let (before, last) = (Millis(FROM.0 - 1), Millis(UNTIL.0 - 1));
    let times = [(before, false), (FROM, true), (NOW, true), (last, true), (UNTIL, false)];
    for (time, within) in times {
        assert_eq!(keyring.may_sign(signed(EntryKind::Release, time).header()), within, "{time}");
        assert!(!keyring.may_sign(signed(EntryKind::Receipt, time).header()), "{time}");
        assert_eq!(phl.card.nodes(time).count(), usize::from(within));
        let spoken = keyring.publisher_of(&phl.node.public_key(), time);
        assert_eq!(spoken, within.then(|| phl.publisher()));
        assert!(!phl.card.allows(&phl.node.public_key(), Purpose::Agreement, time));
        assert!(!phl.card.allows(&phl.national.public_key(), Purpose::Release, time));
    }
    let silent = Government::with_mandate("PHL", 1, &[Purpose::Release], (FROM, UNTIL));
    assert_eq!(silent.card.nodes(NOW).count(), 0);
}

#[test]
fn a_fingerprint_has_eight_groups_of_five_digits() {
    for seed in 1..50 {
        let fingerprint = PublisherId::of(&secret(seed).public_key()).fingerprint();
        let groups: Vec<&str> = fingerprint.split(' ').collect();
        let digits = |group: &&str| group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_digit());
        assert!(groups.len() == 8 && groups.iter().all(digits), "{fingerprint}");
    }
    assert_eq!(PublisherId([0; 32]).fingerprint(), ["00000"; 8].join(" "));
    assert_eq!(PublisherId([255; 32]).fingerprint(), ["65535"; 8].join(" "));
}

#[test]
fn a_card_announces_its_successor_and_picks_a_name() {
    let phl = Government::new("PHL", 1);
    assert!(phl.card.announces(&secret(101).public_key()));
    assert!(!phl.card.announces(&secret(102).public_key()));
    let names = vec![("en".to_owned(), "Office".to_owned()), ("tl".to_owned(), "Tanggapan".to_owned())];
    let card = sign(&phl, CardBody { names, ..body(&phl) }).unwrap();
    assert_eq!((card.name("tl"), card.name("fr"), card.country()), ("Tanggapan", "Office", "PHL"));
}

/// Keys that nobody can have made: of small order, written in another form, outside the group, not on the curve.
fn unsound_keys() -> [[u8; 32]; 4] {
    let small_order = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let mut other_form = [0xff; 32];
    (other_form[0], other_form[31]) = (0xed + 3, 0x7f);
    let mixed = Hash::from_hex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d");
    let mut nowhere = [0; 32];
    nowhere[0] = 2;
    [small_order, other_form, mixed.unwrap().0, nowhere]
}

/// Says that it has a key that nobody can have, and signs with another.
struct Pretender(PublicKey);

impl NodeSigner for Pretender {
    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign_message(&self, message: &[u8]) -> Signature {
        secret(9).sign_message(message)
    }
}

#[test]
fn a_key_that_nobody_can_have_made_is_on_no_card() {
    let government = Government::new("PHL", 1);
    for unsound in unsound_keys().map(PublicKey) {
        let node = Mandate::new(government.national.public_key(), unsound, &Purpose::ALL, (FROM, UNTIL));
        let body = CardBody {
            mandates: vec![node.sign(&Network::main(), &government.national)],
            ..government.card.body().clone()
        };
        let signed = Card::sign(body, &Network::main(), &government.national);
        assert_eq!(signed, Err(CardError::WeakKey), "{unsound:?} as a node's key");
        // Of a national key of small order anybody could sign the card.
        let pretender = Pretender(unsound);
        let line = vec![SignedStep::first(&pretender, &government.node.public_key(), FROM, &Network::main())];
        let body = CardBody { line, mandates: Vec::new(), ..government.card.body().clone() };
        let signed = Card::sign(body, &Network::main(), &pretender);
        assert_eq!(signed, Err(CardError::WeakKey), "{unsound:?} as a national key");
    }
}

#[test]
fn signatures_in_another_form_are_refused_on_headers_and_cards() {
    /// The order of the group, little-endian.
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = Hash::from_hex(ORDER).unwrap().0;
    let larger = |bytes: &mut [u8]| {
        let mut carry = 0;
        for (byte, add) in bytes.iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
    };
    let government = Government::new("PHL", 1);
    let entry = &government.chain(1)[0];
    // Both end with the signature.
    let (mut header, mut card) = (entry.header().to_bytes(), government.card.to_bytes());
    let from = header.len() - 32;
    larger(&mut header[from..]);
    assert!(SignedHeader::from_bytes(&Network::main(), &header).is_err());
    assert!(SignedHeader::from_bytes(&Network::main(), &entry.header().to_bytes()).is_ok());
    let from = card.len() - 32;
    larger(&mut card[from..]);
    assert_eq!(Card::from_bytes(&card), Err(CardError::Signature));
    // A header whose node has a key of small order, with the signature that would fit it.
    let mut weak = entry.header().header().clone();
    weak.node = PublicKey(unsound_keys()[0]);
    let mut identity = [0; 64];
    identity[0] = 1;
    let signature = Signature(identity);
    assert!(SignedHeader::verify(&Network::main(), &weak.to_bytes(), signature).is_err());
}

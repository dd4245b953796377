//! Golden vectors: the signed formats, byte for byte; and decoders under arbitrary bytes.
//!
//! `CORRIDOR_WRITE_VECTORS=1 cargo test --lib golden` writes the files in `tests/vectors` anew.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::block::{self, BlockReader};
use super::citation::Citation;
use super::head::Place;
use super::testing::{FROM, Government, KEY, NOW, UNTIL, document, frames, numbered_series, series};
use super::*;
use crate::crypto::{Hash, Network, NodeSigner, inclusion_path, merkle};
use crate::insight::region::{Builder, Edition, EditionHead, Member};
use crate::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Flags, Millis, ObsStatus, Observation, Period,
    Receipt, Record, Retraction, Series, SeriesKey,
};
use crate::policy::{
    Agreement, AgreementText, Consent, Counterparts, Crisis, CrisisClause, Detail, Erasure, Onward, Party,
    PurposeCode, Role, ScopeRule, SignedConsent, Span, Subnational, Term, Why,
};
use crate::view::{EntryRef, SeriesView, State, Version};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A series with everything that a series can have.
fn full_series() -> Record {
    let period = |text| Period::parse(text).unwrap();
    let said = [
        (AttributeId::UnitMult, "0"),
        (AttributeId::Decimals, "1"),
        (AttributeId::DefId, "PHL:BORN_ABROAD"),
        (AttributeId::SourceRef, "Censo de poblaci\u{f3}n 2020"),
    ];
    let noted = Attributes::new(Attachment::Observation, [(AttributeId::CommentObs, "preliminary")]).unwrap();
    let provisional = Flags { status: ObsStatus::Provisional, conf: ConfStatus::Free, revision: 1 };
    let observations = vec![
        Observation::reported(period("2017"), Decimal::parse("7965.0").unwrap()),
        Observation::new(period("2018"), Some(Decimal::from(-3)), provisional, noted).unwrap(),
        Observation::reported(period("2019"), Decimal::from(4)).suppressed(ConfStatus::SmallCounts),
    ];
    let attributes = Attributes::new(Attachment::Series, said).unwrap();
    Record::Series(Series::new(SeriesKey::parse(KEY).unwrap(), attributes, observations).unwrap())
}

fn retraction() -> Record {
    let periods = ["2017", "2018"].map(|text| Period::parse(text).unwrap());
    let key = SeriesKey::parse(KEY).unwrap();
    Record::Retraction(Retraction::new(key, periods.to_vec(), "wrong file").unwrap())
}

fn receipt() -> Record {
    let (publisher, agreement, entry) = ([1; 32], [2; 32], [3; 32]);
    Record::Receipt(Receipt { publisher, agreement, seq: 300, entry, received_at: NOW })
}

fn agreement_text(parties: &[&Government]) -> AgreementText {
    let mut ids: Vec<PublisherId> = parties.iter().map(|party| party.publisher()).collect();
    ids.sort();
    let party = |(publisher, role): (&PublisherId, Role)| Party { publisher: *publisher, role };
    AgreementText {
        title: "Exchange on persons born abroad".to_owned(),
        parties: ids.iter().zip([Role::Origin, Role::Destination]).map(party).collect(),
        scope: vec![ScopeRule {
            publishers: ids[..1].to_vec(),
            counterparts: Counterparts::Listed(vec!["ESP".to_owned(), "PHL".to_owned()]),
            sex: Detail::Totals,
            age: Detail::Listed(vec!["Y0T17".to_owned()]),
            breakdowns: false,
            subnational: Subnational::Admin1,
            span: Span { from: 0, until: NOW.0 },
            frequencies: vec!["A".to_owned()],
            ceiling: 2,
            ..ScopeRule::on(vec!["MS_*".to_owned(), "PHL:OFW".to_owned()])
        }],
        purpose: crate::policy::Purpose {
            code: PurposeCode::Plan,
            description: "schools and language courses".to_owned(),
        },
        onward: Onward::Nobody,
        retention: 15_552_000,
        disclosure_rule: "D11".to_owned(),
        crisis: Crisis::Plain(CrisisClause { signatures: 1, days: 30 }),
        term: Term { start: FROM.0, end: UNTIL.0 },
        quorum: 2,
        supersedes: Some(AgreementId([7; 32])),
        drafted_at: NOW.0,
    }
}

fn erasure(feed: FeedId, entry: EntryId) -> Erasure {
    let FeedId { publisher, agreement } = feed;
    let words = "the agreement is over".to_owned();
    Erasure { publisher, agreement, first: 0, last: 0, entry, why: Why::Retention, words, erased_at: NOW.0 }
}

/// The first edition of a regional profile, of which one member has reported.
fn edition(agreement: AgreementId, members: [&Government; 2], entry: EntryId) -> Edition {
    let member =
        |one: &Government| Member { country: one.card.country().to_owned(), publisher: one.publisher() };
    let Record::Series(said) = series(KEY, &[("2017", 12), ("2018", 15)]) else { panic!("a series") };
    let version = |one: &Observation| Version {
        period: one.period(),
        entry: EntryRef { seq: Seq(0), time: NOW, id: entry },
        state: State::Stated { value: one.value(), flags: one.flags(), attributes: Attributes::none() },
    };
    let publisher = members[0].publisher();
    let mut builder = Builder::new(agreement, members.map(member));
    builder.add(&SeriesView {
        key: said.key().clone(),
        feed: FeedId::new(publisher, agreement),
        attributes: said.attributes().clone(),
        versions: said.observations().iter().map(version).collect(),
    });
    let head = EditionHead { publisher, seq: 0, entry, closed: 0 };
    Edition::of(&builder.finish(), 1, vec![head], NOW).unwrap()
}

/// A card by the second national key, on which the node key is revoked.
fn late_card(phl: &Government) -> Card {
    let key = testing::secret;
    let (agreement, head) = (AgreementId::public(), EntryId([5; 32]));
    let stands = vec![Stand { agreement, vouched: 1, end: 300, held: 299, head }];
    let node = phl.node.public_key().0;
    let revocation = Revocation { node, at: NOW.0, reason: Reason::Compromised, stands };
    let card = NextCard::after(&phl.card, NOW).revoke(revocation);
    let card = card.mandate(key(50).public_key(), (FROM, UNTIL), &phl.national);
    let card = card.succeed(&key(101), &key(201).public_key()).unwrap();
    card.sign(&key(101)).unwrap()
}

/// Name and hexadecimal digits of everything that is signed or stored.
fn formats() -> BTreeMap<String, String> {
    let (phl, esp, network) = (Government::new("PHL", 1), Government::new("ESP", 3), Network::main());
    let records = vec![full_series(), document("note/1", b"hello".to_vec())];
    let entry = phl.release(&Place::first(phl.feed()), records);
    let place = Place::after(&HeadRef::from(entry.header()));
    let second = phl.entry(EntryKind::Retraction, &place, Millis(NOW.0 + 1), vec![retraction()]);
    let text = agreement_text(&[&phl, &esp]);
    let id = Agreement::new(text.clone(), &network).id();
    let said = (Consent::Agreed, NOW);
    let consent = SignedConsent::sign(id, esp.publisher(), said, &network, &esp.node);
    let mut found = BTreeMap::new();
    let mut put = |name: &str, bytes: &[u8]| found.insert(name.to_owned(), hex(bytes));
    put("record/series", &record::encode(&full_series()));
    put("record/retraction", &record::encode(&retraction()));
    put("record/document", &record::encode(&document("note/1", b"hello".to_vec())));
    put("record/receipt", &record::encode(&receipt()));
    put("publisher", &phl.publisher().0);
    put("agreement/public", &AgreementId::public().0);
    put("agreement/house", &AgreementId::house().0);
    put("agreement/correspondence", &AgreementId::correspondence(phl.publisher(), esp.publisher()).0);
    put("agreement/text", &text.to_bytes());
    put("agreement/id", &id.0);
    put("agreement/consent", &consent.to_bytes());
    put("agreement/erasure", &erasure(phl.feed(), entry.header().id()).to_bytes());
    put("agreement/edition", &edition(id, [&phl, &esp], entry.header().id()).to_bytes());
    let (one, other) = forked();
    let ids = (one.header().id(), other.header().id());
    let said = ("restored from an old backup", Millis(NOW.0 + 2));
    let resolution = Resolution::sign((phl.feed(), Seq(0)), ids, said, &network, &phl.national).unwrap();
    put("fork/resolution", &resolution.to_bytes());
    put("card", &phl.card.to_bytes());
    put("card/succeeded and revoked", &late_card(&phl).to_bytes());
    put("succession/0", &codec::encode(&late_card(&phl).body().line[0]));
    put("succession/1", &codec::encode(&late_card(&phl).body().line[1]));
    put("revocation", &codec::encode(&late_card(&phl).body().revocations[0]));
    put("mandate", &codec::encode(&phl.card.body().mandates[0]));
    for (name, entry) in [("entry/0", &entry), ("entry/1", &second)] {
        put(&format!("{name}/header"), entry.header().signed_bytes());
        put(&format!("{name}/id"), &entry.header().id().0);
        put(&format!("{name}/signature"), &entry.header().signature().0);
        for (at, frame) in frames(entry.frames()).iter().enumerate() {
            put(&format!("{name}/frame/{at}"), frame);
        }
    }
    found
}

fn citation() -> Citation {
    let phl = Government::new("PHL", 1);
    let mut records = vec![full_series(), numbered_series(1), numbered_series(2)];
    records.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let leaves: Vec<Hash> = records.iter().map(|one| merkle::leaf_hash(&record::encode(one))).collect();
    let index = records.iter().position(|one| *one == full_series()).unwrap();
    let entry = phl.release(&Place::first(phl.feed()), records);
    let path = inclusion_path(&leaves, index).unwrap();
    let period = Period::parse("2017").unwrap();
    let record = record::encode(&full_series());
    Citation::new(phl.card.clone(), entry.header().clone(), record, path, period).unwrap()
}

/// Two entries for one place.
fn forked() -> (SignedEntry, SignedEntry) {
    let phl = Government::new("PHL", 1);
    let entry = |text: &[u8]| phl.release(&Place::first(phl.feed()), vec![document("note/1", text.to_vec())]);
    (entry(b"one"), entry(b"another"))
}

fn fork_proof() -> ForkProof {
    let (phl, (one, other)) = (Government::new("PHL", 1), forked());
    let said = ("restored from an old backup", Millis(NOW.0 + 2));
    let ids = (one.header().id(), other.header().id());
    let resolution = Resolution::sign((phl.feed(), Seq(0)), ids, said, &Network::main(), &phl.national);
    let headers = (one.header().clone(), other.header().clone());
    ForkProof::new(phl.card, headers, resolution.ok()).unwrap()
}

/// A copy of two public feeds.
fn site() -> SiteManifest {
    let (phl, esp) = (Government::new("PHL", 1), Government::new("ESP", 3));
    let head = |one: &Government| {
        HeadRef::from(one.release(&Place::first(one.feed()), vec![full_series()]).header())
    };
    let files = SiteFiles { files: 12, bytes: 345_678, list: Hash([7; 32]) };
    SiteManifest::sign(phl.card.clone(), files, vec![head(&phl), head(&esp)], NOW, &phl.node).unwrap()
}

fn compare(name: &str, text: &str) {
    let path = vectors().join(name);
    if env::var_os("CORRIDOR_WRITE_VECTORS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    let line = golden.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(golden == text, "{} differs, first in line {:?}", path.display(), line.map(|at| at + 1));
}

#[test]
fn signed_formats_are_those_of_the_golden_vectors() {
    let text = serde_json::to_string_pretty(&serde_json::json!(formats())).unwrap();
    compare("formats.json", &format!("{text}\n"));
    compare("card.txt", &Government::new("PHL", 1).card.to_text());
    compare("citation.json", &citation().to_text());
    compare("fork.json", &fork_proof().to_text());
    compare("site.json", &site().to_text());
}

#[test]
fn golden_vectors_verify() {
    let read = |name: &str| fs::read_to_string(vectors().join(name)).unwrap();
    let card = Card::from_text(&read("card.txt")).unwrap();
    assert_eq!(card, Government::new("PHL", 1).card);
    assert_eq!(Citation::from_text(&read("citation.json")), Ok(citation()));
    assert_eq!(ForkProof::from_text(&read("fork.json")), Ok(fork_proof()));
    assert_eq!(SiteManifest::from_text(&read("site.json")), Ok(site()));
    let vectors: serde_json::Value = serde_json::from_str(&read("formats.json")).unwrap();
    let mut known = Keyring::default();
    known.insert(card);
    let mut assembler = Assembler::new(Network::main(), Place::first(Government::new("PHL", 1).feed()));
    for (name, digits) in vectors.as_object().unwrap().iter().filter(|(name, _)| name.contains("/frame/")) {
        let digits = digits.as_str().unwrap().as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let bytes: Vec<u8> = digits.chunks_exact(2).map(byte).collect();
        let taken = assembler.accept(&known, &Frame::read(&bytes).unwrap().unwrap());
        assert!(taken.is_ok(), "{name}: {taken:?}");
    }
    assert_eq!(assembler.place().seq, Seq(2));
}

/// The independent verifier agrees with us on what we write, and refuses what was altered.
#[test]
fn the_independent_verifier_accepts_the_golden_citation() {
    let python = env::var("CORRIDOR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify.py");
    let run = |arguments: &[&std::ffi::OsStr]| Command::new(&python).args(arguments).output();
    let probe = run(&["-c".as_ref(), "import cryptography".as_ref()]);
    if !probe.is_ok_and(|output| output.status.success()) {
        assert!(env::var("CI").as_deref() != Ok("true"), "{python} lacks the package cryptography");
        eprintln!("SKIP independent verifier: {python} lacks the package cryptography");
        return;
    }
    let verify = |path: &Path| {
        let output = run(&[script.as_os_str(), path.as_os_str()]).unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), said)
    };
    let (status, said) = verify(&vectors().join("citation.json"));
    assert_eq!((status, &said["valid"]), (Some(0), &true.into()), "{said}");
    let (status, said) = verify(&vectors().join("fork.json"));
    assert_eq!((status, &said["valid"]), (Some(0), &true.into()), "{said}");
    let directory = tempfile::tempdir().unwrap();
    let altered = directory.path().join("altered.json");
    fs::write(&altered, citation().to_text().replacen("7965.0", "7966.0", 1)).unwrap();
    let (status, said) = verify(&altered);
    assert_eq!((status, &said["valid"]), (Some(3), &false.into()), "{said}");
    let text = fork_proof().to_text();
    for at in (0..text.len()).step_by(37) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << (at % 7);
        fs::write(&altered, bytes).unwrap();
        let (status, said) = verify(&altered);
        assert_eq!((status, &said["valid"]), (Some(3), &false.into()), "byte {at}: {said}");
    }
}

/// Gives bytes to every decoder that meets a stranger's; each may refuse, none may panic.
fn decode_all(bytes: &[u8]) {
    let network = Network::main();
    let _ = record::decode(bytes);
    let _ = Header::from_bytes(bytes);
    let _ = SignedHeader::from_bytes(&network, bytes);
    let _ = SignedHeader::from_own_store(&network, bytes);
    let _ = Card::from_bytes(bytes);
    let _ = block::decode_rows(bytes);
    let _ = BlockReader::default().decode(bytes);
    let _ = Frame::read(bytes);
    let _ = AgreementText::from_bytes(bytes);
    let _ = SignedConsent::from_bytes(bytes);
    let _ = crate::view::Page::from_bytes(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = Card::from_text(&text);
    let _ = Citation::from_text(&text);
    let _ = ForkProof::from_text(&text);
    let _ = Resolution::from_bytes(bytes);
    let _ = Edition::from_bytes(bytes);
}

proptest! {
    #[test]
    fn decoders_never_panic_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        decode_all(&bytes);
    }

    #[test]
    fn decoders_never_panic_on_damaged_bytes(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let phl = Government::new("PHL", 1);
        let entry = phl.release(&Place::first(phl.feed()), vec![full_series(), series(KEY, &[("1990", 1)])]);
        let mut good = vec![
            record::encode(&full_series()),
            entry.header().to_bytes(),
            phl.card.to_bytes(),
            late_card(&phl).to_bytes(),
            phl.card.to_text().into_bytes(),
            agreement_text(&[&phl, &Government::new("ESP", 3)]).to_bytes(),
            citation().to_text().into_bytes(),
        ];
        good.extend(frames(entry.frames()).into_iter().map(|frame| frame[frame::HEADER_LEN..].to_vec()));
        let mut bytes = good.swap_remove(which.index(good.len()));
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        decode_all(&bytes);
    }
}

//! What is signed, and what is in it: headers, cards, mandates, frames, blocks, records, citations, bundles.

use corridor::crypto::{Context, MerkleBuilder, NodeSigner, PublicKey, inclusion_path};
use corridor::feed::assembler::Position;
use corridor::feed::block::{BlockInfo, BlockReader, MAX_PLAIN, encode_rows};
use corridor::feed::bundle::{self, Carried, Index, Manifest};
use corridor::feed::citation::Citation;
use corridor::feed::codec;
use corridor::feed::frame::{self, HEADER_LEN};
use corridor::feed::head::Place;
use corridor::feed::header::Content;
use corridor::feed::identity::CardBody;
use corridor::feed::{
    AgreementId, Assembler, Card, EntryKind, FeedId, Frame, FrameKind, Header, Keyring, Opened, Seq,
    SignedHeader, SignedMandate, record,
};
use corridor::model::{Period, Record};

use super::cast::{ESP, KEY, NOW, PHL, frames, keyring, network, records, series};

type Examples = Vec<(String, Vec<u8>)>;

fn named(name: &str, bytes: Vec<u8>) -> (String, Vec<u8>) {
    (name.to_owned(), bytes)
}

// -- headers

/// A signed header as it travels; and a header that a partner signs, whatever it says.
pub(super) fn header(bytes: &[u8]) -> bool {
    if let Ok(signed) = SignedHeader::from_bytes(&network(), bytes) {
        assert_eq!(signed.to_bytes(), bytes, "another form of a signed header is accepted");
        let message = Context::Entry.message(&network(), signed.signed_bytes());
        let node = signed.header().node;
        assert_eq!(node.verify_message(&message, signed.signature()), Ok(()), "accepted unverified");
        return true;
    }
    let Ok(header) = Header::from_bytes(bytes) else { return false };
    assert_eq!(header.to_bytes(), bytes, "another form of a header is accepted");
    let header = Header { node: PHL.node().public_key(), ..header };
    let signed = header.clone().sign(&network(), &PHL.node());
    let read = SignedHeader::from_bytes(&network(), &signed.to_bytes()).expect("what was signed verifies");
    assert_eq!(read.header(), &header);
    let _behind = Place::after(&(&read).into());
    let _allowed = keyring().may_sign(read.header());
    true
}

pub(super) fn header_examples() -> Examples {
    let mut all = Vec::new();
    for entry in PHL.entries() {
        let header = entry.header();
        all.push(named(&format!("signed-{}", header.header().seq), header.to_bytes()));
        all.push(named(&format!("unsigned-{}", header.header().seq), header.signed_bytes().to_vec()));
    }
    all
}

// -- cards and mandates

/// A card's bytes; and what a national key signs, whatever it says.
pub(super) fn card(bytes: &[u8]) -> bool {
    if let Ok(card) = Card::from_bytes(bytes) {
        assert_eq!(card.to_bytes(), bytes, "another form of a card is accepted");
        card_holds(&card);
        return true;
    }
    let Ok(body) = codec::decode::<CardBody>(bytes) else { return false };
    let body = CardBody { line: PHL.card_body().line, ..body };
    let Ok(card) = Card::sign(body, &network(), &PHL.national()) else { return false };
    card_holds(&card);
    true
}

fn card_holds(card: &Card) {
    let body = codec::encode(card.body());
    assert_eq!(codec::decode::<CardBody>(&body).as_ref(), Ok(card.body()));
    assert_eq!(Card::from_bytes(&card.to_bytes()).as_ref(), Ok(card));
    let text = card.to_text();
    assert_eq!(Card::from_text(&text).as_ref(), Ok(card), "a card cannot be read from its own text\n{text}");
    let mut keyring = Keyring::default();
    assert!(keyring.insert(card.clone()));
    let nodes: Vec<PublicKey> = card.nodes(NOW).collect();
    for node in nodes {
        assert_eq!(keyring.publisher_of(&node, NOW), Some(card.publisher()));
    }
    let _texts = (card.name("en").len(), card.country().len());
}

pub(super) fn card_examples() -> Examples {
    let observer = CardBody { country: String::new(), mandates: Vec::new(), ..ESP.card_body() };
    let observer = Card::sign(observer, &network(), &ESP.national()).expect("a good card");
    vec![
        named("government", PHL.card().to_bytes()),
        named("observer", observer.to_bytes()),
        named("unsigned", codec::encode(&PHL.card_body())),
    ]
}

/// A card's text file.
pub(super) fn card_text(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let Ok(card) = Card::from_text(text) else { return false };
    card_holds(&card);
    true
}

pub(super) fn card_text_examples() -> Examples {
    let text = PHL.card().to_text();
    vec![
        named("government", text.clone().into_bytes()),
        named("windows", text.replace('\n', "\r\n").into_bytes()),
        named("spain", ESP.card().to_text().into_bytes()),
    ]
}

/// A mandate on a card that its national key signs: what the card is taken with was signed too.
pub(super) fn mandate(bytes: &[u8]) -> bool {
    let Ok(mandate) = codec::decode::<SignedMandate>(bytes) else { return false };
    assert_eq!(codec::encode(&mandate), bytes, "another form of a mandate is accepted");
    let genuine = PHL.card_body().mandates.contains(&mandate);
    let body = CardBody { mandates: vec![mandate], ..PHL.card_body() };
    let card = Card::sign(body, &network(), &PHL.national());
    assert_eq!(card.is_ok(), genuine, "a mandate that the national key has not signed is on a card");
    genuine
}

pub(super) fn mandate_examples() -> Examples {
    let of = |body: CardBody| codec::encode(&body.mandates[0]);
    vec![named("genuine", of(PHL.card_body())), named("of-another", of(ESP.card_body()))]
}

// -- frames and entries

/// Frames as they come from a partner, from the beginning of its feed.
pub(super) fn frames_of_a_feed(bytes: &[u8]) -> bool {
    let keyring = keyring();
    let mut assembler = Assembler::new(network(), Place::first(PHL.feed()));
    let (mut rest, mut taken) = (bytes, 0);
    while let Ok(Some(frame)) = Frame::read(rest) {
        let mut again = Vec::new();
        frame::write(frame.kind, frame.body, &mut again);
        assert_eq!(again, frame.bytes, "another form of a frame is accepted");
        let before = assembler.position();
        match assembler.accept(&keyring, &frame) {
            Ok(verified) => {
                assert_eq!(verified.bytes(), frame.bytes);
                assert_eq!(verified.part(), before.part);
                let after = assembler.position();
                let next = if verified.completes() {
                    (before.seq.0 + 1, 0)
                } else {
                    (before.seq.0, before.part + 1)
                };
                assert_eq!((after.seq.0, after.part), next, "a position that does not follow");
                taken += 1;
            }
            Err(_) => {
                assert_eq!(assembler.position(), before, "a refused frame has changed something");
                break;
            }
        }
        rest = &rest[frame.bytes.len()..];
    }
    taken > 0
}

/// Puts the checksums of frames right.
pub(super) fn mend_frames(bytes: &mut Vec<u8>) {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes.as_slice());
    while let Some((head, body)) = rest.split_at_checked(HEADER_LEN) {
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let length = length.min(body.len());
        let kind = match head[8] % 8 {
            1 => FrameKind::Head,
            2 => FrameKind::Table,
            4 => FrameKind::Erased,
            _ => FrameKind::Block,
        };
        frame::write(kind, &body[..length], &mut out);
        rest = &body[length..];
    }
    *bytes = out;
}

pub(super) fn frames_examples() -> Examples {
    let entries = PHL.entries();
    let all: Vec<u8> = entries.iter().flat_map(|entry| entry.frames().to_vec()).collect();
    vec![named("first-entry", entries[0].frames().to_vec()), named("two-entries", all)]
}

/// Blocks that a partner has signed, whatever is in them: length-prefixed (u16) coded blocks. Each is listed as what it
/// decodes to, so that everything up to the records themselves holds.
pub(super) fn signed_entry(bytes: &[u8]) -> bool {
    let mut reader = BlockReader::default();
    let (mut rest, mut bodies, mut rows) = (bytes, Vec::new(), Vec::new());
    let mut merkle = MerkleBuilder::default();
    while let Some((length, body)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_le_bytes(*length)).min(body.len());
        let (body, behind) = body.split_at(length);
        rest = behind;
        let row = match reader.read(body) {
            Ok((plain, _)) => {
                plain.leaves().into_iter().for_each(|leaf| merkle.push_hash(leaf));
                plain.info()
            }
            Err(_) => BlockInfo::of(body, 1),
        };
        rows.push(row);
        bodies.push(body);
    }
    let table = encode_rows(&rows);
    let content = Content {
        record_count: merkle.count(),
        record_root: merkle.root(),
        payload_length: rows.iter().map(|row| u64::from(row.length)).sum(),
        payload_hash: corridor::crypto::Hash::of(&[&table]),
    };
    let place = Place::first(PHL.feed());
    let (feed, node) = (place.feed, PHL.node().public_key());
    let (seq, backlink, kind) = (place.seq, place.backlink, EntryKind::Release);
    let header = Header {
        feed,
        node,
        seq,
        backlink,
        time: NOW,
        kind,
        content,
        sealing: corridor::feed::Sealing::Open,
    };
    let mut frames = Vec::new();
    frame::write(FrameKind::Head, &header.sign(&network(), &PHL.node()).to_bytes(), &mut frames);
    frame::write(FrameKind::Table, &table, &mut frames);
    bodies.iter().for_each(|body| frame::write(FrameKind::Block, body, &mut frames));
    frames_of_a_feed(&frames);
    let mut assembler = Assembler::new(network(), place);
    let keyring = keyring();
    super::cast::frames(&frames)
        .iter()
        .any(|frame| assembler.accept(&keyring, frame).is_ok_and(|verified| verified.completes()))
}

pub(super) fn signed_entry_examples() -> Examples {
    let of = |at: usize| {
        let entries = PHL.entries();
        let blocks = frames(entries[at].frames()).into_iter().filter(|frame| frame.kind == FrameKind::Block);
        let prefixed = |body: &[u8]| [&(body.len() as u16).to_le_bytes()[..], body].concat();
        blocks.flat_map(|frame| prefixed(frame.body)).collect::<Vec<u8>>()
    };
    vec![named("one-record", of(0)), named("columns", of(1)), named("zstd", prefixed_zstd())]
}

fn prefixed_zstd() -> Vec<u8> {
    let body = zstd_block();
    [&(body.len() as u16).to_le_bytes()[..], &body].concat()
}

/// A block of a document that compresses.
fn zstd_block() -> Vec<u8> {
    use corridor::feed::block::{BlockCoder, OpenBlock};
    use corridor::model::{Document, DocumentKind, DocumentLabel};
    let label =
        DocumentLabel::new(DocumentKind::Comment, "long", "en", "Long", "text/plain").expect("a label");
    let document = Document::new(label, 0, 1, b"Long words. ".repeat(400)).expect("a document");
    let mut block = OpenBlock::default();
    block.push(&Record::Document(document)).expect("it fits");
    BlockCoder::default().code(&block).body
}

/// The body of a block's frame.
pub(super) fn block(bytes: &[u8]) -> bool {
    let mut reader = BlockReader::default();
    let plain = reader.decode(bytes);
    if let Ok(plain) = &plain {
        assert!(plain.len() <= MAX_PLAIN, "{} bytes from {}", plain.len(), bytes.len());
    }
    let Ok((block, records)) = reader.read(bytes) else { return false };
    assert_eq!(plain.as_deref(), Ok(block.bytes()), "two ways of reading differ");
    assert!(block.bytes().len() <= MAX_PLAIN, "{} bytes", block.bytes().len());
    assert_eq!(block.records().len(), records.len());
    for (bytes, one) in block.records().zip(&records) {
        assert_eq!(record::encode(one), bytes, "another form of a record is accepted");
    }
    let row = block.info();
    assert!(reader.open(bytes, &row).is_ok());
    let opened = Opened::of(bytes, &mut reader);
    assert_eq!(opened.is_ok(), !records.is_empty());
    true
}

pub(super) fn block_examples() -> Examples {
    let of = |at: usize| {
        let entries = PHL.entries();
        let found = frames(entries[at].frames()).into_iter().find(|frame| frame.kind == FrameKind::Block);
        found.map(|frame| frame.body.to_vec()).expect("an entry has a block")
    };
    let bomb = zstd_of(&vec![0; 1 << 20]);
    let columns_bomb = [&[2], &bomb[1..]].concat();
    vec![
        named("plain", of(0)),
        named("columns", of(1)),
        named("zstd", zstd_block()),
        named("bomb", bomb),
        named("bomb-of-columns", columns_bomb),
    ]
}

fn zstd_of(plain: &[u8]) -> Vec<u8> {
    let coded = zstd::bulk::compress(plain, 19).expect("zeros compress");
    [&[1], coded.as_slice()].concat()
}

/// The canonical bytes of columns under no compression: the fuzzer's changes reach them.
pub(super) fn columns(bytes: &[u8]) -> bool {
    let Ok((block, records)) = corridor::feed::columns::read(bytes) else { return false };
    assert!(block.bytes().len() <= MAX_PLAIN, "{} bytes from {}", block.bytes().len(), bytes.len());
    for (bytes, one) in block.records().zip(&records) {
        assert_eq!(record::encode(one), bytes, "another form of a record is accepted");
    }
    true
}

pub(super) fn columns_examples() -> Examples {
    let entries = PHL.entries();
    let frames = frames(entries[1].frames());
    let block = frames.iter().find(|frame| frame.kind == FrameKind::Block && frame.body[0] == 2);
    let coded = &block.expect("many series are columns").body[1..];
    let plain = zstd::bulk::decompress(coded, 1 << 20).expect("columns are compressed");
    let mut short = corridor::feed::columns::ColumnWriter::default();
    short.push(&series(KEY, &[("2017", 5), ("2018", -5)]));
    short.push(&series(&KEY.replace("ESP", "ITA"), &[("2017", 6), ("2018", 7)]));
    vec![named("many", plain), named("two", short.finish().expect("series have columns"))]
}

/// The canonical bytes of a record.
pub(super) fn record(bytes: &[u8]) -> bool {
    let Ok((one, used)) = record::decode_prefix(bytes) else { return false };
    assert_eq!(record::encode(&one), &bytes[..used], "another form of a record is accepted");
    let whole = record::decode(bytes);
    assert_eq!(whole.is_ok(), used == bytes.len());
    true
}

pub(super) fn record_examples() -> Examples {
    let names = ["series", "retraction", "document", "receipt"];
    names.iter().zip(records()).map(|(name, one)| named(name, record::encode(&one))).collect()
}

// -- evidence and bundles

/// The text of a citation.
pub(super) fn citation(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let Ok(citation) = Citation::from_text(text) else { return false };
    assert_eq!(citation.to_text(), text, "another form of a citation is accepted");
    assert!(citation.claim().is_object());
    true
}

pub(super) fn citation_examples() -> Examples {
    let cite = |at: usize, which: usize| {
        let entry = &PHL.entries()[at];
        let (mut records, mut leaves) = (Vec::new(), Vec::new());
        let mut reader = BlockReader::default();
        for frame in frames(entry.frames()).iter().filter(|frame| frame.kind == FrameKind::Block) {
            let (block, _) = reader.read(frame.body).expect("a good block");
            leaves.extend(block.leaves());
            records.extend(block.records().map(<[u8]>::to_vec));
        }
        let path = inclusion_path(&leaves, which).expect("a leaf");
        let period = Period::parse("2017").expect("a period");
        let cited =
            Citation::new(PHL.card(), entry.header().clone(), records.swap_remove(which), path, period);
        cited.expect("it proves what it says").to_text().into_bytes()
    };
    vec![named("only-record", cite(0, 0)), named("one-of-many", cite(1, 7))]
}

/// A bundle's file.
pub(super) fn bundle(bytes: &[u8]) -> bool {
    let Ok(index) = Index::read(bytes, &network(), &keyring()) else { return false };
    let manifest = index.manifest();
    let again = Manifest::verify(&manifest.to_bytes(), &network(), &keyring());
    assert_eq!(again.as_ref().ok(), Some(manifest));
    for carried in manifest.feeds() {
        let feed = carried.head.header().feed;
        let mut at = Position { seq: carried.from, part: 0 };
        loop {
            let (placed, next) = index.from(&feed, at, 1 << 20);
            for one in placed {
                let from = usize::try_from(one.offset).expect("a small file");
                let bytes = &bytes[from..from + one.length as usize];
                assert!(matches!(Frame::read(bytes), Ok(Some(frame)) if frame.bytes.len() == bytes.len()));
            }
            if placed.is_empty() {
                break;
            }
            assert!(next > at, "a bundle that does not go on");
            at = next;
        }
    }
    index.broken().is_none()
}

/// What a partner can sign as a manifest: of each feed its agreement (a byte), the place of the head and the first that is
/// carried (u64 each).
pub(super) fn manifest(bytes: &[u8]) -> bool {
    let entries = PHL.entries();
    let feeds = bytes.chunks_exact(17).map(|row| {
        let number = |at: usize| row[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        let feed = FeedId::new(PHL.id(), AgreementId([row[0]; 32]));
        let header = Header { feed, seq: Seq(number(1)), ..entries[0].header().header().clone() };
        Carried { head: header.sign(&network(), &PHL.node()), from: Seq(number(9)) }
    });
    let card = PHL.card();
    let manifest = Manifest::sign((&card, ESP.id()), NOW, feeds.take(64).collect(), &network(), &PHL.node());
    let file = [bundle::opening(&manifest).as_slice(), &bundle::closing()].concat();
    bundle(&file)
}

pub(super) fn manifest_examples() -> Examples {
    let row = |agreement: u8, seq: u64, from: u64| {
        [&[agreement][..], &seq.to_le_bytes(), &from.to_le_bytes()].concat()
    };
    vec![named("one-feed", row(1, 4, 0)), named("two-feeds", [row(1, 0, 1), row(2, 300, 7)].concat())]
}

pub(super) fn bundle_examples() -> Examples {
    let entries = PHL.entries();
    let head = entries[1].header().clone();
    let carried = vec![Carried { head, from: Seq(0) }];
    let manifest = Manifest::sign((&PHL.card(), ESP.id()), NOW, carried, &network(), &PHL.node());
    let mut file = bundle::opening(&manifest);
    for entry in entries {
        file.extend(bundle::section(0, entry.frames().len()));
        file.extend(entry.frames());
    }
    file.extend(bundle::closing());
    let empty = Manifest::sign((&PHL.card(), ESP.id()), NOW, Vec::new(), &network(), &PHL.node());
    let empty = [bundle::opening(&empty).as_slice(), &bundle::closing()].concat();
    vec![named("two-entries", file), named("empty", empty)]
}

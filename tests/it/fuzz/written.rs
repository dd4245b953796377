//! What people and governments write: agreements and what is said of them, tables, mappings, settings, keys, numbers.

use std::collections::BTreeSet;
use std::io::Read;

use corridor::config::Config;
use corridor::crypto::{Hash, Network};
use corridor::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq, record};
use corridor::insight::region::{Builder, Edition, EditionHead, Member};
use corridor::intake::{self, Finding, Mapping, Report, Rules, Severity, Wishes};
use corridor::model::{Attributes, Decimal, Flags, Millis, Period, Record, Series, SeriesKey, SeriesPattern};
use corridor::policy::agreement::{Agreement, Consent, SignedConsent};
use corridor::policy::{
    AgreementText, Book, Erasure, Onward, Party, Purpose, PurposeCode, Role, ScopeRule, Subject, Term, Why,
};
use corridor::view::{EntryRef, SeriesView, State, Version};

use super::cast::{ESP, KEY, NOW, PHL, keyring, network, series};

type Examples = Vec<(String, Vec<u8>)>;

fn named(name: &str, bytes: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.into())
}

// -- agreements

/// The text that governments sign; and what follows from one that both have signed.
pub(super) fn agreement(bytes: &[u8]) -> bool {
    let Ok(text) = AgreementText::from_bytes(bytes) else { return false };
    assert_eq!(text.to_bytes(), bytes, "another form of an agreement is accepted");
    let mut agreement = Agreement::new(text, &network());
    for one in [PHL, ESP] {
        let said = (Consent::Agreed, NOW);
        let word = SignedConsent::sign(agreement.id(), one.id(), said, &network(), &one.node());
        agreement.take(&word);
    }
    let id = agreement.id();
    let mut book = Book::new(PHL.id(), ["MS_FBORN".to_owned()].into());
    book.insert(agreement);
    let Record::Series(series) = series(KEY, &[("2017", 5)]) else { return false };
    let periods = [Period::parse("2017").expect("a period")];
    for now in [NOW, Millis(i64::MIN), Millis(i64::MAX), Millis(0)] {
        let readable = book.readable(ESP.id(), now);
        assert!(readable.contains(&AgreementId::public()));
        let Some(agreement) = book.get(&id) else { continue };
        let _standing = book.standing(agreement, now);
        let _erased = book.erase_at(agreement, ESP.id(), now);
        let _decided = book.decide(&id, &Subject::of(&series, &periods), &keyring(), now);
    }
    true
}

fn text() -> AgreementText {
    let mut parties: Vec<Party> =
        [PHL, ESP].map(|one| Party { publisher: one.id(), role: Role::Member }).to_vec();
    parties.sort_by_key(|party| party.publisher);
    AgreementText {
        title: "A corridor".to_owned(),
        quorum: 2,
        parties,
        scope: vec![ScopeRule::on(vec!["EF_REGEMI".to_owned(), "MS_*".to_owned()])],
        purpose: Purpose { code: PurposeCode::Stat, description: String::new() },
        onward: Onward::Nobody,
        retention: 1_000,
        disclosure_rule: String::new(),
        crisis: corridor::policy::Crisis::Nothing,
        term: Term { start: 1_600_000_000_000, end: 1_800_000_000_000 },
        supersedes: None,
        drafted_at: 1_600_000_000_000,
    }
}

pub(super) fn agreement_examples() -> Examples {
    let wide = AgreementText {
        onward: Onward::Public,
        crisis: corridor::policy::Crisis::Plain(corridor::policy::CrisisClause { signatures: 1, days: 30 }),
        supersedes: Some(AgreementId([7; 32])),
        ..text()
    };
    vec![named("plain", text().to_bytes()), named("with-crisis", wide.to_bytes())]
}

/// A party's word.
pub(super) fn consent(bytes: &[u8]) -> bool {
    let Ok(word) = SignedConsent::from_bytes(bytes) else { return false };
    assert_eq!(word.to_bytes(), bytes, "another form of a word is accepted");
    let genuine = consent_examples().iter().any(|(_, example)| example == bytes);
    let verifies = word.verify(&network(), &keyring(), true).is_ok();
    assert_eq!(verifies, genuine, "a word that nobody has signed verifies");
    verifies
}

pub(super) fn consent_examples() -> Examples {
    let id = Agreement::new(text(), &network()).id();
    let word = |said| SignedConsent::sign(id, PHL.id(), (said, NOW), &network(), &PHL.node()).to_bytes();
    vec![named("agreed", word(Consent::Agreed)), named("ended", word(Consent::Ended))]
}

/// A partner's word that it has erased.
pub(super) fn erasure(bytes: &[u8]) -> bool {
    let Ok(erasure) = Erasure::from_bytes(bytes) else { return false };
    assert_eq!(erasure.to_bytes(), bytes, "another form of an erasure is accepted");
    assert!(erasure.first <= erasure.last);
    let _shown = (erasure.feed().to_string(), erasure.time().to_string(), erasure.last());
    true
}

pub(super) fn erasure_examples() -> Examples {
    let erasure = Erasure {
        publisher: PHL.id(),
        agreement: AgreementId::public(),
        first: 3,
        last: 300,
        entry: EntryId([5; 32]),
        why: Why::Retention,
        words: "the agreement is over".to_owned(),
        erased_at: NOW.0,
    };
    let other = Erasure { why: Why::OutOfScope, words: String::new(), ..erasure.clone() };
    vec![named("retention", erasure.to_bytes()), named("out-of-scope", other.to_bytes())]
}

/// What a member signs of a regional profile.
pub(super) fn edition(bytes: &[u8]) -> bool {
    let Ok(edition) = Edition::from_bytes(bytes) else { return false };
    assert_eq!(edition.to_bytes(), bytes, "another form of an edition is accepted");
    assert!(edition.number() > 0 && Edition::is_id(&edition.document_id()));
    let countries = [true, false].map(|reports| edition.countries(reports).count());
    assert_eq!(countries.iter().sum::<usize>(), edition.members().count());
    let members: BTreeSet<PublisherId> = edition.members().map(|one| one.publisher).collect();
    assert!(edition.heads().iter().all(|head| members.contains(&head.publisher)));
    let _shown =
        (edition.basis().to_hex(), edition.sums().map(|one| one.period.to_string()).collect::<Vec<_>>());
    true
}

pub(super) fn edition_examples() -> Examples {
    let member = |country: &str, publisher| Member { country: country.to_owned(), publisher };
    let mut builder = Builder::new(AgreementId::public(), [member("PHL", PHL.id()), member("ESP", ESP.id())]);
    let none = Edition::of(&builder.clone().finish(), 7, Vec::new(), NOW).expect("nobody reports");
    let key = SeriesKey::parse("A.PHL.ESP.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS").expect("a key");
    let entry = EntryRef { seq: Seq(3), time: NOW, id: EntryId([5; 32]) };
    let value = Some(Decimal::parse("7965.5").expect("a number"));
    let state = State::Stated { value, flags: Flags::default(), attributes: Attributes::none() };
    let period = Period::parse("2020").expect("a period");
    builder.add(&SeriesView {
        key,
        feed: FeedId::new(PHL.id(), AgreementId::public()),
        attributes: Attributes::none(),
        versions: vec![Version { period, entry, state }],
    });
    let head = EditionHead { publisher: PHL.id(), seq: 3, entry: entry.id, closed: 1 };
    let one = Edition::of(&builder.finish(), 1, vec![head], NOW).expect("one reports");
    vec![named("of-nothing", none.to_bytes()), named("one-reports", one.to_bytes())]
}

// -- tables

/// What stands between a mapping and its table.
const BETWEEN: &str = "\n----\n";

/// A file of figures, read as it is, or through the mapping before it.
pub(super) fn table(bytes: &[u8]) -> bool {
    let between = bytes.windows(BETWEEN.len()).position(|piece| piece == BETWEEN.as_bytes());
    let (mapping, file) = match between {
        Some(at) => (Some(&bytes[..at]), &bytes[at + BETWEEN.len()..]),
        None => (None, bytes),
    };
    let mapping = match mapping.map(str::from_utf8) {
        Some(Ok(text)) => match Mapping::parse(text) {
            Ok(mapping) => Some(mapping),
            Err(_) => return false,
        },
        Some(Err(_)) => return false,
        None => None,
    };
    let whole = taken(&mut &file[..], mapping.as_ref());
    let slow = taken(&mut Slow(file), mapping.as_ref());
    assert_eq!(whole, slow, "a file that comes in small pieces is another file");
    !whole.0.is_empty()
}

/// The series of a workbook and what was found.
pub(super) fn taken_of_sheets(input: &mut (dyn Read + Send)) -> (Vec<Series>, Vec<Finding>) {
    told(intake::open(input, &Wishes::default(), &Rules { country: Some("ESP"), ..Rules::default() }, None))
}

/// The series of a file and what was found.
pub(super) fn taken(input: &mut (dyn Read + Send), mapping: Option<&Mapping>) -> (Vec<Series>, Vec<Finding>) {
    let rules = Rules { country: Some("ESP"), ..Rules::default() };
    told(intake::read(input, mapping, &rules))
}

/// What a report tells, which must agree with itself.
fn told(mut report: Report) -> (Vec<Series>, Vec<Finding>) {
    assert!(report.findings.len() <= intake::MAX_FINDINGS + 1);
    let refused = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(report.is_accepted(), !refused);
    let series: Vec<Series> = report.take_series().collect();
    assert!(!refused || series.is_empty(), "a refused file gives series");
    assert!(series.is_sorted_by(|one, other| one.key() < other.key()), "series out of order");
    assert_eq!(series.len() as u64, report.series);
    let observations: usize = series.iter().map(|one| one.observations().len()).sum();
    assert_eq!(observations as u64, report.observations);
    for one in &series {
        let record = Record::Series(one.clone());
        assert_eq!(
            record::decode(&record::encode(&record)).as_ref(),
            Ok(&record),
            "what is released is lost"
        );
    }
    let _said: usize = report.findings.iter().map(|finding| finding.to_string().len()).sum();
    (series, std::mem::take(&mut report.findings))
}

/// The same of a file that comes a few bytes at a time.
pub(super) fn read_slowly(file: &[u8]) -> (Vec<Series>, Vec<Finding>) {
    taken(&mut Slow(file), None)
}

/// The same of a workbook.
pub(super) fn read_sheets_slowly(file: &[u8]) -> (Vec<Series>, Vec<Finding>) {
    taken_of_sheets(&mut Slow(file))
}

/// Gives a few bytes at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.0.len()).min(1 + self.0.len() % 7);
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

const TIDY: &str = "REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,DURATION,TIME_PERIOD,OBS_VALUE,OBS_STATUS,COMMENT_OBS\n\
    ESP,ITA,MF_IMM_PREV,RES,M_GE12,2017,22203,A,\n\
    ESP,ITA,MF_IMM_PREV,RES,M_GE12,2018,\"22002\",P,\"said \"\"late\"\"\"\n\
    ESP,PHL,MF_IMM_PREV,RES,M_GE12,2018-Q1,1.50,A,\n";

pub(super) fn table_examples() -> Examples {
    let front = |text: &str, lines: usize| text.lines().take(lines).collect::<Vec<_>>().join("\n") + "\n";
    let of_spain = |text: &str| {
        let spain = text.lines().enumerate().filter(|(at, line)| *at == 0 || line.contains("ESP"));
        front(&spain.map(|(_, line)| line).collect::<Vec<_>>().join("\n"), 40)
    };
    let mapped = |mapping: &str, file: &str| format!("{mapping}{BETWEEN}{file}");
    let stock = of_spain(include_str!("../../../config/data/undesa_ims2024_stock_phl_can_ita_esp.csv"));
    let flows = of_spain(include_str!("../../../config/data/mirror_eurostat_flows_2010_2019.csv"));
    vec![
        named("tidy", TIDY),
        named("semicolons", TIDY.replace(',', ";").replace('\n', "\r\n")),
        named("tabs", TIDY.replace(',', "\t")),
        named("stock", mapped(include_str!("../../../config/mappings/undesa_stock.toml"), &stock)),
        named("flows", mapped(include_str!("../../../config/mappings/eurostat_destination.toml"), &flows)),
        named("wide", mapped(WIDE_MAPPING, WIDE)),
    ]
}

const WIDE_MAPPING: &str = "thousands = \".\"\nmissing = [\"-\"]\n[constants]\nREF_AREA = \"$COUNTRY\"\n\
    INDICATOR = \"MF_IMM_PREV\"\nBASIS = \"RES\"\nDURATION = \"M_GE12\"\n[columns]\nCOUNTERPART_AREA = \"from\"\n[wide]\n\
    prefix = \"Y\"\n";
const WIDE: &str = "from,Y2017,Y2018\nITA,22.203,-\nPHL,5,6\n";

/// A mapping file.
pub(super) fn mapping(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let Ok(mapping) = Mapping::parse(text) else { return false };
    assert_eq!(Mapping::parse(text).as_ref(), Ok(&mapping));
    let _title = mapping.title();
    taken(&mut TIDY.as_bytes(), Some(&mapping));
    taken(&mut WIDE.as_bytes(), Some(&mapping));
    true
}

pub(super) fn mapping_examples() -> Examples {
    vec![
        named("stock", include_str!("../../../config/mappings/undesa_stock.toml")),
        named("flows", include_str!("../../../config/mappings/eurostat_origin.toml")),
        named("corridor", include_str!("../../../config/mappings/phl_can_origin.toml")),
        named("wide", WIDE_MAPPING),
    ]
}

// -- settings

/// The configuration file; or, if it begins with `CORRIDOR_`, variables of the environment, one a line.
pub(super) fn settings(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let loaded = if text.starts_with("CORRIDOR_") {
        let variable =
            |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Config::load(None, text.lines().filter_map(variable), &[])
    } else {
        let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        std::fs::write(file.path(), bytes).expect("a temporary file can be written");
        Config::load(Some(file.path()), std::iter::empty(), &[])
    };
    match loaded {
        Ok(config) => {
            let _used = (config.net(), config.sync(), config.cache(), config.http(), config.public());
            let _more = (config.rules(), config.log().level);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

pub(super) fn settings_examples() -> Examples {
    let commented = include_str!("../../../config/node.toml");
    let set: String = commented
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n")
        .collect();
    let initial = Config::initial_text(&["/ip4/127.0.0.1/tcp/4001".to_owned()], "127.0.0.1:8080", &[]);
    let initial: String =
        initial.lines().filter(|line| !line.starts_with("# ")).map(|line| format!("{line}\n")).collect();
    vec![
        named("every-key", set),
        named("initial", initial),
        named(
            "environment",
            "CORRIDOR_NET_DIAL_TIMEOUT=5s\nCORRIDOR_SYNC_WINDOW=2 MiB\nCORRIDOR_LOG_LEVEL=debug\n",
        ),
    ]
}

// -- words of the model

/// One word or number a line, read as everything that it could be.
pub(super) fn words(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    text.split('\n').map(word).filter(|accepted| *accepted).count() > 0
}

fn word(text: &str) -> bool {
    let all = [decimal(text), period(text), key(text), moment(text), pattern(text)];
    let named = Network::parse(text).map(|network| assert_eq!(network.as_str(), text)).is_ok();
    let hash = Hash::from_hex(text);
    if let Some(hash) = hash {
        assert_eq!(hash.to_hex(), text.to_ascii_lowercase());
    }
    let purpose = Purpose::parse(text).is_ok();
    all.contains(&true) || named || hash.is_some() || purpose
}

fn decimal(text: &str) -> bool {
    let Ok(number) = Decimal::parse(text) else { return false };
    let again = Decimal::parse(&number.to_string()).expect("a number reads what it writes");
    assert_eq!((again.mantissa(), again.scale()), (number.mantissa(), number.scale()), "{text}");
    let parts = Decimal::from_parts(number.mantissa(), number.scale()).expect("a number has its own parts");
    assert!(parts.same_value(&number) && parts.is_negative() == number.is_negative());
    true
}

fn period(text: &str) -> bool {
    let Ok(period) = Period::parse(text) else { return false };
    assert_eq!(Period::parse(&period.to_string()), Ok(period), "{text}");
    assert_eq!(period.text().as_str(), period.to_string());
    assert_eq!(Period::from_ordinal(period.kind(), period.ordinal()), Ok(period), "{text}");
    assert!(period.start_millis() <= period.end_millis());
    let _related = (period.year(), period.matches_freq("A"));
    true
}

fn key(text: &str) -> bool {
    let Ok(key) = SeriesKey::parse(text) else { return false };
    assert_eq!(key.as_str(), text, "another form of a key is accepted");
    assert_eq!(SeriesKey::from_parts(&key.parts()).as_ref(), Ok(&key));
    assert_eq!(SeriesKey::from_view_order(&key.view_order_key()).as_ref(), Ok(&key));
    if let Some(mirror) = key.mirror() {
        assert_eq!(SeriesKey::parse(mirror.as_str()).as_ref(), Ok(&mirror));
    }
    true
}

fn moment(text: &str) -> bool {
    let Ok(moment) = Millis::parse(text) else { return false };
    assert_eq!(Millis::parse(&moment.to_string()), Ok(moment), "{text}");
    true
}

fn pattern(text: &str) -> bool {
    let Ok(pattern) = SeriesPattern::parse(text) else { return false };
    let key = SeriesKey::parse(KEY).expect("a key");
    let _matches = pattern.matches(&key);
    true
}

pub(super) fn words_examples() -> Examples {
    vec![
        named(
            "numbers",
            "0\n-1.50\n22203\n.5\n+7\n1e5\n9999999999999999999999999999\n0.0000000000000000000000000001\n",
        ),
        named(
            "periods",
            "2017\n2017-Q1\n2017-01\n2017-W53\n2020-02-29\n2017-S2\n2017-T3\n2017-12-15T10:00:00\n9999-12-31\n",
        ),
        named("keys", format!("{KEY}\nA.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS\n")),
        named("patterns", "A.PHL+ESP..MS_FBORN\nall\n*.*.ITA\n"),
        named("moments", "2017-12-15T10:00:00Z\n2017-12-15T12:00:00+02:00\n1969-12-31\n"),
        named("names", format!("main\ntraining/demo\n{}\nSTAT\nSTAT: for tables\n", "ab".repeat(32))),
    ]
}

//! Editions that are drafted beside the loop, while what they rest on moves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::crypto::Network;
use crate::net::Nowhere;
use crate::node::clock::Clock;
use crate::node::home::NewNode;
use crate::node::prepared::Prepared;
use crate::node::reader::{Reader, Scope};
use crate::node::request::{AgreementDraft, RegionSign, ReleaseRequest, SubmitRequest};
use crate::node::{Answer, Caller, Core, Home, Options, Request};
use crate::store::keys::Passphrase;
use crate::sync;

const TITLE: &str = "A region";

/// A node that is driven by hand.
struct Bench {
    dir: TempDir,
    core: Core,
}

fn home(dir: &TempDir, country: &str) -> Home {
    let new = NewNode {
        country: country.to_owned(),
        names: vec![("en".to_owned(), country.to_owned())],
        network: Network::main(),
        addresses: Vec::new(),
    };
    Home::create(dir.path(), new, &passphrase(), Clock::system().now()).unwrap();
    Home::open(dir.path()).unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new("a passphrase")
}

fn sign(edition: u32) -> RegionSign {
    RegionSign { agreement: TITLE.to_owned(), edition, anew: false }
}

impl Bench {
    /// A node without partners.
    fn alone(country: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let own = home(&dir, country);
        let options = Options::usual(Clock::system());
        let key = own.node_key(&passphrase()).unwrap();
        let engine = Engine::open(own, &options, Some(Arc::new(key))).unwrap();
        let mut core = Core::new(engine, sync::Config::default(), Box::new(Nowhere)).unwrap();
        core.start().unwrap();
        Self { dir, core }
    }

    /// A party of an agreement in force, which both parties have signed: it went back and forth in files.
    fn new() -> Self {
        let (mut phl, mut can) = (Self::alone("PHL"), Self::alone("CAN"));
        let cards = [&phl, &can].map(|one| one.core.engine().home().card().to_text());
        let [card, other] = cards.map(|card| Request::PartnerAdd { card });
        phl.ask(other);
        can.ask(card);
        phl.ask(Request::AgreementDraft(Box::new(AgreementDraft {
            title: TITLE.to_owned(),
            with: vec!["CAN".to_owned()],
            indicators: vec!["EF_REGEMI".to_owned()],
            purpose: "statistics".to_owned(),
            ..AgreementDraft::default()
        })));
        phl.ask(Request::AgreementPropose { agreement: TITLE.to_owned() });
        can.take(&phl.bundle("CAN"));
        can.ask(Request::AgreementSign { agreement: TITLE.to_owned() });
        phl.take(&can.bundle("PHL"));
        assert_eq!(phl.ask(Request::AgreementShow { agreement: TITLE.to_owned() })["standing"], "in force");
        phl
    }

    fn bundle(&mut self, to: &str) -> Vec<u8> {
        let asked = Request::BundleExport { to: to.to_owned(), all: true };
        let Answer::Rows(rows) = self.answer(asked, b"", None).unwrap() else {
            panic!("rows were asked for")
        };
        let mut file = Vec::new();
        rows.each(&mut |row| {
            let row: Value = serde_json::from_str(row).unwrap();
            file.extend(BASE64.decode(row.as_str().unwrap()).unwrap());
            true
        })
        .unwrap();
        file
    }

    fn take(&mut self, bundle: &[u8]) {
        let asked = Request::BundleImport { file: "a.bundle".to_owned() };
        self.answer(asked, bundle, None).map(value).unwrap();
    }

    fn answer(
        &mut self,
        request: Request,
        payload: &[u8],
        drafted: Option<Drafted>,
    ) -> Result<Answer, NodeError> {
        let home = Home::open(self.dir.path()).unwrap();
        let prepared = Prepared::new(request, &mut &*payload, (&home, None)).unwrap();
        let caller = Caller { who: "clerk".to_owned(), from: "test".to_owned() };
        self.core.ask(Prepared { drafted, ..prepared }, &caller)
    }

    fn ask(&mut self, request: Request) -> Value {
        value(self.answer(request, b"", None).unwrap())
    }

    /// Releases a figure of a year.
    fn release(&mut self, year: u32, figure: u32) {
        let table = format!(
            "indicator,ref_area,counterpart_area,time_period,obs_value\nEF_REGEMI,PHL,CAN,{year},{figure}\n"
        );
        let submit = SubmitRequest { file: "a.csv".to_owned(), ..SubmitRequest::default() };
        let said = value(self.answer(Request::Submit(submit), table.as_bytes(), None).unwrap());
        assert_eq!(said["accepted"], true, "{said}");
        self.ask(Request::Release(ReleaseRequest::default()));
    }

    fn reader(&mut self) -> Reader {
        match self.answer(Request::Reader(Scope::Government), b"", None).unwrap() {
            Answer::Reader(reader) => reader,
            Answer::Value(_) | Answer::Json(_) | Answer::Rows(_) => panic!("a reader was asked for"),
        }
    }

    fn digest(&mut self) -> String {
        let reader = self.reader();
        reader.region(&reader.group(TITLE, &[]).unwrap()).unwrap().digest.to_hex()
    }
}

fn value(answer: Answer) -> Value {
    match answer {
        Answer::Value(value) => value,
        Answer::Json(text) => serde_json::from_str(text.get()).unwrap(),
        Answer::Rows(_) | Answer::Reader(_) => panic!("a value was asked for"),
    }
}

#[test]
fn what_was_drafted_beside_the_loop_is_signed_as_of_the_heads_of_then() {
    let mut bench = Bench::new();
    bench.release(2020, 100);
    let (then, reader) = (bench.digest(), bench.reader());
    // Figures that come before it is computed, and after it: both are later than what it is of.
    bench.release(2021, 110);
    let drafted = reader.draft(&sign(1));
    bench.release(2022, 120);
    let said = value(bench.answer(Request::RegionSign(sign(1)), b"", drafted).unwrap());
    assert_eq!((&said["signed"], said["digest"].as_str()), (&"now".into(), Some(then.as_str())), "{said}");
    assert_ne!(bench.digest(), then);
    // Drafted where it is signed, it is of now.
    let said = bench.ask(Request::RegionSign(sign(2)));
    assert_eq!(said["digest"].as_str(), Some(bench.digest().as_str()));
}

#[test]
fn what_was_drafted_before_others_signed_is_not_signed() {
    let mut bench = Bench::new();
    bench.release(2020, 100);
    let reader = bench.reader();
    let (late, other) = (reader.draft(&sign(1)), reader.draft(&sign(2)));
    bench.ask(Request::RegionSign(sign(1)));
    let refused = bench.answer(Request::RegionSign(sign(1)), b"", late).err().map(|error| error.to_string());
    assert!(refused.as_ref().is_some_and(|text| text.contains("Sign again")), "{refused:?}");
    // Another number is another edition.
    let said = value(bench.answer(Request::RegionSign(sign(2)), b"", other).unwrap());
    assert_eq!(said["signed"], "now");
    // A draft of another agreement, or of none that has editions, is none.
    assert!(reader.draft(&RegionSign { agreement: "public".to_owned(), edition: 1, anew: false }).is_none());
}

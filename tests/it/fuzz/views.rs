//! Views for the pages to show: a government with figures that it opens to everybody.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use corridor::node::home::NewNode;
use corridor::node::prepared::Prepared;
use corridor::node::request::{ReleaseRequest, SubmitRequest};
use corridor::node::{
    Answer, Caller, Engine, Home, Options, Reader, Request, Scope, SealingTerms, clock, clock::Clock,
};
use corridor::protect::Rules;
use corridor::store::keys::Passphrase;

use super::cast::network;

/// What it publishes.
const FIGURES: &str = "\
FREQ,COUNTERPART_AREA,INDICATOR,BASIS,SEX,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,COMMENT_OBS
A,ITA,MS_FBORN,BIR,_T,PS,2019,41,\"<b>counted</b> & asked\"
A,ITA,MS_FBORN,BIR,_T,PS,2020,42,
A,ITA,MS_FBORN,BIR,F,PS,2020,30,
A,FJI,MS_FBORN,BIR,_T,PS,2020,9000,
A,ARE,RE_RECV,_Z,_T,USD,2020,12.50,
";

/// What everybody may read of it.
pub(super) fn reader() -> Reader {
    static READER: OnceLock<Reader> = OnceLock::new();
    READER.get_or_init(make).clone()
}

fn make() -> Reader {
    let dir = own_directory();
    let new = NewNode {
        country: "PHL".to_owned(),
        names: vec![("en".to_owned(), "Statistics of the Philippines".to_owned())],
        network: network(),
        addresses: Vec::new(),
    };
    let passphrase = Passphrase::new("of a node that is asked at random");
    let home = Home::create(&dir, new, &passphrase, clock::now()).expect("a new node");
    let signer = Arc::new(home.node_key(&passphrase).expect("its key"));
    let options = Options {
        public: ["MS_FBORN".to_owned(), "RE_RECV".to_owned()].into(),
        cache: 1 << 20,
        rules: Rules::default(),
        sealing: SealingTerms::default(),
        relays: Default::default(),
        crisis: Default::default(),
        clock: Clock::system(),
    };
    let mut engine = Engine::open(home, &options, Some(signer)).expect("a new store");
    let submit = SubmitRequest { file: "figures.csv".to_owned(), ..SubmitRequest::default() };
    ask(&mut engine, &dir, Request::Submit(submit), FIGURES);
    ask(&mut engine, &dir, Request::Release(ReleaseRequest::default()), "");
    match ask(&mut engine, &dir, Request::Reader(Scope::Public), "") {
        Answer::Reader(reader) => {
            assert!(reader.heads().iter().any(|head| head.observations > 0), "nothing was published");
            reader
        }
        _ => panic!("no reader"),
    }
}

fn ask(engine: &mut Engine, dir: &Path, request: Request, file: &str) -> Answer {
    let caller = Caller { who: "tester".to_owned(), from: "terminal".to_owned() };
    let home = Home::open(dir).expect("it is there");
    let prepared = Prepared::new(request, &mut file.as_bytes(), (&home, None)).expect("a good request");
    let answer = engine.execute(prepared, &caller).expect("it is carried out");
    engine.commit().expect("it is kept");
    answer
}

/// A directory of this process; those of processes that are gone are removed.
fn own_directory() -> PathBuf {
    const STEM: &str = "fuzz-node-";
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(STEM));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
    root.join(format!("{STEM}{}", std::process::id()))
}

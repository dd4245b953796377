//! The command line. One file per command that does more than ask; [`args`] holds the words, [`ask`] the way to
//! the node, [`mod@print`] the way to the reader.
//!
//! If a daemon runs on the directory, a command goes to it by its Unix socket; if not, it opens the store itself.
//! Exit status: 0 done, 1 refused or failed, 2 usage, 3 verification failed.

pub mod agreement;
pub mod args;
pub mod ask;
pub mod bundle;
pub mod crisis;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod init;
pub mod insight;
pub mod key;
pub mod log;
pub mod map;
mod message;
pub mod passphrase;
pub mod print;
pub mod query;
pub mod run;
pub mod sign_in;
pub mod standby;
mod site;
mod spark;
pub mod submit;
pub mod token;
pub mod upkeep;
pub mod verify;
pub mod watch;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Args, Command};
use crate::node::NodeError;
use crate::store::StoreError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As asked.
    Done,
    /// The node or the check says no; what and why is printed.
    Refused,
    /// A proof does not hold.
    Unproven,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let json = args.global.json;
    match run(args) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Ok(Outcome::Unproven) => ExitCode::from(3),
        Err(error) => {
            print::error(&error, json);
            ExitCode::from(if is_damage(&error) { 3 } else { 1 })
        }
    }
}

/// Whether a feed file holds something else than what was signed: a proof that does not hold.
pub(crate) fn is_damage(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(NodeError::Store(StoreError::Damaged { .. })))
}

fn run(args: Args) -> anyhow::Result<Outcome> {
    let global = &args.global;
    match args.command {
        Command::Init(init) => init::run(global, init),
        Command::Run(run) => run::run(global, &run),
        Command::Demo(demo) => demo::run(global, &demo),
        Command::Explain(explain) => explain::run(global, &explain),
        Command::Verify(verify) => verify::run(global, &verify),
        Command::Card(card) => key::card(global, &card),
        Command::Key(key) => key::run(global, key),
        Command::Standby(standby) => standby::run(global, standby),
        Command::Token(token) => token::run(global, token),
        Command::SignIn(sign_in) => sign_in::run(global, &sign_in),
        Command::Partner(partner) => ask::partner(global, partner),
        Command::Agreement(agreement) => agreement::run(global, agreement),
        Command::Submit(submit) => submit::submit(global, submit, false),
        Command::Check(submit) => submit::submit(global, submit, true),
        Command::Release(release) => submit::release(global, release),
        Command::Retract(retract) => submit::retract(global, retract),
        Command::Crisis(crisis) => crisis::run(global, crisis),
        Command::Bundle(bundle) => bundle::run(global, bundle),
        Command::Get(get) => query::get(global, get),
        Command::Export(export) => export::run(global, &export),
        Command::PublishSite(publish) => site::publish(global, &publish),
        Command::Mirror(mirror) => insight::mirror(global, mirror),
        Command::Region(region) => insight::region(global, region),
        Command::Quality(quality) => insight::quality(global, quality),
        Command::Labour(labour) => insight::labour(global, labour),
        Command::Diaspora(diaspora) => insight::diaspora(global, diaspora),
        Command::Watch(watch) => watch::run(global, &watch),
        Command::Cite(cite) => query::cite(global, &cite),
        Command::Audit(audit) => query::audit(global, &audit),
        Command::Doctor(doctor) => doctor::run(global, &doctor),
        Command::Backup(backup) => upkeep::backup(global, &backup),
        Command::Restore(restore) => upkeep::restore(global, &restore),
        Command::Recover(recover) => upkeep::recover(global, &recover),
        Command::Fork(fork) => upkeep::fork(global, fork),
        Command::Status => ask::simple(global, crate::node::Request::Status),
        Command::Map(map) => map::run(global, &map),
        Command::Submissions => ask::simple(global, crate::node::Request::Submissions),
        Command::Feeds => ask::simple(global, crate::node::Request::Feeds),
        Command::Peers => ask::simple(global, crate::node::Request::Peers),
        Command::Rebuild => ask::simple(global, crate::node::Request::Rebuild),
    }
}

//! `run`: the daemon, put together.

use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::args::{Global, Run};
use super::{Outcome, ask, passphrase};
use crate::api;
use crate::config::Config;
use crate::node::clock::Clock;
use crate::node::daemon::MAX_NET_EVENTS;
use crate::node::{
    Caller, Daemon, Engine, Home, NodeError, NodeHandle, Options, Payload, Request, SignInRequest, notify,
};
use crate::store::StoreError;
use crate::{net, sync};

/// `run`
///
/// # Errors
/// When the node cannot start, or a failed write stops it.
pub fn run(global: &Global, args: &Run) -> anyhow::Result<Outcome> {
    let home = Home::open(&global.dir())?;
    let config = ask::load_config(&home, &overrides(args))?;
    super::log::start(config.log(), global.verbose)?;
    let key = home.node_key(&passphrase::existing(global)?)?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (stop, stopped) = watch::channel(false);
    let (events, net_events) = mpsc::channel(MAX_NET_EVENTS);
    let options = Options {
        public: config.public(),
        cache: config.cache(),
        rules: config.rules(),
        sealing: config.sealing(),
        relays: config.relays(),
        crisis: config.crisis(),
        clock: Clock::system(),
    };
    let (socket, network) = (home.socket(), home.network().clone());
    // The store first: a second daemon must hear that the directory is in use, not that the port is.
    let seed = key.seed();
    let mut engine = Engine::open(home, &options, Some(Arc::new(key)))?.with_next_key(ask::next_key(global));
    let seed = if engine.switch_if_due()? {
        engine.home().node_key(&passphrase::existing(global)?)?.seed()
    } else {
        seed
    };
    let net = net::spawn(seed, config.net(), events, runtime.handle())?;
    for repair in engine.store().repairs() {
        tracing::warn!("{repair}");
    }
    let (daemon, handle) = Daemon::new(engine, sync_config(&config), net, net_events, stopped.clone())?;
    let (notices, to_tell) = mpsc::channel(notify::MAX_NOTICES);
    let daemon = if config.notify().command.is_empty() { daemon } else { daemon.with_notices(notices) };
    let mut tasks = serve(&runtime, &socket, &config, handle, &stopped)?;
    tasks.spawn_on(stop_on_signal(stop), runtime.handle());
    tasks.spawn_on(notify::tell(config.notify(), to_tell), runtime.handle());
    tracing::info!(network = network.as_str(), "running");
    let _no_manager = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let result = runtime.block_on(daemon.run());
    let _no_manager = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    runtime.shutdown_timeout(std::time::Duration::from_secs(3));
    let Err(error) = result else { return Ok(Outcome::Done) };
    tracing::error!(
        "the node stops, and nothing that it has acknowledged is lost: {error}; then start the node again"
    );
    let is_damage = matches!(error, NodeError::Store(StoreError::Damaged { .. }));
    Ok(if is_damage { Outcome::Unproven } else { Outcome::Refused })
}

fn overrides(args: &Run) -> Vec<(&'static str, &'static str, String)> {
    let mut overrides = Vec::new();
    if !args.listen.is_empty() {
        overrides.push(("net", "listen", format!("{:?}", args.listen)));
    }
    overrides.extend(args.http.iter().map(|http| ("http", "listen", format!("{http:?}"))));
    overrides
}

fn sync_config(config: &Config) -> sync::Config {
    let millis = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let settings = config.sync();
    sync::Config {
        heartbeat: millis(settings.heartbeat),
        window: u32::try_from(settings.window).unwrap_or(u32::MAX),
        future_tolerance: millis(settings.future_tolerance),
        ..sync::Config::default()
    }
}

fn serve(
    runtime: &Runtime,
    socket: &std::path::Path,
    config: &Config,
    handle: NodeHandle,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    let _inside = runtime.enter();
    let control =
        api::control::serve(socket, handle.clone(), stop_of(stopped)).context("the control socket")?;
    tasks.spawn_on(control, runtime.handle());
    if let Some(address) = config.http() {
        let served =
            runtime.block_on(api::http::serve(address, handle.clone(), config.manner(), stop_of(stopped)));
        let (address, pages) = served.context("set another http.listen in the configuration")?;
        // Carried out in the first turn of the loop: links of `corridor sign-in` lead there.
        let serves = Request::SignIn(SignInRequest::Serves(address));
        let caller = Caller { who: "node".to_owned(), from: "start".to_owned() };
        runtime.block_on(handle.send(serves, Payload::none(), caller))?;
        tracing::info!(%address, "web page");
        let logged = async move {
            if let Err(error) = pages.await {
                tracing::error!(%error, "the web page has stopped");
            }
        };
        tasks.spawn_on(logged, runtime.handle());
    }
    Ok(tasks)
}

/// Ends when the daemon is to stop.
fn stop_of(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stopped.clone();
    async move {
        let _ended = stopped.wait_for(|stop| *stop).await;
    }
}

/// Tells the daemon to stop at SIGTERM or SIGINT.
async fn stop_on_signal(stop: watch::Sender<bool>) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard; stop the node with SIGKILL, which loses nothing");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    tracing::info!("stopping");
    stop.send_replace(true);
    // The channel must outlive the daemon: a closed one would look like a second request to stop.
    std::future::pending().await
}

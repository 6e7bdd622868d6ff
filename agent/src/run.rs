//! `seal-agent run`: wires the adapters, serves, and ends in good order.

use std::{
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use sealkeeper_journal::{AgentStarted, AgentStopped, LockCause, RecordBody, StopCause};
use sealkeeper_pkcs11::Untrusted;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
    task::{JoinError, JoinHandle},
    time::{Instant, MissedTickBehavior},
};
use tokio_stream::{Stream, StreamExt};

use crate::{
    clock::SystemClock,
    config::{Config, ConfigError},
    connection::Connection,
    document::DocumentWorkers,
    grpc,
    init::{JOURNAL, POLICY, SPOOL, check_home, lock},
    log::{self, LogFormat},
    office::{OfficeDesk, Sealed},
    people::Solo,
    pipeline::{
        identify::People,
        ports::{
            ledger::{Identity, Ledger, LedgerError, Root},
            registry::{RegisteredSeal, SealRegistry},
        },
        scribe::{Scribe, id},
        unfinished::recover,
    },
    policy::{PolicyAtStart, PolicyAuthority, PolicySource, Rejection},
    readiness::Readiness,
    registry::ConfiguredSeals,
    remote::{RemoteEndpoint, RemoteError, TlsDesk},
    say,
    service::{Documents, Recalled, Service, Surroundings},
    socket::{EndpointError, HangUp, LocalEndpoint, UnixEndpoint},
    spool::Spool,
    store::{OpenError, Store},
    token::Modules,
};

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// Another agent holds this home.
    #[error("another seal-agent runs on {0}; stop it first")]
    SecondInstance(PathBuf),
    /// Somebody else may write the home, or a file that says what it is.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// A file or directory.
    #[error("{path}: {source}")]
    System {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// agent.toml.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// policy.toml, where there never was a good one.
    #[error(transparent)]
    Policy(#[from] Rejection),
    /// The journal cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be written.
    #[error(transparent)]
    Store(#[from] LedgerError),
    /// The socket.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The journal names nobody this agent can serve.
    #[error("{0}: the person or the office the journal was made for is malformed")]
    Malformed(PathBuf),
    /// Callers from afar.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A solo journal, and callers from afar.
    #[error(
        "agent.toml: [remote] is not for a solo journal, whose one person is at this machine; remove it, or make a journal of an office (seal-agent \
         init --office-key)"
    )]
    RemoteInSolo,
    /// Seals stand in the configuration of an office.
    #[error("agent.toml: [[seals]] are for a solo journal; an office's seals are made by its acts")]
    ConfiguredSeals,
    /// The server ended.
    #[error("the server failed: {0}")]
    Server(#[from] tonic::transport::Error),
    /// The server ended in a panic.
    #[error("the server failed: {0}")]
    ServerGone(JoinError),
}

/// Neither core dump nor debugger sees this process's memory: PINs pass through it.
pub(crate) fn forbid_dumps() -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}

/// Longest time from SIGTERM to the end: less than the 90 s after which systemd kills (TimeoutStopSec).
const STOP: Duration = Duration::from_secs(75);
/// Of that, how long uses and unlocks in progress may take to end,
const DRAIN: Duration = Duration::from_secs(45);
/// how long answers may take on their way to the clients, and connections to close,
const ANSWERS: Duration = Duration::from_secs(2);
/// and what is kept for the last records.
const RECORDS: Duration = Duration::from_secs(10);
/// How often it is looked whether tokens came or went: so that one that did is known within 2 s.
const WATCH: Duration = Duration::from_secs(1);
/// How often expired requests and counted refusals are looked after.
const TIDY: Duration = Duration::from_secs(15);
/// How often it is looked what the policy no longer keeps, which counts days.
const RETENTION: Duration = Duration::from_secs(6 * 3600);
/// How often it is looked whether certificates, key or revocation lists for callers from afar have changed.
const LOOK: Duration = Duration::from_secs(5);

/// Runs until a signal, in the foreground.
pub(crate) fn run(home: &Path, socket: Option<PathBuf>, log_format: LogFormat) -> Result<(), RunError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| RunError::System { path, source }
    };
    let readiness = Readiness::take();
    let uid = rustix::process::geteuid().as_raw();
    check_home(home, uid)?;
    let _lock = lock(home).map_err(at(home))?.ok_or_else(|| RunError::SecondInstance(home.to_owned()))?;
    let config = Config::load(home, uid)?;
    let socket = socket.or_else(|| config.socket.clone()).unwrap_or_else(|| default_socket(uid));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(at(home))?;
    log::start(log_format);
    runtime.block_on(serve(home, uid, &socket, config, &readiness))
}

/// Who may do what, and with which seals.
struct Authorities {
    people: Arc<dyn People>,
    registry: Arc<dyn SealRegistry>,
    office: Option<Arc<OfficeDesk>>,
}

/// `None` for a journal that was made for nobody.
async fn authorities(
    identity: &Identity,
    seals: Vec<RegisteredSeal>,
    sealed: Sealed,
    ledger: &dyn Ledger,
) -> Result<Option<Authorities>, RunError> {
    match &identity.root {
        Root::Solo(person) => Ok(Solo::new(person).map(|solo| Authorities {
            people: Arc::new(solo),
            registry: Arc::new(ConfiguredSeals::new(seals)),
            office: None,
        })),
        Root::Office(_) if !seals.is_empty() => Err(RunError::ConfiguredSeals),
        Root::Office(_) => {
            let desk = Arc::new(OfficeDesk::open(sealed, ledger).await?);
            Ok(Some(Authorities { people: desk.clone(), registry: desk.clone(), office: Some(desk) }))
        }
    }
}

fn default_socket(uid: u32) -> PathBuf {
    let xdg = std::env::var_os("XDG_RUNTIME_DIR");
    let run_user = Path::new("/run/user").join(uid.to_string()).is_dir();
    sealkeeper_proto::socket::default_socket(xdg.as_deref(), run_user, uid)
}

async fn serve(
    home: &Path,
    uid: u32,
    socket: &Path,
    config: Config,
    readiness: &Readiness,
) -> Result<(), RunError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| RunError::System { path, source }
    };
    // From here on: one that comes before the agent is ready must not end it.
    let mut reload = signal(SignalKind::hangup()).map_err(at(home))?;
    let limits = config.limits;
    let journal = home.join(JOURNAL);
    let store = Arc::new(Store::open(&journal, Arc::new(SystemClock))?);
    let identity = store.identity().clone();
    if config.remote.is_some() && matches!(identity.root, Root::Solo(_)) {
        return Err(RunError::RemoteInSolo);
    }
    let Authorities { people, registry, office } =
        authorities(&identity, config.seals, Sealed(config.office), &*store)
            .await?
            .ok_or(RunError::Malformed(journal))?;
    let authority = match &office {
        None => PolicyAuthority::Solo,
        Some(desk) => PolicyAuthority::Office(desk.clone()),
    };
    let source = PolicySource { path: home.join(POLICY), own_uid: uid, authority };
    let policy = PolicyAtStart::choose(source, store.policy().await?)?;
    let endpoint = UnixEndpoint::bind(socket)?;
    let remote = match config.remote {
        Some(remote) => Some(RemoteEndpoint::bind(remote).await?),
        None => None,
    };
    let tls = remote.as_ref().map(RemoteEndpoint::tls);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let scribe = Scribe::new(&host);

    // The order matters to a reader of the journal: the start, what a crash left open, the policy, then whatever is asked.
    store.append(started(&scribe, &identity.origin)?).await?;
    let abandoned = recover(&*store).await?;
    if abandoned > 0 {
        tracing::warn!(abandoned, "uses that a crash left open were closed as abandoned");
    }
    let policy = policy.begin(store.clone(), scribe.clone()).await?;

    let (told, mut news) = mpsc::unbounded_channel();
    let seals = registry.clone();
    let seals_on = move || seals.all().iter().map(|registered| registered.seal.key.serial.clone()).collect();
    let seals_on = Box::new(seals_on);
    let module_files =
        config.modules.iter().map(|module| (module.name.clone(), module.path.clone())).collect();
    let modules = Arc::new(Modules::new(config.modules, seals_on, limits.token, &told));
    let recalled = Recalled::from(&*store).await?;
    let spool_directory = home.join(SPOOL);
    let spool = Spool::open(spool_directory.clone()).map_err(at(&spool_directory))?;
    let service = Arc::new(Service::new(
        store.clone(),
        modules.clone(),
        registry,
        people,
        office,
        store.clock(),
        scribe,
        Arc::new(policy),
        limits.clone(),
        spool,
        recalled,
        Documents::new(Arc::new(DocumentWorkers::new(&limits))),
        Surroundings {
            home: home.to_owned(),
            socket: socket.to_owned(),
            modules: modules.clone(),
            module_files,
            remote: tls.clone(),
        },
    ));
    service.see_own_version().await;
    service.tidy().await;
    let caretaker = service.clone();
    let (stop_caretaker, mut stopped) = oneshot::channel::<()>();
    let caretaker = tokio::spawn(async move {
        let mut tick = tokio::time::interval(TIDY);
        loop {
            tokio::select! {
                Some(news) = news.recv() => caretaker.news(news).await,
                Some(()) = reload.recv() => caretaker.reload_policy().await,
                _ = tick.tick() => {
                    caretaker.flush_refusals(false).await;
                    caretaker.tidy().await;
                    caretaker.warn_of_inspections();
                }
                _ = &mut stopped => break,
            }
        }
        while let Ok(news) = news.try_recv() {
            caretaker.news(news).await;
        }
    });

    let eraser = service.clone();
    let eraser = tokio::spawn(async move {
        let mut tick = tokio::time::interval(RETENTION);
        loop {
            tick.tick().await;
            eraser.erase_outdated().await;
        }
    });

    let watched = modules.clone();
    let deadline = limits.token;
    let watcher = tokio::spawn(async move {
        let mut tick = tokio::time::interval(WATCH);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            watched.watch(deadline);
        }
    });

    if let Some(tls) = tls {
        tokio::spawn(follow(tls, signal(SignalKind::hangup()).map_err(at(home))?));
    }

    let (router, health) = grpc::router(service.clone()).await;
    let mut terminate = signal(SignalKind::terminate()).map_err(at(home))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(at(home))?;
    say(&format!("seal-agent ready on {}", socket.display()));
    tracing::info!(socket = %socket.display(), origin = identity.origin, "ready");
    if let Some(remote) = &remote {
        say(&format!("callers from afar are taken on {} (mutual TLS)", remote.address()));
        tracing::info!(address = %remote.address(), "callers from afar are taken");
    }
    if matches!(identity.root, Root::Solo(_)) {
        tracing::warn!("SOLO journal: one person, no approvals; every record and receipt says so");
    }
    let (signalled, stopping) = oneshot::channel::<()>();
    let signalled_service = service.clone();
    let until_signal = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping: no new connections, uses in progress come to their end");
        signalled_service.stop_uploads();
        health.stopping().await;
        let _ = signalled.send(());
    };
    let (hang_up, socket_file) = (HangUp::default(), endpoint.file());
    let connections = connections(endpoint, remote, &hang_up);
    let mut serving = tokio::spawn(router.serve_with_incoming_shutdown(connections, until_signal));
    readiness.ready();
    let failed = tokio::select! {
        served = &mut serving => Some(server_end(served)),
        _ = stopping => None,
    };
    readiness.stopping();

    // The order matters: nothing may be written of a call after the records that end it all.
    let by = Instant::now() + STOP;
    service.drain(DRAIN).await;
    let served = match failed {
        Some(served) => served,
        None => close(serving, &hang_up).await,
    };
    hang_up.now();
    socket_file.remove();
    watcher.abort();
    // What it has begun to write is written before anything that follows.
    eraser.abort();
    let _ = eraser.await;
    // Logging out and C_Finalize have the time of any call to a token.
    for serial in modules.stop((by - RECORDS).min(Instant::now() + deadline)).await {
        service.record_locked(&serial, LockCause::Shutdown).await;
    }
    let _ = stop_caretaker.send(());
    if let Err(error) = caretaker.await {
        tracing::error!(%error, "the caretaker failed");
    }
    service.flush_refusals(true).await;
    let cause = if served.is_ok() { StopCause::Request } else { StopCause::Fault };
    store.append(Scribe::plain(RecordBody::AgentStopped(AgentStopped { cause }))).await?;
    drop(service);
    match sole(store, by).await {
        Some(store) => store.close(),
        None => tracing::warn!("a call is still reading the journal; it closes with the process"),
    }
    served
}

/// All who come, from here and from afar, for one server: the same services, limits and end for both.
fn connections(
    local: UnixEndpoint,
    remote: Option<RemoteEndpoint>,
    hang_up: &HangUp,
) -> Pin<Box<dyn Stream<Item = io::Result<Connection>> + Send>> {
    let here = local.connections(hang_up).map(|taken| taken.map(Connection::new));
    match remote {
        None => Box::pin(here),
        Some(remote) => {
            let afar = remote.connections(hang_up).map(|connection| Ok(Connection::new(connection)));
            Box::pin(here.merge(afar))
        }
    }
}

/// Takes what callers from afar are let in by as it changes, as long as the agent lives.
async fn follow(tls: Arc<TlsDesk>, mut asked: Signal) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let always = tokio::select! {
            Some(()) = asked.recv() => true,
            _ = tick.tick() => false,
        };
        let looking = tls.clone();
        // It reads files. A panic is in the log, and the last good ones stay in force.
        let _ = tokio::task::spawn_blocking(move || looking.look(always)).await;
    }
}

/// The server's end. A panic of its own is not one of a call's.
fn server_end(served: Result<Result<(), tonic::transport::Error>, JoinError>) -> Result<(), RunError> {
    match served {
        Ok(served) => Ok(served?),
        Err(error) => Err(RunError::ServerGone(error)),
    }
}

/// Lets the answers reach the clients, then ends the connections that clients keep open.
async fn close(
    mut serving: JoinHandle<Result<(), tonic::transport::Error>>,
    hang_up: &HangUp,
) -> Result<(), RunError> {
    if let Ok(served) = tokio::time::timeout(ANSWERS, &mut serving).await {
        return server_end(served);
    }
    hang_up.now();
    match tokio::time::timeout(ANSWERS, &mut serving).await {
        Ok(served) => server_end(served),
        Err(_) => {
            tracing::warn!("a client does not let go of its connection; it ends with the process");
            Ok(())
        }
    }
}

/// The store, once nobody else holds it. Tasks of connections that just ended let go of it a moment later.
async fn sole(mut store: Arc<Store>, by: Instant) -> Option<Store> {
    let by = by.min(Instant::now() + ANSWERS);
    loop {
        match Arc::try_unwrap(store) {
            Ok(store) => return Some(store),
            Err(shared) if Instant::now() < by => store = shared,
            Err(_) => return None,
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn started(scribe: &Scribe, origin: &str) -> Result<crate::pipeline::ports::ledger::Entry, LedgerError> {
    scribe.entry(|draft| {
        Ok(RecordBody::AgentStarted(AgentStarted {
            version: id(env!("CARGO_PKG_VERSION"))?,
            origin: id(origin)?,
            host: draft.host("host")?,
        }))
    })
}

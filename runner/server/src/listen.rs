//! Connections: accepting them at both doors, bounding them, ending them when the server drains.

use std::{
    io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener},
    sync::{Semaphore, watch},
};
use tower::ServiceExt;

use crate::{
    app::Shared,
    auth::{Door, name_of_user},
    metrics::During,
    tls::Tls,
};

/// Connections at one time; more wait in the system's queue.
const CONNECTIONS: usize = 4096;

/// A request's head must have come within this time, also the next one on an idle connection.
const HEAD: Duration = Duration::from_secs(75);

/// The name of the socket in the data folder.
pub(crate) const SOCKET: &str = "api.sock";

/// What serving a connection needs.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) app: Shared,
    pub(crate) stopping: watch::Receiver<bool>,
    connections: Arc<Semaphore>,
}

impl Serving {
    pub(crate) fn new(router: Router, app: Shared, stopping: watch::Receiver<bool>) -> Self {
        Self { router, app, stopping, connections: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// Accepts at the listener until the server stops; returns when every connection has ended.
    pub(crate) async fn net(self, listener: TcpListener, tls: Option<Arc<Tls>>) {
        let mut tasks = tokio::task::JoinSet::new();
        loop {
            let Some(permit) = self.turn().await else { break };
            match self.until_stopping(listener.accept()).await {
                None => break,
                Some(Ok((stream, _))) => {
                    let _ = stream.set_nodelay(true);
                    let (serving, tls) = (self.clone(), tls.clone());
                    tasks.spawn(async move {
                        match tls {
                            None => serving.connection(stream, Door::Net).await,
                            Some(tls) => serving.shaken(tls, stream).await,
                        }
                        drop(permit);
                    });
                }
                Some(Err(error)) => breathe(&error).await,
            }
            while tasks.try_join_next().is_some() {}
        }
        // whoever calls from here on is refused at once, instead of waiting for nothing
        drop(listener);
        while tasks.join_next().await.is_some() {}
    }

    /// The same at the socket, where a caller is a user of this machine.
    pub(crate) async fn local(self, listener: UnixListener) {
        let mut tasks = tokio::task::JoinSet::new();
        loop {
            let Some(permit) = self.turn().await else { break };
            match self.until_stopping(listener.accept()).await {
                None => break,
                Some(Ok((stream, _))) => {
                    let Some(user) = stream.peer_cred().ok().map(|peer| name_of_user(peer.uid())) else {
                        continue;
                    };
                    let serving = self.clone();
                    tasks.spawn(async move {
                        serving.connection(stream, Door::Socket { user }).await;
                        drop(permit);
                    });
                }
                Some(Err(error)) => breathe(&error).await,
            }
            while tasks.try_join_next().is_some() {}
        }
        // whoever calls from here on is refused at once, instead of waiting for nothing
        drop(listener);
        while tasks.join_next().await.is_some() {}
    }

    /// A connection that begins with a handshake, which ends with the server.
    async fn shaken(self, tls: Arc<Tls>, stream: TcpStream) {
        match self.until_stopping(tls.accept(stream)).await {
            Some(Ok(stream)) => self.connection(stream, Door::Net).await,
            Some(Err(why)) => tracing::debug!(why, "a handshake came to nothing"),
            None => {}
        }
    }

    async fn turn(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        self.until_stopping(self.connections.clone().acquire_owned()).await?.ok()
    }

    async fn until_stopping<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            biased;
            () = stopped(&mut stopping) => None,
            done = work => Some(done),
        }
    }

    async fn connection(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, door: Door) {
        let app = self.app.clone();
        let _open = During::new(&app.metrics.connections);
        let router = self.router;
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(door.clone());
            router.clone().oneshot(request)
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1024);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut stopping = self.stopping;
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = stopped(&mut stopping) => None,
        };
        match ended {
            Some(ended) => quiet(ended),
            None => {
                connection.as_mut().graceful_shutdown();
                quiet(connection.await);
            }
        }
    }
}

/// Resolves when the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// A caller who hangs up is no news.
fn quiet(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Out of file handles: waiting is better than spinning.
async fn breathe(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Listens on an address.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Listens on the socket of a data folder. It is never open to others, not even for a moment: it is made in a folder of
/// its own that only we may enter, and moved. What an earlier server left is replaced; the journal's lock has shown that
/// no other server lives here.
pub(crate) fn bind_socket(data: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let room = data.join(format!(".{SOCKET}.{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&room);
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&room)?;
    let made = make_socket(&room.join("s"), &data.join(SOCKET));
    let _ = std::fs::remove_dir_all(&room);
    made
}

fn make_socket(first: &Path, path: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let listener = UnixListener::bind(first)?;
    std::fs::set_permissions(first, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(first, path)?;
    Ok((listener, path.to_owned()))
}

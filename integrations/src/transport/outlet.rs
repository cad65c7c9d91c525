//! Ways out for copies of the journal: to the one address that the configuration names, and from no drill.
//!
//! Here connections are opened and bytes are sent. What is sent, when again, and what an answer means is not known here.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Url;

use super::{LiveTransport, Transport};
use crate::{request::HttpRequest, spec::Method};

/// An address that does not answer within this time is not there now.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that takes lines; datagrams hold one each.
enum Line {
    Stream(Box<dyn AsyncWrite + Send + Unpin>),
    Datagram(UdpSocket),
}

/// A connection that lines go out through.
pub struct LineOutlet(Line);

/// Where requests go.
#[derive(Clone, Debug)]
pub struct WebOutlet {
    transport: LiveTransport,
    url: Url,
}

/// How lines travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// TLS; certificate authorities in PEM, instead of the system's, may be given.
    Tls,
    /// A bare connection.
    Tcp,
    /// Datagrams.
    Udp,
}

/// Why nothing can go out.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// In a drill nothing leaves this machine.
    #[error("a drill sends nothing to anybody")]
    Drill,
    /// No connection, or it broke.
    #[error("{0}")]
    Network(String),
}

impl WebOutlet {
    pub(crate) fn new(transport: &Transport, url: Url) -> Result<Self, OutletError> {
        match transport {
            Transport::Live(live) => Ok(Self { transport: live.clone(), url }),
            Transport::Twin(_) => Err(OutletError::Drill),
        }
    }

    /// Posts, and gives the status of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, headers: HeaderMap, body: Bytes) -> Result<StatusCode, OutletError> {
        let request = HttpRequest { method: Method::Post, url: self.url.clone(), headers, body };
        let answer = timeout(3 * PATIENCE, self.transport.send(&request, None)).await;
        let answer = answer.map_err(|_| OutletError::Network("no answer in time".to_owned()))?;
        answer.map(|answer| answer.status).map_err(|error| OutletError::Network(error.to_string()))
    }
}

impl LineOutlet {
    pub(crate) async fn open(
        transport: &Transport,
        carrier: Carrier,
        host: &str,
        port: u16,
        ca: Option<&str>,
    ) -> Result<Self, OutletError> {
        if let Transport::Twin(_) = transport {
            return Err(OutletError::Drill);
        }
        let opened = match carrier {
            Carrier::Udp => udp(host, port).await.map(Line::Datagram),
            Carrier::Tcp => tcp(host, port).await.map(|stream| Line::Stream(Box::new(stream))),
            Carrier::Tls => tls(host, port, ca).await,
        };
        opened.map(Self).map_err(|error| OutletError::Network(format!("{host}:{port}: {error}")))
    }

    /// Sends one line, framed as it must be by whoever calls.
    ///
    /// # Errors
    /// When the connection broke. What was sent just before may be lost.
    pub async fn send(&mut self, line: &[u8]) -> Result<(), OutletError> {
        let sent = match &mut self.0 {
            Line::Stream(stream) => timeout(PATIENCE, stream.write_all(line)).await,
            Line::Datagram(socket) => timeout(PATIENCE, async { socket.send(line).await.map(drop) }).await,
        };
        in_time(sent)
    }

    /// Hands everything to the network.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn flush(&mut self) -> Result<(), OutletError> {
        match &mut self.0 {
            Line::Stream(stream) => in_time(timeout(PATIENCE, stream.flush()).await),
            Line::Datagram(_) => Ok(()),
        }
    }
}

fn in_time(done: Result<io::Result<()>, tokio::time::error::Elapsed>) -> Result<(), OutletError> {
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(OutletError::Network(error.to_string())),
        Err(_) => Err(OutletError::Network("nothing was taken in time".to_owned())),
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
    let stream = timeout(PATIENCE, TcpStream::connect((host, port))).await.map_err(late)??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn udp(host: &str, port: u16) -> io::Result<UdpSocket> {
    let nobody = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let to: SocketAddr = tokio::net::lookup_host((host, port)).await?.next().ok_or_else(nobody)?;
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(to).await?;
    Ok(socket)
}

async fn tls(host: &str, port: u16, ca: Option<&str>) -> io::Result<Line> {
    let config = ClientConfig::builder().with_root_certificates(roots(ca)?).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = tcp(host, port).await?;
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no handshake in time");
    let connected = timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
    Ok(Line::Stream(Box::new(connected.map_err(late)??)))
}

fn roots(ca: Option<&str>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|_| io::Error::other("`ca` is not in PEM form"))?;
                roots.add(certificate).map_err(io::Error::other)?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    if roots.is_empty() {
        return Err(io::Error::other("there is no certificate authority to trust"));
    }
    Ok(roots)
}

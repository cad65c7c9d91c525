//! Who is connected: a suite that killed its client waits until nothing of the dead is on its way any more.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};

/// Connections that may still do something. One that only waits for a fault's time to pass is none of them.
#[derive(Clone, Debug)]
pub(crate) struct Traffic(Arc<watch::Sender<usize>>);

/// A connection that is counted while this lives.
pub(crate) struct Visit(Traffic);

impl Default for Traffic {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Traffic {
    /// A connection came.
    pub(crate) fn visit(&self) -> Visit {
        self.0.send_modify(|busy| *busy += 1);
        Visit(self.clone())
    }

    /// What was asked for happened or never will: only the answer takes its time, and nobody is waited for.
    pub(crate) async fn hold(&self, time: Duration) {
        self.0.send_modify(|busy| *busy -= 1);
        let _busy_again = Again(self);
        tokio::time::sleep(time).await;
    }

    /// Resolves when nobody is connected, nobody who came before this call included.
    pub(crate) async fn ends(&self, http: SocketAddr, mail: SocketAddr) -> std::io::Result<()> {
        // Listeners take callers in order: whoever came before is counted once these two are answered.
        call(http, b"GET /_twin/faults HTTP/1.1\r\nhost: twins\r\nconnection: close\r\n\r\n").await?;
        call(mail, b"QUIT\r\n").await?;
        // It cannot be closed: we hold it.
        let mut busy = self.0.subscribe();
        let _open = busy.wait_for(|busy| *busy == 0).await;
        Ok(())
    }
}

/// Says something and hears everything that is said back.
async fn call(addr: SocketAddr, words: &[u8]) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(words).await?;
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

struct Again<'a>(&'a Traffic);

impl Drop for Again<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|busy| *busy += 1);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.0.send_modify(|busy| *busy -= 1);
    }
}

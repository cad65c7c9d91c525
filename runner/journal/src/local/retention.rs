//! Dropping bodies. Headers and hashes stay, so the chain still verifies and the index can still be rebuilt.

use std::collections::HashSet;

use stanch_model::{Hash, StreamId};

use super::{LocalJournal, commit::Refusal, core::Core, corrupt};
use crate::{
    disk::{self, RealDisk},
    error::JournalError,
    line::{self, BodyFound},
    segment::{self, FRAME_ROOM, Flaw, Walk},
    table::Building,
};

impl LocalJournal {
    /// Drops the bodies of all entries of these streams that are durable now. Gives how many were dropped. Segments that
    /// hold some are written anew, synced and put in place one by one; a crash in between leaves each whole, old or new.
    ///
    /// # Errors
    /// When a segment cannot be read or written; segments before it are done.
    pub fn drop_bodies(&self, unwanted: impl Fn(&StreamId) -> bool) -> Result<u64, JournalError> {
        let core = &self.core;
        let _tidying = core.shelf.tidying();
        core.seal()?;
        core.index.feed()?;
        let infos = core.shelf.infos();
        let sealed = &infos[..infos.len().saturating_sub(1)];
        let mut shared = HashSet::new();
        for info in sealed {
            core.kept_payloads(info.number, &unwanted, &mut shared)?;
        }
        let mut dropped = 0;
        for info in sealed {
            dropped += core.drop_in(info.number, &unwanted, &shared)?;
        }
        Ok(dropped)
    }
}

impl Core {
    /// Seals the segment being written, so that nothing durable lies in the unsealed one.
    fn seal(&self) -> Result<(), JournalError> {
        let mut writer = self.commit.lock();
        if writer.fresh {
            return Ok(());
        }
        let done = writer.rotate(self.durable() + 1, self.opened_epoch().0, 0, &self.shelf);
        done.map_err(|refusal| match refusal {
            Refusal::Full => JournalError::Full,
            Refusal::Failed(why) | Refusal::Unknown(why) => JournalError::Fatal(why),
        })
    }

    /// Bodies in files of their own that other streams name too: equal bodies share a file.
    fn kept_payloads(
        &self,
        number: u32,
        unwanted: &dyn Fn(&StreamId) -> bool,
        kept: &mut HashSet<Hash>,
    ) -> Result<(), JournalError> {
        let bytes = self.layout.read_segment(number)?;
        let refused = |flaw: &Flaw| corrupt(&self.layout, number, &bytes, flaw);
        let (_, walk) = Walk::open(&bytes).map_err(|flaw| refused(&flaw))?;
        for batch in walk {
            for (_, _, text) in batch.map_err(|flaw| refused(&flaw))?.entries() {
                let line = line::parse(text).filter(|line| line.body == BodyFound::Blob);
                let line = line.filter(|line| !unwanted(&StreamId::from_stored(line.stream.as_ref())));
                kept.extend(line.map(|line| line.body_hash));
            }
        }
        Ok(())
    }

    fn drop_in(
        &self,
        number: u32,
        unwanted: &dyn Fn(&StreamId) -> bool,
        shared: &HashSet<Hash>,
    ) -> Result<u64, JournalError> {
        let bytes = self.layout.read_segment(number)?;
        let refused = |flaw: &Flaw| corrupt(&self.layout, number, &bytes, flaw);
        let (head, walk) = Walk::open(&bytes).map_err(|flaw| refused(&flaw))?;
        let mut out = head.line();
        let mut spilled: Vec<Hash> = Vec::new();
        let mut dropped = 0;
        for batch in walk {
            let batch = batch.map_err(|flaw| refused(&flaw))?;
            let mut buffer = vec![0; FRAME_ROOM];
            for (offset, _, text) in batch.entries() {
                let line =
                    line::parse(text).ok_or_else(|| refused(&Flaw::at(offset, "this is not an entry")))?;
                let drop =
                    line.body != BodyFound::Dropped && unwanted(&StreamId::from_stored(line.stream.as_ref()));
                if drop {
                    dropped += 1;
                    spilled.extend((line.body == BodyFound::Blob).then_some(line.body_hash));
                    let bare = format!("{{\"header\":{},\"hash\":\"{}\"}}", line.header, line.hash);
                    buffer.extend_from_slice(bare.as_bytes());
                } else {
                    buffer.extend_from_slice(text);
                }
                buffer.push(b'\n');
            }
            let frame = batch.frame;
            let start = segment::seal(&mut buffer, frame.batch, frame.position, frame.entries);
            out.extend_from_slice(&buffer[start..]);
        }
        if dropped > 0 {
            self.put_in_place(number, &out)?;
            for hash in spilled.iter().filter(|hash| !shared.contains(hash)) {
                let _ = self.disk.remove(&self.layout.blob(hash));
            }
        }
        Ok(dropped)
    }

    fn put_in_place(&self, number: u32, bytes: &[u8]) -> Result<(), JournalError> {
        let path = self.layout.segment(number);
        let table = Building::of_segment(bytes).map(|building| building.encode()).unwrap_or_default();
        self.shelf.replace(number, bytes.len() as u64, || {
            // Without a table the segment is read through; with the old one entries would not be found.
            let _ = std::fs::remove_file(self.layout.table(number));
            disk::write_synced(&*self.disk, &path, bytes)
                .map_err(JournalError::io(format!("writing {}", path.display())))?;
            let _ = disk::write_synced(&RealDisk, &self.layout.table(number), &table);
            Ok(())
        })
    }
}

//! A model of a disk that loses power: it records operations, and rebuilds every state that a loss may leave.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use stanch_journal::disk::{Disk, DiskFile, RealDisk};

const PAGE: usize = 4096;
/// Up to here every subset of pages is tried.
const EXHAUSTIVE: usize = 9;
const SAMPLES: usize = 48;

/// One operation on the disk. Files are numbered in the order of their creation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Existing { file: usize, path: PathBuf, bytes: Vec<u8> },
    Create { file: usize, path: PathBuf, room: u64 },
    Write { file: usize, offset: u64, bytes: Vec<u8> },
    Sync { file: usize },
    SetLength { file: usize, bytes: u64 },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
    SyncFolder { path: PathBuf },
}

/// The real disk, with everything written down.
#[derive(Clone)]
pub(crate) struct Recorder {
    root: PathBuf,
    log: Arc<Mutex<Vec<Operation>>>,
    files: Arc<Mutex<usize>>,
    base: usize,
}

impl Recorder {
    /// What lies in the folder already counts as synced.
    pub(crate) fn new(root: &Path) -> Self {
        let mut recorder =
            Self { root: root.to_owned(), log: Arc::default(), files: Arc::new(Mutex::new(0)), base: 0 };
        recorder.existing(root);
        recorder.base = recorder.count();
        recorder
    }

    fn existing(&self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.existing(&path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let file = self.next();
                self.note(Operation::Existing { file, path: self.relative(&path), bytes });
            }
        }
    }

    fn next(&self) -> usize {
        let mut files = self.files.lock().unwrap();
        *files += 1;
        *files
    }

    fn note(&self, operation: Operation) {
        self.log.lock().unwrap().push(operation);
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap().to_owned()
    }

    /// How many operations stand for what was there before.
    pub(crate) fn base(&self) -> usize {
        self.base
    }

    pub(crate) fn count(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.log.lock().unwrap().clone()
    }
}

struct RecordedFile {
    file: Box<dyn DiskFile>,
    number: usize,
    recorder: Recorder,
}

impl Disk for Recorder {
    fn create(&self, path: &Path, room: u64) -> io::Result<Box<dyn DiskFile>> {
        let (file, number) = (RealDisk.create(path, room)?, self.next());
        self.note(Operation::Create { file: number, path: self.relative(path), room });
        Ok(Box::new(RecordedFile { file, number, recorder: self.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Operation::Rename { from: self.relative(from), to: self.relative(to) });
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)?;
        self.note(Operation::Remove { path: self.relative(path) });
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_dir(path)?;
        self.note(Operation::SyncFolder { path: self.relative(path) });
        Ok(())
    }
}

impl DiskFile for RecordedFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.recorder.note(Operation::Write { file: self.number, offset, bytes: bytes.to_vec() });
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.recorder.note(Operation::Sync { file: self.number });
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.recorder.note(Operation::SetLength { file: self.number, bytes });
        self.file.set_len(bytes)
    }
}

/// A file at the moment of the loss.
#[derive(Clone, Default)]
struct Content {
    synced: Vec<u8>,
    /// Its size after what was not synced; a file never synced may also be empty.
    length: usize,
    was_synced: bool,
    /// Pages written since the last sync, whole as they would be on disk.
    pages: BTreeMap<usize, Vec<u8>>,
}

impl Content {
    fn page(&self, nth: usize) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        let start = (nth * PAGE).min(self.synced.len());
        let end = ((nth + 1) * PAGE).min(self.synced.len());
        page[..end - start].copy_from_slice(&self.synced[start..end]);
        page
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        for (nth, byte) in bytes.iter().enumerate() {
            let (page, at) = ((offset + nth) / PAGE, (offset + nth) % PAGE);
            if !self.pages.contains_key(&page) {
                let old = self.page(page);
                self.pages.insert(page, old);
            }
            self.pages.get_mut(&page).unwrap()[at] = *byte;
        }
        self.length = self.length.max(offset + bytes.len());
    }

    fn sync(&mut self) {
        self.synced = self.with(self.pages.keys().copied(), self.length);
        self.pages.clear();
        self.was_synced = true;
    }

    fn with(&self, pages: impl Iterator<Item = usize>, length: usize) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        bytes.resize(length, 0);
        for page in pages {
            let start = page * PAGE;
            if start < length {
                let end = (start + PAGE).min(length);
                bytes[start..end].copy_from_slice(&self.pages[&page][..end - start]);
            }
        }
        bytes
    }
}

/// Which unsynced pages survive, how many unsynced folder operations, and whether unsynced sizes do.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pages: Vec<bool>,
    folder: usize,
    sizes: bool,
}

/// Everything that a power loss at one moment leaves open.
pub(crate) struct Loss {
    files: BTreeMap<usize, Content>,
    names: BTreeMap<PathBuf, usize>,
    pending: Vec<Operation>,
}

impl Loss {
    pub(crate) fn after(operations: &[Operation]) -> Self {
        let mut loss = Self { files: BTreeMap::new(), names: BTreeMap::new(), pending: Vec::new() };
        operations.iter().for_each(|operation| loss.take(operation));
        loss
    }

    fn take(&mut self, operation: &Operation) {
        match operation {
            Operation::Existing { file, path, bytes } => {
                let (synced, length) = (bytes.clone(), bytes.len());
                let content = Content { synced, length, was_synced: true, pages: BTreeMap::new() };
                self.files.insert(*file, content);
                self.names.insert(path.clone(), *file);
            }
            Operation::Create { file, room, .. } => {
                let content = Content { length: *room as usize, ..Content::default() };
                self.files.insert(*file, content);
                self.pending.push(operation.clone());
            }
            Operation::Write { file, offset, bytes } => {
                self.files.get_mut(file).unwrap().write(*offset as usize, bytes);
            }
            Operation::Sync { file } => self.files.get_mut(file).unwrap().sync(),
            Operation::SetLength { file, bytes } => {
                self.files.get_mut(file).unwrap().length = *bytes as usize;
            }
            Operation::Rename { .. } | Operation::Remove { .. } => self.pending.push(operation.clone()),
            Operation::SyncFolder { path } => {
                let here = |other: &Path| other.parent() == Some(path);
                let pending = std::mem::take(&mut self.pending);
                for operation in pending {
                    let settled = match &operation {
                        Operation::Create { path, .. } | Operation::Remove { path } => here(path),
                        Operation::Rename { to, .. } => here(to),
                        _ => true,
                    };
                    if settled {
                        name(&mut self.names, &operation);
                    } else {
                        self.pending.push(operation);
                    }
                }
            }
        }
    }

    fn unsynced(&self) -> Vec<(usize, usize)> {
        let pages = |(file, content): (&usize, &Content)| {
            content.pages.keys().map(|page| (*file, *page)).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(pages).collect()
    }

    pub(crate) fn pages(&self) -> usize {
        self.unsynced().len()
    }

    /// Every subset of pages, or a sample of them, with none, some and all of the folder's operations.
    pub(crate) fn choices(&self) -> impl Iterator<Item = Choice> {
        let (count, pending) = (self.pages(), self.pending.len());
        let subsets: Vec<Vec<bool>> = if count <= EXHAUSTIVE {
            (0..1usize << count).map(|bits| (0..count).map(|at| bits >> at & 1 == 1).collect()).collect()
        } else {
            let mut seed = 0x2545_F491_4F6C_DD1Du64;
            let mut coin = move || {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed & 1 == 1
            };
            let mut sampled: Vec<Vec<bool>> =
                (0..SAMPLES).map(|_| (0..count).map(|_| coin()).collect()).collect();
            sampled.extend((0..count).map(|lost| (0..count).map(|at| at != lost).collect()));
            sampled.extend((0..=count).map(|end| (0..count).map(|at| at < end).collect()));
            sampled
        };
        let unsized_files = self.files.values().any(|content| content.synced.len() != content.length);
        subsets.into_iter().flat_map(move |pages| {
            (0..=pending).flat_map(move |folder| {
                let pages = pages.clone();
                let sizes: &[bool] = if unsized_files { &[false, true] } else { &[true] };
                sizes.iter().map(move |sizes| Choice { pages: pages.clone(), folder, sizes: *sizes })
            })
        })
    }

    /// Lays the state out as files.
    pub(crate) fn rebuild(&self, root: &Path, choice: &Choice) {
        let mut names = self.names.clone();
        self.pending[..choice.folder].iter().for_each(|operation| name(&mut names, operation));
        let unsynced = self.unsynced();
        for (path, file) in names {
            let content = &self.files[&file];
            let kept = unsynced.iter().zip(&choice.pages).filter(|((of, _), keep)| *of == file && **keep);
            let length = if choice.sizes { content.length } else { content.synced.len() };
            let bytes = content.with(kept.map(|((_, page), _)| *page), length);
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

fn name(names: &mut BTreeMap<PathBuf, usize>, operation: &Operation) {
    match operation {
        Operation::Create { file, path, .. } => drop(names.insert(path.clone(), *file)),
        Operation::Remove { path } => drop(names.remove(path)),
        Operation::Rename { from, to } => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        _ => {}
    }
}

//! Takes every way out that is certain, until none is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use stanch_model::{Diagnostic, Fix, catalog::ActionIndex};

use crate::{CheckContext, check_sources, files};

/// No honest manifest lists so many entries that are wrong.
const MOST: usize = 1_000;

/// What was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    /// The new texts of the files that changed, by path within the folder.
    pub files: BTreeMap<String, String>,
    /// What was done, in order.
    pub done: Vec<Fix>,
}

/// The fixes of a playbook's files, taken one after the other: each is found in what the one before it left.
pub fn fix_sources(
    slug: &str,
    sources: &BTreeMap<String, String>,
    index: &dyn ActionIndex,
    context: &CheckContext,
) -> Fixed {
    let mut sources = sources.clone();
    let mut fixed = Fixed::default();
    let mut seen = BTreeSet::new();
    while fixed.done.len() < MOST {
        let found = check_sources(slug, &sources, index, context);
        let next = found.into_iter().filter_map(|one| one.fix).find_map(|fix| {
            let text = fix.apply(sources.get(&fix.file)?)?;
            (!seen.contains(&text)).then_some((fix, text))
        });
        let Some((fix, text)) = next else { break };
        seen.insert(text.clone());
        sources.insert(fix.file.clone(), text.clone());
        fixed.files.insert(fix.file.clone(), text);
        fixed.done.push(fix);
    }
    fixed
}

/// Like [`fix_sources`], for a folder. Writes nothing.
///
/// # Errors
/// When a file cannot be read as it is.
pub fn fix_dir(
    path: impl AsRef<Path>,
    index: &dyn ActionIndex,
    context: &CheckContext,
) -> Result<Fixed, Vec<Diagnostic>> {
    let sources = files::read(path.as_ref()).whole()?;
    Ok(fix_sources(&files::slug(path.as_ref()), &sources, index, context))
}

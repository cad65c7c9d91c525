//! What the program says when it ends. These numbers are documented: scripts depend on them.

use std::process::ExitCode;

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: the answer is yes: contained (with or without residual), nothing found wrong, done as asked.
    Yes,
    /// 1: anything else went wrong.
    Other,
    /// 2: the command line could not be understood.
    Usage,
    /// 3: the answer is no: not contained, mistakes found.
    No,
    /// 4: it waits for a person.
    Waiting,
    /// 5: a run differs from its script, or the journal is not what was written.
    Broken,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Other => 1,
            Self::Usage => 2,
            Self::No => 3,
            Self::Waiting => 4,
            Self::Broken => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// For the foot of `--help`.
pub(crate) const HELP: &str = "\
Exit codes
  0 yes: contained, nothing wrong, done     3 no
  4 waits for a person                      5 diverged or corrupt
  2 the command line was not understood     1 anything else
Environment
  STANCH_DATA, STANCH_CONFIG, STANCH_VAULT_KEY, STANCH_URL, STANCH_TOKEN, STANCH_TWINS,
  STANCH_TWINS_MAIL, STANCH_DRILL, STANCH_LOG, NO_COLOR";

//! Random bytes that nobody guesses, from the system alone.

use ring::rand::{SecureRandom, SystemRandom};

/// So many of them.
///
/// # Errors
/// When the system gives none: then nothing may be made that rests on them.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], &'static str> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gives no random bytes")?;
    Ok(bytes)
}

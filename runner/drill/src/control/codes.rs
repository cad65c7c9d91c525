//! Codes: whoever shows one sits in its seat.

use ring::rand::{SecureRandom, SystemRandom};
use stanch_model::{Hash, api::SeatKind};

use super::{Offer, kept::KeptCode};
use crate::{DrillError, company};

/// No letter that looks like another.
const LETTERS: &[u8; 30] = b"23456789abcdefghjkmnpqrstvwxyz";

/// Bytes of chance in a code: nobody on this machine guesses it while a drill lasts.
const CHANCE: usize = 12;

/// One seat's code.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) seat: SeatKind,
    pub(crate) text: String,
    /// Whoever started the drill hands the others out.
    pub(crate) is_host: bool,
    /// Given out in an earlier life: its text is nobody's but the holder's.
    pub(crate) is_kept: bool,
}

/// All codes of a drill.
pub(crate) struct Codes {
    all: Vec<(Hash, Code)>,
    at: String,
}

impl Codes {
    /// New ones for these seats, at this address; the host has one more for a seat of theirs. Those of earlier lives go on.
    pub(crate) fn new(
        seats: &[SeatKind],
        host: Option<SeatKind>,
        at: String,
        kept: &[KeptCode],
    ) -> Result<Self, DrillError> {
        let guests = seats.iter().map(|seat| (*seat, false));
        let codes = guests.chain(host.map(|seat| (seat, true)));
        let all = codes.map(|(seat, is_host)| {
            let text = format!("{}-{}", seat.as_str(), chance()?);
            Ok((Hash::of(text.as_bytes()), Code { seat, text, is_host, is_kept: false }))
        });
        let mut all: Vec<(Hash, Code)> = all.collect::<Result<_, DrillError>>()?;
        all.extend(kept.iter().map(|KeptCode { seat, hash, is_host }| {
            let code = Code { seat: *seat, text: String::new(), is_host: *is_host, is_kept: true };
            (*hash, code)
        }));
        Ok(Self { all, at })
    }

    /// All of them, as they are kept.
    pub(crate) fn kept(&self) -> Vec<KeptCode> {
        let kept =
            |(hash, code): &(Hash, Code)| KeptCode { seat: code.seat, hash: *hash, is_host: code.is_host };
        self.all.iter().map(kept).collect()
    }

    /// The seat that this code opens. Compared by hash: how long it takes says nothing.
    pub(crate) fn opens(&self, text: &str) -> Option<&Code> {
        let shown = Hash::of(text.as_bytes());
        self.all.iter().find(|(hash, _)| *hash == shown).map(|(_, code)| code)
    }

    /// What is handed out.
    pub(crate) fn offers(&self) -> Vec<Offer> {
        let new = self.all.iter().filter(|(_, code)| !code.is_host && !code.is_kept);
        new.map(|(_, code)| self.offer(code)).collect()
    }

    /// What the host sits down with.
    pub(crate) fn host(&self) -> Option<Offer> {
        let new = self.all.iter().find(|(_, code)| code.is_host && !code.is_kept);
        new.map(|(_, code)| self.offer(code))
    }

    fn offer(&self, code: &Code) -> Offer {
        let name = company::player(code.seat).to_owned();
        Offer { seat: code.seat, name, code: format!("{}@{}", code.text, self.at) }
    }
}

fn chance() -> Result<String, DrillError> {
    let mut bytes = [0u8; CHANCE];
    let none = |_| DrillError::Seats(std::io::Error::other("the system gives no random bytes"));
    SystemRandom::new().fill(&mut bytes).map_err(none)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_its_seat_and_no_other() {
        let codes =
            Codes::new(SeatKind::ALL, Some(SeatKind::Responder), "127.0.0.1:9".to_owned(), &[]).unwrap();
        let offers = codes.offers();
        assert_eq!(offers.len(), 5);
        for offer in &offers {
            let (code, at) = offer.code.split_once('@').unwrap_or_default();
            assert_eq!((codes.opens(code).map(|code| code.seat), at), (Some(offer.seat), "127.0.0.1:9"));
        }
        let host = codes.host().map(|offer| offer.code).unwrap_or_default();
        assert!(offers.iter().all(|offer| offer.code != host));
        assert!(codes.opens("responder-").is_none() && codes.opens("").is_none());
        let other = Codes::new(SeatKind::ALL, None, String::new(), &[]).unwrap();
        assert!(other.opens(offers[0].code.split('@').next().unwrap_or_default()).is_none());

        // the same people after a death
        let later = Codes::new(SeatKind::ALL, None, String::new(), &codes.kept()).unwrap();
        for offer in offers.iter().chain(&codes.host()) {
            let text = offer.code.split('@').next().unwrap_or_default();
            let code = later.opens(text).unwrap();
            assert_eq!((code.seat, code.is_kept, code.text.as_str()), (offer.seat, true, ""));
        }
        assert!(
            later.offers().iter().all(|offer| !offers.contains(offer)),
            "an old code is not given out again"
        );
    }
}

//! Until when certificates are good: the one field of them that people forget.
//!
//! Reads no more of a certificate than the way to `notAfter`, and never says what else is in it.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rustls::pki_types::{CertificateDer, pem::PemObject};

/// Tags of DER, the encoding of certificates.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the first of these certificates ends; `None` where one cannot be read.
pub(super) fn first_end(pem: &str) -> Option<Timestamp> {
    let ends = CertificateDer::pem_slice_iter(pem.as_bytes()).map(|one| not_after(&one.ok()?));
    ends.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// `notAfter` of one certificate, RFC 5280 section 4.1.
fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (mut fields, _) = value(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = after(fields)?;
    }
    // serial number, signature algorithm, issuer
    for _ in 0..3 {
        fields = after(fields)?;
    }
    let (validity, _) = value(fields, SEQUENCE)?;
    let end = after(validity)?;
    let tag = *end.first()?;
    let text = std::str::from_utf8(value(end, tag)?.0).ok()?;
    let full = match tag {
        // Two digits: from 1950 to 2049.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let end = DateTime::strptime("%Y%m%d%H%M%SZ", full).ok()?;
    Some(end.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// What the first element holds, if it has this tag, and what comes after it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(short - 0x80))?;
            (digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (held, rest) = rest.split_at_checked(length)?;
    (first == tag).then_some((held, rest))
}

/// What comes after the first element, whatever it is.
fn after(bytes: &[u8]) -> Option<&[u8]> {
    value(bytes, *bytes.first()?).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const LASTING: &str = include_str!("../../../tests/fixtures/tls-client.pem");
    const ENDED: &str = include_str!("../../../tests/fixtures/tls-expired.pem");

    #[test]
    fn the_first_end_of_several_counts() {
        assert_eq!(first_end(LASTING).unwrap().to_string(), "2126-11-02T11:56:09Z");
        let first = first_end(ENDED).unwrap();
        assert_eq!(first_end(&format!("{LASTING}{ENDED}")), Some(first));
    }

    #[test]
    fn what_is_cut_short_anywhere_has_no_end() {
        let der = CertificateDer::from_pem_slice(LASTING.as_bytes()).unwrap();
        for length in 0..der.len() {
            assert_eq!(not_after(&der[..length]), None);
        }
        assert_eq!(first_end("no certificate"), None);
    }
}

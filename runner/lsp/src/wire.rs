//! Messages on a pair of byte streams: `Content-Length`, an empty line, JSON. Bounded, and never out of step: a message that
//! is no JSON is said to be none, and the next one is read.

use std::io::{self, BufRead, Read, Write};

use serde_json::Value;

/// No message is larger; larger ones are read past.
pub(crate) const LARGEST_MESSAGE: usize = 16 * 1024 * 1024;
/// No line of a header is longer.
const LONGEST_LINE: u64 = 4 * 1024;

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    /// A message.
    Message(Value),
    /// Bytes that are none, and why.
    Malformed(String),
}

/// Reads what comes next; none at the end of the stream.
///
/// # Errors
/// When the stream breaks.
pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = header(from)? else { return Ok(None) };
    let length = match length {
        Ok(length) if length <= LARGEST_MESSAGE => length,
        Ok(length) => {
            io::copy(&mut from.by_ref().take(length as u64), &mut io::sink())?;
            return Ok(Some(Incoming::Malformed(format!(
                "the message has {length} bytes; {LARGEST_MESSAGE} is the most"
            ))));
        }
        Err(why) => return Ok(Some(Incoming::Malformed(why))),
    };
    let mut body = Vec::new();
    if from.by_ref().take(length as u64).read_to_end(&mut body)? < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Malformed(format!("the message is no JSON: {error}")),
    }))
}

/// The length that a header names, or what is wrong with it; none at the end of the stream.
fn header(from: &mut impl BufRead) -> io::Result<Option<Result<usize, String>>> {
    let mut length = None;
    let mut seen = false;
    loop {
        let mut line = Vec::new();
        if from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(Some(match length {
                Some(length) => length,
                None if seen => Err("a header without Content-Length".to_owned()),
                None => continue,
            }));
        }
        seen = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            let number = value.trim().parse::<usize>();
            length = Some(number.map_err(|_| format!("`{}` is no Content-Length", value.trim())));
        }
    }
}

/// Writes one message.
///
/// # Errors
/// When the stream breaks.
pub(crate) fn write(to: &mut impl Write, message: &Value) -> io::Result<()> {
    let body = message.to_string();
    write!(to, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(bytes: &[u8]) -> Vec<Incoming> {
        let mut from = bytes;
        std::iter::from_fn(|| read(&mut from).unwrap()).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        for message in [json!({ "a": "é" }), json!(1)] {
            write(&mut bytes, &message).unwrap();
        }
        assert_eq!(all(&bytes), [json!({ "a": "é" }), json!(1)].map(Incoming::Message));
    }

    #[test]
    fn after_a_malformed_message_the_next_is_read() {
        let good = "content-length: 2\r\nContent-Type: x\r\n\r\n{}";
        for bad in [
            "Content-Length: 3\r\n\r\n{]}".to_owned(),
            "Content-Length: many\r\n\r\n".to_owned(),
            "Content-Length: -1\r\n\r\n".to_owned(),
            "X: y\r\n\r\n".to_owned(),
            format!("Content-Length: {}\r\n\r\n{}", LARGEST_MESSAGE + 1, " ".repeat(LARGEST_MESSAGE + 1)),
            "Content-Length: 2\r\n\r\n\u{e9}".to_owned(),
        ] {
            let found = all(format!("{bad}{good}").as_bytes());
            assert_eq!(found.len(), 2, "{}", &bad[..bad.len().min(40)]);
            assert!(matches!(found[0], Incoming::Malformed(_)), "{:?}", found[0]);
            assert_eq!(found[1], Incoming::Message(json!({})));
        }
    }

    #[test]
    fn a_stream_that_ends_within_a_message_ends() {
        for cut in ["", "Content", "Content-Length: 9\r\n", "Content-Length: 9\r\n\r\n{}"] {
            assert_eq!(all(cut.as_bytes()), []);
        }
    }
}

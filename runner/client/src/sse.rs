//! Reading server-sent events out of a stream of bytes.

/// One event; comments (beats) are events without data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

/// Bytes in, events out. A character may be cut in two by the network; a line may not be longer than [`MOST`].
#[derive(Debug, Default)]
pub(crate) struct Parser {
    buffer: Vec<u8>,
    event: Raw,
}

/// Larger entries lie beside the journal and are named by their hash.
const MOST: usize = 16 * 1024 * 1024;

/// A line without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Parser {
    /// Takes bytes; gives the events that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Raw>, TooLong> {
        self.buffer.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut from = 0;
        while let Some(at) = self.buffer[from..].iter().position(|byte| *byte == b'\n') {
            let line = self.buffer[from..from + at].to_vec();
            from += at + 1;
            self.line(&line, &mut events);
        }
        self.buffer.drain(..from);
        if self.buffer.len() > MOST { Err(TooLong) } else { Ok(events) }
    }

    fn line(&mut self, line: &[u8], events: &mut Vec<Raw>) {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        if line.is_empty() {
            events.push(std::mem::take(&mut self.event));
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "data" if self.event.data.is_empty() => value.clone_into(&mut self.event.data),
            "data" => {
                self.event.data.push('\n');
                self.event.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_the_network_cuts_them() {
        let stream =
            "id: c1\nevent: entry\ndata: {\"x\":\"é\"}\n\n: beat\n\nid: c2\r\ndata: a\r\ndata: b\r\n\r\n"
                .as_bytes();
        for step in 1..stream.len() {
            let mut parser = Parser::default();
            let events: Vec<Raw> =
                stream.chunks(step).flat_map(|chunk| parser.feed(chunk).unwrap()).collect();
            let data: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
            assert_eq!(data, ["{\"x\":\"é\"}", "", "a\nb"], "{step}");
            assert_eq!(events[2].id.as_deref(), Some("c2"));
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(&vec![b'x'; MOST + 1]), Err(TooLong));
    }
}

//! The commands of a document: enough of the shell's grammar to read what we write ourselves.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The word behind the fence.
    pub(crate) language: String,
    pub(crate) text: String,
}

/// The fenced blocks of a document.
pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for line in document.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(language), None) => {
                open = Some(Block { language: language.trim().to_owned(), text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    found
}

/// The commands that people are told to type: those of `sh` blocks, those behind `$` in `console` blocks, and `stanch …`
/// inside a sentence.
pub(crate) fn commands(document: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for block in blocks(document) {
        let typed = block.text.replace("\\\n", " ");
        match block.language.as_str() {
            "sh" => found.extend(typed.lines().flat_map(simple)),
            "console" => {
                found.extend(typed.lines().filter_map(|line| line.strip_prefix("$ ")).flat_map(simple))
            }
            _ => {}
        }
    }
    let prose = document.split("```").step_by(2);
    let spans = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    found.extend(spans.filter(|span| span.starts_with("stanch ")).flat_map(simple));
    found
}

/// One line as the simple commands in it, each as its words. Substitutions become commands of their own.
fn simple(line: &str) -> Vec<Vec<String>> {
    let (mut found, mut words, mut word, mut quote) = (Vec::new(), Vec::new(), None::<String>, None);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('$', None | Some('"')) if rest.next_if_eq(&'(').is_some() => {
                let inner: String = rest.by_ref().take_while(|c| *c != ')').collect();
                found.extend(simple(&inner));
                word.get_or_insert_default().push_str("substituted");
            }
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            ('#', None) if word.is_none() => break,
            ('|' | ';' | '&' | '>' | '<', None) => {
                words.extend(word.take());
                found.push(std::mem::take(&mut words));
            }
            (' ', None) => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    found.push(words);
    found.retain(|words| !words.is_empty());
    for words in &mut found {
        // NAME=value before a command is not part of it
        let set = words
            .iter()
            .take_while(|word| word.split_once('=').is_some_and(|(name, _)| variable(name)))
            .count();
        words.drain(..set);
    }
    found.retain(|words| !words.is_empty());
    found
}

fn variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[test]
fn lines_fall_into_commands_and_words() {
    let words = |line| simple(line).into_iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(words("a 'b c' \"d\" # e"), ["a|b c|d"]);
    assert_eq!(
        words("X=$(stanch tokens new ben) stanch runs | head -1"),
        ["stanch|tokens|new|ben", "stanch|runs", "head|-1"]
    );
    assert_eq!(words("curl -H \"S: $(openssl dgst \"x\")\""), ["openssl|dgst|x", "curl|-H|S: substituted"]);
}

#[test]
fn commands_stand_in_blocks_and_in_sentences() {
    let text = "see `stanch runs` and `x`\n```sh\nstanch init \\\n  here\n```\n```console\n$ stanch demo\nstanch ran\n```\n";
    let found: Vec<String> = commands(text).into_iter().map(|words| words.join(" ")).collect();
    assert_eq!(found, ["stanch init here", "stanch demo", "stanch runs"]);
}

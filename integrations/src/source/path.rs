//! Places in an event: `client.ipAddress`, `alerts.0.id`, `target[type=User].alternateId`.
//!
//! A choice in brackets takes the first item of a list whose key holds one of the words (`[type=*App*|*Client*]`); a map
//! stands for a list of one. Parsed once; a walk allocates nothing.

use serde_json::Value;

use super::glob::Glob;

/// A parsed path. The empty one is the event itself.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Path {
    source: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Choice { key: String, words: Vec<Glob> },
}

impl Path {
    /// Parses one.
    ///
    /// # Errors
    /// What is wrong with it, for its author.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = source;
        while !rest.is_empty() {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if !name.is_empty() {
                steps.push(Step::Name(name.to_owned()));
            }
            rest = match after.as_bytes().first() {
                Some(b'[') => {
                    let (inner, after) = after[1..]
                        .split_once(']')
                        .ok_or_else(|| format!("`{source}`: a bracket is never closed"))?;
                    steps.push(choice(inner, source)?);
                    after.strip_prefix('.').unwrap_or(after)
                }
                Some(_) if name.is_empty() => return Err(format!("`{source}`: nothing stands before a dot")),
                Some(_) if after.len() == 1 => {
                    return Err(format!("`{source}`: nothing stands after the last dot"));
                }
                Some(_) => &after[1..],
                None => after,
            };
        }
        Ok(Self { source: source.to_owned(), steps })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// What stands there; `None` for nothing and for null.
    pub(crate) fn get<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        let found = self.steps.iter().try_fold(value, |value, step| step.down(value))?;
        (!found.is_null()).then_some(found)
    }

    /// Takes out what stands there.
    pub(crate) fn take(&self, value: &mut Value) -> Option<Value> {
        let (last, above) = self.steps.split_last()?;
        let mut at = value;
        for step in above {
            at = step.down_mut(at)?;
        }
        match last {
            Step::Name(name) => match at {
                Value::Object(map) => map.remove(name),
                Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?).map(Value::take),
                _ => None,
            },
            Step::Choice { .. } => last.down_mut(at).map(Value::take),
        }
    }
}

impl Step {
    fn down<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match (self, value) {
            (Self::Name(name), Value::Object(map)) => map.get(name),
            (Self::Name(name), Value::Array(items)) => items.get(name.parse::<usize>().ok()?),
            (Self::Choice { .. }, Value::Array(items)) => items.iter().find(|item| self.chooses(item)),
            (Self::Choice { .. }, Value::Object(_)) => self.chooses(value).then_some(value),
            _ => None,
        }
    }

    fn down_mut<'a>(&self, value: &'a mut Value) -> Option<&'a mut Value> {
        match (self, value) {
            (Self::Name(name), Value::Object(map)) => map.get_mut(name),
            (Self::Name(name), Value::Array(items)) => items.get_mut(name.parse::<usize>().ok()?),
            (Self::Choice { .. }, Value::Array(items)) => items.iter_mut().find(|item| self.chooses(item)),
            (Self::Choice { .. }, value @ Value::Object(_)) => self.chooses(value).then_some(value),
            _ => None,
        }
    }

    fn chooses(&self, item: &Value) -> bool {
        let Self::Choice { key, words } = self else { return false };
        match item.get(key) {
            Some(Value::String(text)) => words.iter().any(|word| word.fits(text)),
            Some(Value::Number(number)) => {
                let text = number.to_string();
                words.iter().any(|word| word.fits(&text))
            }
            _ => false,
        }
    }
}

fn choice(inner: &str, source: &str) -> Result<Step, String> {
    let (key, words) = inner
        .split_once('=')
        .filter(|(key, words)| !key.is_empty() && !words.is_empty())
        .ok_or_else(|| format!("`{source}`: a choice is written `[key=word]`"))?;
    Ok(Step::Choice { key: key.to_owned(), words: words.split('|').map(Glob::new).collect() })
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        Self::parse(&source)
    }
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(path: &str, value: &Value) -> Option<Value> {
        Path::parse(path).unwrap().get(value).cloned()
    }

    #[test]
    fn paths_lead_through_maps_lists_and_choices() {
        let event = json!({
            "actor": { "type": "User", "id": "a" },
            "target": [{ "type": "AppInstance", "id": "x" }, { "type": "User", "id": "u", "ids": [1, 2] }],
            "evidence": [{ "@odata.type": "#microsoft.graph.security.userEvidence", "name": "ana" }],
            "none": null,
        });
        for (path, found) in [
            ("actor.id", Some(json!("a"))),
            ("target.1.ids.0", Some(json!(1))),
            ("target[type=User].id", Some(json!("u"))),
            ("target[type=*client*|*app*].id", Some(json!("x"))),
            ("actor[type=User].id", Some(json!("a"))),
            ("actor[type=*App*].id", None),
            ("evidence[@odata.type=*.userEvidence].name", Some(json!("ana"))),
            ("target[type=Group].id", None),
            ("none", None),
            ("target.9.id", None),
            ("actor.id.deeper", None),
        ] {
            assert_eq!(at(path, &event), found, "{path}");
        }
        assert_eq!(at("", &event), Some(event));
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (path, why) in [
            ("a[b", "never closed"),
            ("a[b]", "[key=word]"),
            ("a[=b]", "[key=word]"),
            (".a", "before a dot"),
            ("a..b", "before a dot"),
            ("a.", "after the last dot"),
        ] {
            let said = Path::parse(path).unwrap_err();
            assert!(said.contains(why), "{path}: {said}");
        }
    }

    #[test]
    fn what_must_be_forgotten_is_taken_out() {
        let mut event = json!({ "alert": { "secret": "x", "n": 1 }, "items": [{ "k": "a", "v": 1 }] });
        assert_eq!(Path::parse("alert.secret").unwrap().take(&mut event), Some(json!("x")));
        assert_eq!(Path::parse("items[k=a].v").unwrap().take(&mut event), Some(json!(1)));
        assert_eq!(Path::parse("alert.secret").unwrap().take(&mut event), None);
        assert_eq!(event, json!({ "alert": { "n": 1 }, "items": [{ "k": "a" }] }));
    }
}

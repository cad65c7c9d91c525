//! A SOQL query as a tree.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    SoqlError,
    words::{Word, cut},
};

/// Conditions in conditions: deeper than any person writes, shallow enough for the stack.
const DEPTH_MAX: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) fields: Vec<String>,
    pub(super) count: bool,
    pub(super) object: String,
    pub(super) filter: Option<Condition>,
    /// (field, descending)
    pub(super) order: Vec<(String, bool)>,
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
}

#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Field(String, Test),
}

#[derive(Debug)]
pub(super) enum Test {
    Equal(Value),
    Unequal(Value),
    Ordered(&'static [Ordering], Value),
    Like(String),
    In(Vec<Value>),
}

impl Condition {
    /// The fields that it asks about.
    pub(super) fn fields<'a>(&'a self, into: &mut Vec<&'a String>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.fields(into)),
            Self::Not(part) => part.fields(into),
            Self::Field(field, _) => into.push(field),
        }
    }
}

/// Reads a query.
pub(super) fn query(text: &str) -> Result<Query, SoqlError> {
    let mut words = Words { words: cut(text)?, at: 0 };
    let mut query = Query::default();
    words.expect("SELECT")?;
    if words.take("COUNT") {
        words.expect("(")?;
        words.expect(")")?;
        query.count = true;
    } else {
        query.fields = words.list(Words::name)?;
    }
    words.expect("FROM")?;
    query.object = words.name()?;
    if words.take("WHERE") {
        query.filter = Some(words.condition(0)?);
    }
    if words.take("ORDER") {
        words.expect("BY")?;
        query.order = words.list(Words::order)?;
    }
    if words.take("LIMIT") {
        query.limit = Some(words.whole()?);
    }
    if words.take("OFFSET") {
        query.offset = words.whole()?;
    }
    match words.next() {
        None => Ok(query),
        Some(word) => Err(malformed(format!("unexpected token: {word:?}"))),
    }
}

fn malformed(message: impl Into<String>) -> SoqlError {
    SoqlError { code: "MALFORMED_QUERY", message: message.into() }
}

struct Words {
    words: Vec<Word>,
    at: usize,
}

impl Words {
    fn next(&mut self) -> Option<Word> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn is(&self, wanted: &str) -> bool {
        match self.words.get(self.at) {
            Some(Word::Bare(word)) => word.eq_ignore_ascii_case(wanted),
            Some(Word::Sign(sign)) => sign == wanted,
            _ => false,
        }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is = self.is(wanted);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, wanted: &str) -> Result<(), SoqlError> {
        if self.take(wanted) { Ok(()) } else { Err(malformed(format!("expecting '{wanted}'"))) }
    }

    fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, SoqlError>,
    ) -> Result<Vec<T>, SoqlError> {
        let mut all = vec![one(self)?];
        while self.take(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn name(&mut self) -> Result<String, SoqlError> {
        if self.is("FROM") || self.is("WHERE") {
            return Err(malformed("expecting a name"));
        }
        match self.next() {
            Some(Word::Bare(name)) if name.starts_with(|first: char| first.is_alphabetic()) => Ok(name),
            other => Err(malformed(format!("expecting a name, found {other:?}"))),
        }
    }

    fn order(&mut self) -> Result<(String, bool), SoqlError> {
        let field = self.name()?;
        let descending = self.take("DESC");
        if !descending {
            self.take("ASC");
        }
        if self.take("NULLS") && !self.take("FIRST") {
            self.expect("LAST")?;
        }
        Ok((field, descending))
    }

    fn whole(&mut self) -> Result<usize, SoqlError> {
        match self.next() {
            Some(Word::Bare(number)) => number.parse().map_err(|_| malformed("expecting a number")),
            other => Err(malformed(format!("expecting a number, found {other:?}"))),
        }
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, SoqlError> {
        if depth > DEPTH_MAX {
            return Err(malformed("too many nested conditions"));
        }
        let first = self.single(depth)?;
        let (joint, make): (_, fn(Vec<Condition>) -> Condition) =
            if self.is("OR") { ("OR", Condition::Any) } else { ("AND", Condition::All) };
        let mut parts = vec![first];
        while self.take(joint) {
            parts.push(self.single(depth)?);
        }
        if self.is("AND") || self.is("OR") {
            return Err(malformed("AND and OR together need parentheses"));
        }
        Ok(make(parts))
    }

    fn single(&mut self, depth: usize) -> Result<Condition, SoqlError> {
        if depth > DEPTH_MAX {
            return Err(malformed("too many nested conditions"));
        }
        if self.take("NOT") {
            return Ok(Condition::Not(Box::new(self.single(depth + 1)?)));
        }
        if self.take("(") {
            let inside = self.condition(depth + 1)?;
            self.expect(")")?;
            return Ok(inside);
        }
        let field = self.name()?;
        self.test(field)
    }

    fn test(&mut self, field: String) -> Result<Condition, SoqlError> {
        use Ordering::{Equal, Greater, Less};
        if self.take("LIKE") {
            return match self.next() {
                Some(Word::Text(pattern)) => Ok(Condition::Field(field, Test::Like(pattern))),
                other => Err(malformed(format!("LIKE needs a text, found {other:?}"))),
            };
        }
        if self.take("IN") {
            return Ok(Condition::Field(field, Test::In(self.values()?)));
        }
        if self.take("NOT") {
            self.expect("IN")?;
            let inside = Condition::Field(field, Test::In(self.values()?));
            return Ok(Condition::Not(Box::new(inside)));
        }
        let Some(Word::Sign(sign)) = self.next() else { return Err(malformed("expecting an operator")) };
        let value = self.value()?;
        let test = match sign.as_str() {
            "=" => Test::Equal(value),
            "!=" | "<>" => Test::Unequal(value),
            "<" => Test::Ordered(&[Less], value),
            "<=" => Test::Ordered(&[Less, Equal], value),
            ">" => Test::Ordered(&[Greater], value),
            ">=" => Test::Ordered(&[Greater, Equal], value),
            other => return Err(malformed(format!("unknown operator '{other}'"))),
        };
        Ok(Condition::Field(field, test))
    }

    fn values(&mut self) -> Result<Vec<Value>, SoqlError> {
        self.expect("(")?;
        let values = self.list(Words::value)?;
        self.expect(")")?;
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, SoqlError> {
        match self.next() {
            Some(Word::Text(text)) => Ok(Value::String(text)),
            Some(Word::Bare(word)) => Ok(match word.to_ascii_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                other => match other.parse::<f64>() {
                    Ok(number) => Value::from(number),
                    Err(_) => Value::String(word),
                },
            }),
            other => Err(malformed(format!("expecting a value, found {other:?}"))),
        }
    }
}

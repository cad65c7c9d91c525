//! One simulated tenant: its store, the tokens it knows, and what the current request is about.
//!
//! Everything in it belongs to one platform instance and is only touched under that platform's lock.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::store::{Mark, Store};

/// How many cursors over kept results a tenant remembers.
const CURSORS_MAX: usize = 64;

/// A tenant in the hands of its script.
pub(crate) type Db = Arc<Mutex<Tenant>>;

/// A token that the tenant accepts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Token {
    /// What it may do; everything where absent.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// When it ends.
    pub(crate) expires: Option<Timestamp>,
}

/// New grants that come by themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Coming {
    pub(crate) at: Timestamp,
    pub(crate) app: String,
    pub(crate) grants: u32,
}

/// What the current request is about: for the ledger, and for the addresses in its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Current {
    /// Overrides the route's operation, where several share one address.
    pub(crate) operation: Option<String>,
    /// Overrides the last path parameter.
    pub(crate) target: Option<String>,
    /// `http://127.0.0.1:7400/okta`.
    pub(crate) base: String,
    /// The path behind it.
    pub(crate) path: String,
    /// The query, in order.
    pub(crate) query: Vec<(String, String)>,
    /// What the token may do; everything where absent.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// Lists are empty: the token may not see them.
    pub(crate) blind: bool,
}

/// The state of one platform instance.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) integration: String,
    pub(crate) store: Store,
    pub(crate) now: Timestamp,
    pub(crate) current: Current,
    pub(crate) tokens: BTreeMap<String, Token>,
    /// How many grants an app was given so far: the next goes to the next holder.
    pub(crate) given: BTreeMap<String, u32>,
    pub(crate) coming: Vec<Coming>,
    /// Names of changes from outside that happened and do not happen again.
    pub(crate) done: BTreeSet<String>,
    /// Up to where the trail tells what happened here.
    pub(crate) trail: Option<Mark>,
    pub(crate) seed: u64,
    pub(crate) drawn: u64,
    /// No list gives more rows at once; as many as the platform does where absent.
    pub(crate) page: Option<u32>,
    cursors: VecDeque<(String, Arc<Vec<Value>>)>,
}

impl Tenant {
    /// Whether what has this name did not happen yet; it does now. What has no name is always new.
    pub(crate) fn is_new(&mut self, name: &str) -> bool {
        name.is_empty() || self.done.insert(name.to_owned())
    }

    pub(crate) fn new(integration: &str, seed: u64, now: Timestamp) -> Self {
        let mut store = Store::default();
        store.set_now(now);
        Self {
            integration: integration.to_owned(),
            store,
            now,
            current: Current::default(),
            tokens: BTreeMap::from([(super::token(integration), Token::default())]),
            given: BTreeMap::new(),
            coming: Vec::new(),
            done: BTreeSet::new(),
            trail: None,
            seed,
            drawn: 0,
            page: None,
            cursors: VecDeque::new(),
        }
    }

    /// Time goes on.
    pub(crate) fn at(&mut self, now: Timestamp) {
        self.now = now;
        self.store.set_now(now);
    }

    /// The next id: this prefix, then letters and digits up to this length. The same seed gives the same ids.
    pub(crate) fn draw(&mut self, prefix: &str, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        self.drawn += 1;
        let mut id = prefix.to_owned();
        let mut block = 0_u32;
        while id.len() < length {
            let seed = format!("{}/{}/{}/{block}", self.seed, self.integration, self.drawn);
            let hash = Sha256::digest(seed.as_bytes());
            id.extend(
                hash.iter()
                    .take(length - id.len())
                    .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])),
            );
            block += 1;
        }
        id
    }

    /// The tokens of the program under test: the one it is given, and those that it was issued for it.
    fn own(&mut self) -> impl Iterator<Item = &mut Token> {
        let given = super::token(&self.integration);
        let issued = format!("{given}.");
        let tokens = self.tokens.iter_mut();
        tokens.filter(move |(name, _)| **name == given || name.starts_with(&issued)).map(|(_, token)| token)
    }

    /// Limits the program under test to scopes, with every token that it holds or makes.
    pub(crate) fn limit(&mut self, scopes: Option<&BTreeSet<String>>) {
        self.own().for_each(|token| token.scopes = scopes.cloned());
    }

    /// Somebody revoked the credential of the program under test: it and all that was issued for it are strangers now.
    pub(crate) fn disown(&mut self) {
        let given = super::token(&self.integration);
        let issued = format!("{given}.");
        self.tokens.retain(|name, _| *name != given && !name.starts_with(&issued));
    }

    /// What the program under test must prove at a token endpoint; nothing that it could know once it is disowned.
    pub(crate) fn secret(&mut self) -> String {
        let given = super::token(&self.integration);
        if self.tokens.contains_key(&given) { given } else { self.draw("another-", 40) }
    }

    /// A new access token that lives so long. It may do what the given one may, unless scopes are named.
    pub(crate) fn issue(&mut self, seconds: i64, scopes: Option<BTreeSet<String>>) -> String {
        let prefix = format!("{}.", super::token(&self.integration));
        let token = self.draw(&prefix, prefix.len() + 24);
        let given = self.tokens.get(&super::token(&self.integration));
        let scopes = scopes.or_else(|| given.and_then(|given| given.scopes.clone()));
        let expires = self.now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok();
        self.tokens.insert(token.clone(), Token { scopes, expires });
        token
    }

    /// The token, if it is known and has not expired.
    pub(crate) fn accepts(&self, token: &str) -> Option<&Token> {
        self.tokens.get(token).filter(|known| known.expires.is_none_or(|end| self.now < end))
    }

    /// What a token may do; everything where absent. One that was issued may do what the credential behind it may, unless it
    /// was issued for less.
    pub(crate) fn scopes(&self, token: &str) -> Option<BTreeSet<String>> {
        let own = self.tokens.get(token).and_then(|known| known.scopes.clone());
        own.or_else(|| {
            let credential = super::token(&self.integration);
            let issued = token.strip_prefix(&credential).is_some_and(|rest| rest.starts_with('.'));
            self.tokens.get(&credential).filter(|_| issued)?.scopes.clone()
        })
    }

    /// Keeps a result to be paged through: it stays as it was. Gives the cursor.
    pub(crate) fn keep(&mut self, prefix: &str, rows: Arc<Vec<Value>>) -> String {
        let cursor = self.draw(prefix, 18);
        if self.cursors.len() == CURSORS_MAX {
            self.cursors.pop_front();
        }
        self.cursors.push_back((cursor.clone(), rows));
        cursor
    }

    /// The result behind a cursor.
    pub(crate) fn kept(&self, cursor: &str) -> Option<Arc<Vec<Value>>> {
        self.cursors.iter().find(|(known, _)| known == cursor).map(|(_, rows)| rows.clone())
    }
}

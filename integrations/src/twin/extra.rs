//! What a platform's share of `world.extra` may hold. Its script declares it; a key that it never reads is a slip of the
//! pen that would otherwise leave the world silently poorer, so it is refused.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;
use stanch_model::diagnostic::did_you_mean;

use super::{catalog, script::Script, tenant::Tenant};

/// Keys of the share; for a list of maps the keys of each.
pub(crate) type Extra = BTreeMap<String, Vec<String>>;

/// A key that the script does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownExtra {
    /// Where it stands within the platform's share: keys and positions, itself last.
    pub path: Vec<String>,
    /// What could stand there.
    pub known: Vec<String>,
}

impl UnknownExtra {
    /// The key itself.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The way out.
    pub fn help(&self) -> String {
        match did_you_mean(self.name(), self.known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.known.is_empty() => "it takes nothing of its own: leave it out".to_owned(),
            None => format!("it takes {}", self.known.join(", ")),
        }
    }
}

impl fmt::Display for UnknownExtra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`extra` has no `{}`: {}", self.path.join("."), self.help())
    }
}

/// What of a share the simulated platform that comes with the program does not know. Of any other it cannot be told here.
pub fn unknown_extra(platform: &str, share: &Value) -> Vec<UnknownExtra> {
    let Some(source) = catalog::script(platform) else { return Vec::new() };
    let tenant = Tenant::new(platform, 1, jiff::Timestamp::UNIX_EPOCH);
    let script = Script::compile(source, &std::sync::Arc::new(parking_lot::Mutex::new(tenant)));
    script.map_or_else(|_| Vec::new(), |script| unknown(script.plan().extra.as_ref(), share))
}

/// The same for what a script declares; nothing is unknown to one that declares nothing.
pub(crate) fn unknown(declared: Option<&Extra>, share: &Value) -> Vec<UnknownExtra> {
    let (Some(declared), Some(share)) = (declared, share.as_object()) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in share {
        let Some(rows) = declared.get(name) else {
            found.push(UnknownExtra { path: vec![name.clone()], known: declared.keys().cloned().collect() });
            continue;
        };
        if rows.is_empty() {
            continue;
        }
        for (nth, row) in value.as_array().into_iter().flatten().enumerate() {
            for key in row.as_object().into_iter().flat_map(serde_json::Map::keys) {
                if !rows.contains(key) {
                    let path = vec![name.clone(), nth.to_string(), key.clone()];
                    found.push(UnknownExtra { path, known: rows.clone() });
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_script_declares_what_it_reads() {
        for platform in catalog::platforms() {
            let source = catalog::script(&platform).unwrap();
            let tenant = Tenant::new(&platform, 1, jiff::Timestamp::UNIX_EPOCH);
            let script =
                Script::compile(source, &std::sync::Arc::new(parking_lot::Mutex::new(tenant))).unwrap();
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let reads: BTreeSet<String> = code
                .flat_map(|line| line.split("extra.").skip(1))
                .map(|rest| rest.chars().take_while(|c| is_word(*c)).collect())
                .collect();
            let declared: BTreeSet<String> =
                script.plan().extra.iter().flatten().map(|one| one.0.clone()).collect();
            assert_eq!(reads, declared, "{platform}");
            assert!(script.plan().extra.is_some(), "{platform}: write extra([]) where it takes nothing");
        }
    }

    #[test]
    fn what_is_unknown_is_named_with_the_way_out() {
        let words = |share: Value| -> Vec<String> {
            unknown_extra("github", &share).iter().map(ToString::to_string).collect()
        };
        let fine = json!({ "secrets": [{ "repo": "web", "number": 42 }], "revoke_lag": 3 });
        assert_eq!(words(fine), Vec::<String>::new());
        let wrong = words(json!({ "secrts": [], "personal": [{ "login": "ana.adler", "typ": "ssh_key" }] }));
        assert_eq!(
            wrong,
            [
                "`extra` has no `personal.0.typ`: did you mean `type`?",
                "`extra` has no `secrts`: did you mean `secrets`?"
            ]
        );
        let nothing = unknown_extra("kong", &json!({ "keys": 3 }));
        assert_eq!(nothing[0].help(), "it takes nothing of its own: leave it out");
    }
}

//! Hosts that an address in a message may lead to: `sns.*.amazonaws.com`.

use url::Url;

/// A host's name, where `*` is exactly one part of it: more would let anybody's bucket in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostGlob(Vec<String>);

impl HostGlob {
    pub(crate) fn new(source: &str) -> Self {
        Self(source.to_ascii_lowercase().split('.').map(str::to_owned).collect())
    }

    /// True for an https address at this host and its usual port, without user or password.
    pub(crate) fn allows(&self, url: &Url) -> bool {
        let plain = url.scheme() == "https"
            && url.port_or_known_default() == Some(443)
            && url.username().is_empty()
            && url.password().is_none();
        let Some(host) = url.host_str().filter(|_| plain) else { return false };
        let parts: Vec<&str> = host.split('.').collect();
        parts.len() == self.0.len()
            && parts.iter().zip(&self.0).all(|(part, glob)| part == glob || (glob == "*" && name(part)))
    }
}

fn name(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_part_of_a_name() {
        let glob = HostGlob::new("sns.*.amazonaws.com");
        for (url, allowed) in [
            ("https://sns.us-east-1.amazonaws.com/x.pem", true),
            ("https://SNS.eu-west-1.amazonaws.com/", true),
            ("http://sns.us-east-1.amazonaws.com/", false),
            ("https://sns.us-east-1.amazonaws.com:8443/", false),
            ("https://me@sns.us-east-1.amazonaws.com/", false),
            ("https://sns.mine.s3.amazonaws.com/x.pem", false),
            ("https://sns.us-east-1.amazonaws.com.evil.example/", false),
            ("https://sns.us-east-1.amazonaws.com.cn/", false),
            ("https://evil.example/sns.us-east-1.amazonaws.com", false),
        ] {
            assert_eq!(glob.allows(&url.parse().unwrap()), allowed, "{url}");
        }
    }
}

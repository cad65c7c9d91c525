//! A source as configurations, lists and people know it.

use stanch_model::{
    catalog::{SettingInfo, SourceInfo},
    duration,
};

use super::{
    proof::spec::{ProofSpec, SecretPlace},
    spec::SourceSpec,
};

pub(crate) fn info(platform: &str, format: &str, spec: &SourceSpec) -> SourceInfo {
    let setting = |(name, spec): (&String, &super::spec::SourceSetting)| SettingInfo {
        name: name.clone(),
        help: spec.help.clone(),
        default: spec.default.clone(),
        required: !spec.optional && spec.default.is_none(),
    };
    SourceInfo {
        platform: platform.to_owned(),
        format: format.to_owned(),
        title: spec.title.clone(),
        docs: spec.docs.clone(),
        setup: spec.setup.clone(),
        template: spec.template.clone(),
        proof: proof(spec),
        fetched: spec.poll.is_some(),
        secret: spec.proof.as_ref().is_some_and(has_secret),
        generic: spec.generic,
        settings: spec.settings.iter().map(setting).collect(),
        detections: spec.meaning.iter().filter_map(|rule| rule.name.clone()).collect(),
        kinds: kinds(spec),
    }
}

/// What a rule or the sender says that an event is.
fn kinds(spec: &SourceSpec) -> Vec<String> {
    let rules = || spec.meaning.iter().chain(&spec.other);
    let said = rules().filter_map(|rule| rule.kind.as_ref()).map(|kind| starred(kind.source()));
    let shapes = std::iter::once(&spec.alert).chain(rules().filter_map(|rule| rule.alert.as_ref()));
    let taken =
        shapes.filter_map(|shape| shape.kind.as_ref()).flat_map(super::take::Take::ways).map(
            |way| match way {
                super::take::Way::Path(_) => "*".to_owned(),
                way => starred(way.source()),
            },
        );
    let all: std::collections::BTreeSet<String> = said.chain(taken).collect();
    all.into_iter().collect()
}

/// A template with a star for every part that is filled in.
fn starred(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        text.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    text + rest
}

fn proof(spec: &SourceSpec) -> String {
    match (&spec.proof, &spec.poll) {
        (Some(proof), _) => words(proof),
        (None, Some(poll)) => format!("asked by us every {}", duration::format(poll.every.0)),
        (None, None) => String::new(),
    }
}

fn has_secret(proof: &ProofSpec) -> bool {
    matches!(proof, ProofSpec::SecretIn(_) | ProofSpec::Hmac(_))
}

/// For people.
fn words(proof: &ProofSpec) -> String {
    match proof {
        ProofSpec::SecretIn(SecretPlace::Header(name)) => match name.single() {
            Some(_) => "a shared secret in a header".to_owned(),
            None => format!("a shared secret in the header {}", name.source()),
        },
        ProofSpec::SecretIn(SecretPlace::Path) => "a shared secret at the end of the address".to_owned(),
        ProofSpec::SecretIn(SecretPlace::Event(at)) => {
            format!("a shared secret in every event, at {}", at.source())
        }
        ProofSpec::Hmac(hmac) => match &hmac.time {
            Some(time) => {
                let within = duration::format(time.within.0);
                format!("HMAC-SHA256 over time and body, signed within {within}")
            }
            None => "HMAC-SHA256 over the body".to_owned(),
        },
        ProofSpec::Sns(_) => "an RSA signature by Amazon, of one topic".to_owned(),
        ProofSpec::Jwt(_) => "a token signed by the issuer, in a header".to_owned(),
        ProofSpec::Set(_) => "the body is a token signed by the issuer".to_owned(),
    }
}

//! Any sender that signs its body with HMAC-SHA256: header, prefix and encoding come from the configuration, and `map`
//! says where the fields of an alert stand.

use jiff::Timestamp;
use serde_json::Value;
use stanch_model::{Alert, Severity, config::SignatureEncoding};

use super::{Accepted, RawRequest, Refusal, Source, Trust, field, header, json, only_post};

/// Where the signature stands unless the configuration says otherwise.
const HEADER: &str = "x-signature-256";

pub(super) fn accept(
    source: &Source,
    request: RawRequest<'_>,
    trust: Trust,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    only_post(request)?;
    if trust == Trust::Source {
        prove(source, request)?;
    }
    let body = json(request.body)?;
    let alert = alert(source, body, &field::hash_id(request.body), &|name| name.to_owned(), now)?;
    Ok(Accepted::Alerts(vec![alert]))
}

fn prove(source: &Source, request: RawRequest<'_>) -> Result<(), Refusal> {
    let name = source.config.header.as_deref().unwrap_or(HEADER);
    let given =
        header(request, name).ok_or_else(|| Refusal::unproven(format!("there is no header `{name}`")))?;
    let signature = match source.config.prefix.as_deref() {
        Some(prefix) => given.strip_prefix(prefix),
        None => Some(given.strip_prefix("sha256=").unwrap_or(given)),
    };
    let encoding = source.config.encoding.unwrap_or(SignatureEncoding::Hex);
    let proven = signature.is_some_and(|text| source.proof.signed(&[request.body], text.trim(), encoding));
    if proven { Ok(()) } else { Err(Refusal::unproven("the signature does not fit the body")) }
}

/// Reads an alert through the source's `map`; `usual` says where a field stands that the map does not name.
pub(super) fn alert(
    source: &Source,
    body: Value,
    delivery: &str,
    usual: &dyn Fn(&str) -> String,
    now: Timestamp,
) -> Result<Alert, Refusal> {
    let path = |name: &str| source.config.map.get(name).cloned().unwrap_or_else(|| usual(name));
    let text = |name: &str| field::text(&body, &path(name));
    let kind = text("kind").or_else(|| source.config.kind.clone()).ok_or_else(|| {
        Refusal::new(422, "no_kind", format!("the body has no `{}`", path("kind")))
            .help("name the place under `map: { kind: … }`, or give every alert of this source one `kind`")
    })?;
    if !is_kind(&kind) {
        let message = format!(
            "`{}` is not a kind: write words joined by dots, such as `app.token_misuse`",
            field::title(&kind)
        );
        return Err(Refusal::new(422, "bad_kind", message));
    }
    let time = field::at(&body, &path("time")).and_then(field::time).unwrap_or(now);
    let (app, user) = (text("app"), text("user"));
    let about =
        app.as_ref().map(|app| format!("app/{app}")).or_else(|| Some(format!("user/{}", user.as_ref()?)));
    Ok(Alert {
        id: text("id").unwrap_or_else(|| delivery.to_owned()),
        source: source.name.clone(),
        title: text("title").map_or_else(|| kind.clone(), |text| field::title(&text)),
        severity: field::at(&body, &path("severity")).and_then(field::severity).unwrap_or(Severity::Medium),
        time: time.to_string(),
        user,
        app,
        ip: text("ip"),
        delivery: text("delivery").unwrap_or_else(|| delivery.to_owned()),
        fold: text("fold").or_else(|| Some(format!("{kind} {}", about?))),
        kind,
        raw: body,
    })
}

fn is_kind(kind: &str) -> bool {
    kind.len() <= 128
        && kind.split('.').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        })
}

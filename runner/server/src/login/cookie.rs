//! The two cookies: a login that has begun, and a session. Neither is ever read by a script or sent along by another site's form.

use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};

/// A login that has begun in this browser.
pub(crate) const LOGIN: &str = "stanch-login";
/// Somebody who is logged in.
pub(crate) const SESSION: &str = "stanch";

/// Under https the name itself says that no other host set it.
fn name(cookie: &str, secure: bool) -> String {
    if secure { format!("__Host-{cookie}") } else { cookie.to_owned() }
}

/// What the browser has under this name.
pub(crate) fn read(headers: &HeaderMap, cookie: &str, secure: bool) -> Option<String> {
    let name = name(cookie, secure);
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Has the browser keep this for so many seconds.
pub(crate) fn give(headers: &mut HeaderMap, cookie: &str, secure: bool, value: &str, seconds: u64) {
    let only = if secure { "; Secure" } else { "" };
    let text =
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{only}", name(cookie, secure));
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        headers.append(SET_COOKIE, value);
    }
}

/// Has the browser forget it.
pub(crate) fn clear(headers: &mut HeaderMap, cookie: &str, secure: bool) {
    give(headers, cookie, secure, "", 0);
}

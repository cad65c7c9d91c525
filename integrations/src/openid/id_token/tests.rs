//! ID tokens that lie, one lie at a time; keys that turn.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const NOW: i64 = 1_795_348_800;

struct Signer(&'static str, EcdsaKeyPair);

impl Signer {
    fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(kid, EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap())
    }

    fn keys(&self) -> Vec<u8> {
        let (x, y) = self.1.public_key().as_ref()[1..].split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "kid": self.0, "x": text(x), "y": text(y) });
        json!({ "keys": [jwk] }).to_string().into_bytes()
    }

    fn token(&self, alg: &str, change: Value) -> String {
        let mut claims = json!({
            "iss": "https://login.example", "aud": "us", "sub": "s-1", "nonce": "n-1", "iat": NOW, "exp": NOW + 300,
        });
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": alg, "kid": self.0 })), part(&claims));
        let signature = self.1.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

fn tokens(signer: &Signer) -> IdTokens {
    let tokens = IdTokens::new("https://login.example", "us", "https://login.example/keys".parse().unwrap());
    tokens.learn(Ok(&signer.keys()), at(0));
    tokens
}

fn why(tokens: &IdTokens, text: &str, seconds: i64) -> String {
    match tokens.prove(text, Some("n-1"), at(seconds)) {
        Ok(claims) => panic!("believed: {claims:?}"),
        Err(NotProven::No(refusal)) => refusal.message,
        Err(NotProven::Wants(want)) => format!("wants {}", want.url()),
    }
}

#[test]
fn a_token_that_lies_is_not_believed_whatever_the_lie() {
    let signer = Signer::new("k");
    let tokens = tokens(&signer);
    assert!(tokens.prove(&signer.token("ES256", json!({})), Some("n-1"), at(10)).is_ok());
    assert!(tokens.prove(&signer.token("ES256", json!({ "nonce": null })), None, at(10)).is_ok(), "a device");
    for (change, words) in [
        (json!({ "iss": "https://evil.example" }), "of another issuer"),
        (json!({ "iss": "https://login.example/" }), "of another issuer"),
        (json!({ "aud": "them" }), "for another client"),
        (json!({ "aud": null }), "for another client"),
        (json!({ "aud": ["us", "them"] }), "for several clients"),
        (json!({ "aud": ["us", "them"], "azp": "them" }), "handed to another client"),
        (json!({ "azp": "them" }), "handed to another client"),
        (json!({ "exp": NOW - 61 }), "it has ended"),
        (json!({ "exp": null }), "never ends"),
        (json!({ "exp": "soon" }), "is no time"),
        (json!({ "iat": null }), "when it was made"),
        (json!({ "iat": NOW + 90 }), "from the future"),
        (json!({ "nbf": NOW + 90 }), "from the future"),
        (json!({ "nonce": "n-2" }), "for another login"),
        (json!({ "nonce": null }), "for another login"),
        (json!({ "sub": "" }), "whom it is about"),
        (json!({ "sub": 7 }), "whom it is about"),
    ] {
        let told = why(&tokens, &signer.token("ES256", change.clone()), 0);
        assert!(told.contains(words), "{change}: {told}");
    }
    let several = json!({ "aud": ["us", "them"], "azp": "us" });
    assert!(tokens.prove(&signer.token("ES256", several), Some("n-1"), at(0)).is_ok());
    let late = json!({ "exp": NOW - 59, "iat": NOW + 59, "nbf": NOW + 59 });
    assert!(tokens.prove(&signer.token("ES256", late), Some("n-1"), at(0)).is_ok(), "clocks differ a little");
}

#[test]
fn nothing_counts_as_a_signature_that_is_none() {
    let signer = Signer::new("k");
    let tokens = tokens(&signer);
    for alg in ["none", "HS256", "None", "ES256K"] {
        assert!(why(&tokens, &signer.token(alg, json!({})), 0).contains("no signature that counts"), "{alg}");
    }
    assert!(
        why(&tokens, &signer.token("EdDSA", json!({})), 0).contains("does not fit"),
        "another kind of key"
    );
    assert!(why(&tokens, &Signer::new("k").token("ES256", json!({})), 0).contains("does not fit"));
    let good = signer.token("ES256", json!({}));
    let bare = good.rsplit_once('.').unwrap().0;
    assert!(why(&tokens, &format!("{bare}."), 0).contains("does not fit"));
    for text in ["", "a.b", bare, "a.b.c.d"] {
        assert!(why(&tokens, text, 0).contains("it is no token"), "{text}");
    }
}

#[test]
fn a_key_that_turned_is_looked_for_once_and_no_more_often_than_the_pause() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let tokens = tokens(&old);
    let text = new.token("ES256", json!({}));
    assert!(why(&tokens, &text, 0).contains("does not hold"), "they were fetched this second");
    assert_eq!(why(&tokens, &text, 1), "wants https://login.example/keys");
    tokens.learn(Err("it answers 500".to_owned()), at(1));
    assert!(why(&tokens, &text, 1).contains("does not hold"));
    let known = old.token("ES256", json!({}));
    assert!(tokens.prove(&known, Some("n-1"), at(1)).is_ok(), "known keys go on");
    tokens.learn(Ok(&new.keys()), at(3));
    assert!(tokens.prove(&text, Some("n-1"), at(3)).is_ok());
    assert!(why(&tokens, &known, 3).contains("does not hold"), "the old key is believed no more");
    assert_eq!(tokens.count(), 1);
}

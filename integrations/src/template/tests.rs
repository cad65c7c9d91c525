use proptest::prelude::*;
use serde_json::json;

use super::*;

struct Vars(Value);

impl Lookup for Vars {
    fn lookup(&self, path: &str) -> Option<Value> {
        path.split('.').try_fold(&self.0, |at, part| at.get(part)).cloned()
    }
}

fn template(source: &str) -> Template {
    Template::try_from(source.to_owned()).unwrap()
}

#[test]
fn braces_filters_and_variables_are_told_apart() {
    let vars = Vars(json!({ "a": "x'y", "list": ["p", "q"], "n": 7, "mail": "soc@acme.example" }));
    for (source, expected) in [
        ("plain", "plain"),
        ("{a}{n}", "x'y7"),
        ("{{{n}}}", "{7}"),
        ("name = '{a|soql}'", "name = 'x\\'y'"),
        ("{list|comma}", "p,q"),
        ("{mail|domain}", "acme.example"),
    ] {
        assert_eq!(template(source).text(&vars).unwrap(), expected, "{source}");
    }
}

#[test]
fn a_malformed_template_says_what_is_wrong() {
    for (source, words) in [
        ("{a", "unpaired `{`"),
        ("a}", "unpaired `}`"),
        ("{a b}", "is no variable"),
        ("{}", "is no variable"),
        ("{a|csv}", "no filter `csv`"),
    ] {
        let error = Template::try_from(source.to_owned()).unwrap_err();
        assert!(error.contains(words), "{source}: {error}");
    }
}

#[test]
fn a_shape_keeps_types_and_leaves_out_what_was_not_given() {
    let shape = Shape::try_from(json!({
        "ids": "{ids}", "gone": "{gone}", "text": "n={n}", "deep": [{ "n": "{n}" }, true]
    }))
    .unwrap();
    let vars = Vars(json!({ "ids": [1, 2], "n": 7 }));
    assert_eq!(
        shape.value(&vars).unwrap().unwrap(),
        json!({ "ids": [1, 2], "text": "n=7", "deep": [{ "n": 7 }, true] })
    );
    assert_eq!(
        Shape::try_from(json!({ "text": "n={gone}" })).unwrap().value(&vars),
        Err(FillError::Missing("gone".to_owned()))
    );
}

#[test]
fn a_secret_is_never_text() {
    let vars = Vars(json!({ "token": { "$secret": "h" } }));
    assert_eq!(template("Bearer {token}").text(&vars), Err(FillError::Secret("token".to_owned())));
}

#[test]
fn a_composite_id_reads_back() {
    let id = template("{owner}/{repo}/{number}");
    let found = id.read_back("acme/shop/42").unwrap();
    assert_eq!(
        (found["owner"].as_str(), found["repo"].as_str(), found["number"].as_str()),
        ("acme", "shop", "42")
    );
    for wrong in ["acme/shop", "acme//42", "/shop/42", ""] {
        assert_eq!(id.read_back(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn soql_strings_never_end_early(value in ".*") {
        let vars = Vars(json!({ "v": value }));
        let text = template("'{v|soql}'").text(&vars).unwrap();
        let inner = &text[1..text.len() - 1];
        let mut escaped = false;
        for c in inner.chars() {
            prop_assert!(escaped || c != '\'', "{}", text);
            prop_assert!(c != '\n' && c != '\r');
            escaped = c == '\\' && !escaped;
        }
        prop_assert!(!escaped, "{}", text);
    }

    #[test]
    fn what_was_filled_in_reads_back(owner in "[a-z0-9-]{1,9}", number in 1u32..9999) {
        let id = template("{owner}#{number}");
        let vars = Vars(json!({ "owner": owner, "number": number.to_string() }));
        let found = id.read_back(&id.text(&vars).unwrap()).unwrap();
        prop_assert_eq!(&found["owner"], &owner);
        prop_assert_eq!(&found["number"], &number.to_string());
    }

    #[test]
    fn any_text_parses_or_is_refused(source in ".*") {
        if let Ok(parsed) = Template::try_from(source.clone()) {
            prop_assert_eq!(String::from(parsed), source);
        }
    }
}

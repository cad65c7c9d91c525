//! What the protocol wants of a server besides answers.

use serde_json::{Value, json};

use crate::client::{Editor, SCRIPT, company};

#[test]
fn who_says_goodbye_first_leaves_with_0_and_who_does_not_with_1() {
    assert_eq!(company().leave(), Some(0));
    let mut abrupt = company();
    abrupt.tell("exit", Value::Null);
    assert_eq!(abrupt.gone(), Some(1));
    assert_eq!(company().gone(), Some(1), "its input ended");
}

#[test]
fn nothing_is_answered_before_hello_and_after_goodbye() {
    let mut editor = Editor::silent(&[]);
    assert_eq!(editor.ask("textDocument/hover", json!({}))["error"]["code"], -32002);
    assert!(editor.ask("initialize", json!({}))["capabilities"].is_object());
    assert_eq!(editor.ask("initialize", json!({}))["error"]["code"], -32600);
    assert_eq!(editor.ask("shutdown", Value::Null), Value::Null);
    assert_eq!(editor.ask("textDocument/hover", json!({}))["error"]["code"], -32600);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.gone(), Some(0));
}

#[test]
fn what_is_not_known_is_refused_or_passed_over() {
    let mut editor = company();
    assert_eq!(editor.ask("textDocument/rename", json!({}))["error"]["code"], -32601);
    editor.tell("$/setTrace", json!({ "value": "off" }));
    editor.tell("textDocument/didOpen", json!({ "nonsense": 1 }));
    editor.send(&json!({ "jsonrpc": "2.0", "id": 99, "result": null }));
    assert_eq!(editor.ask("textDocument/hover", json!({ "position": 1 }))["error"]["code"], -32602);
    let nowhere = json!({ "textDocument": { "uri": "file:///nowhere/main.rhai" }, "position": { "line": 1, "character": 1 } });
    for method in ["textDocument/hover", "textDocument/definition"] {
        assert_eq!(editor.ask(method, nowhere.clone()), Value::Null);
    }
    assert_eq!(editor.ask("textDocument/completion", nowhere), json!([]));
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn bytes_that_are_no_message_do_not_end_the_session() {
    let mut editor = company();
    for bytes in [
        "Content-Length: 5\r\n\r\n{nope",
        "Content-Length: x\r\n\r\n",
        "Content-Length: 2\r\n\r\n[]",
        "Content-Length: 4\r\n\r\nnull",
    ] {
        editor.raw(bytes.as_bytes());
        let refused = editor.message();
        assert_eq!(refused["id"], Value::Null, "{refused}");
        assert!(refused["error"]["code"].as_i64().unwrap() <= -32600, "{refused}");
    }
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn a_question_that_is_withdrawn_is_answered_so_and_the_next_is_answered() {
    let mut editor = company();
    editor.open("cut/main.rhai", SCRIPT);
    let uri = editor.uri("cut/main.rhai");
    // All in one piece, so that the withdrawal is there before the question is looked at.
    let about = json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 14 } });
    let mut bytes = Vec::new();
    let ask =
        |id: i64| json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": about });
    let withdraw = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 901 } });
    for message in (700..760).map(ask).chain([ask(901), withdraw, ask(902)]) {
        let body = message.to_string();
        bytes.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes());
    }
    editor.raw(&bytes);
    let withdrawn = editor.answer(&json!(901));
    // A server that had answered it already has done no wrong.
    let fine = withdrawn["error"]["code"] == -32800 || withdrawn["contents"].is_object();
    assert!(fine, "{withdrawn}");
    assert!(editor.answer(&json!(902))["contents"].is_object());
}

#[test]
fn odd_texts_are_answered_at_every_place() {
    let mut editor = company();
    for text in [
        "",
        "`${",
        "each(grants, |g| g.",
        "#{",
        "\u{feff}let 漢 = \"",
        "fn (",
        "}}}}",
        "a.b.c.d(#{ e: [",
        "\u{0}\r\r\n",
    ] {
        editor.open("cut/main.rhai", text);
        editor.open("cut/playbook.yaml", text);
        for name in ["cut/main.rhai", "cut/playbook.yaml"] {
            let uri = editor.uri(name);
            for character in 0..=text.encode_utf16().count() + 1 {
                let about = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": character } });
                assert!(editor.ask("textDocument/completion", about.clone()).is_array(), "{text:?}");
                for method in ["textDocument/hover", "textDocument/definition"] {
                    let found = editor.ask(method, about.clone());
                    assert!(found["error"].is_null(), "{method} {text:?} {found}");
                }
            }
            assert!(
                editor
                    .ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }))
                    .is_array()
            );
        }
    }
    assert_eq!(editor.leave(), Some(0));
}

//! XML as JSON, always in the same way: what stands in the root element is the body.
//!
//! An element with nothing but text is that text. One whose children are all called `member` (the lists of AWS) is a list
//! of them. Any other is a map: its children by name, those of one name as a list, its attributes as `@name`, text beside
//! children as `#text`. Prefixes of namespaces are dropped. Numbers and flags stay text, as they are in XML.

use roxmltree::{Document, Node};
use serde_json::{Map, Value};

/// Deeper than any platform's answer, and far from what the stack holds.
const DEEPEST: usize = 64;
/// How AWS calls the items of a list.
const ITEM: &str = "member";

/// Reads it; nothing for what is not XML, holds a document type, or is too deep.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let document = Document::parse(text).ok()?;
    value(document.root_element(), DEEPEST)
}

fn value(element: Node<'_, '_>, deeper: usize) -> Option<Value> {
    let deeper = deeper.checked_sub(1)?;
    let children: Vec<_> = element.children().filter(Node::is_element).collect();
    let text: String = element.children().filter(Node::is_text).filter_map(|node| node.text()).collect();
    if children.is_empty() && element.attributes().next().is_none() {
        return Some(text.into());
    }
    if !children.is_empty() && children.iter().all(|child| child.tag_name().name() == ITEM) {
        return children.into_iter().map(|child| value(child, deeper)).collect();
    }
    let mut groups: Vec<(&str, Vec<Value>)> = Vec::new();
    for child in children {
        let (name, inner) = (child.tag_name().name(), value(child, deeper)?);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, several)) => several.push(inner),
            None => groups.push((name, vec![inner])),
        }
    }
    let attributes = element.attributes();
    let mut map: Map<_, _> = attributes.map(|one| (format!("@{}", one.name()), one.value().into())).collect();
    for (name, mut several) in groups {
        let one = if several.len() == 1 { several.pop() } else { None };
        map.insert(name.to_owned(), one.unwrap_or(Value::Array(several)));
    }
    if !text.trim().is_empty() {
        map.insert("#text".to_owned(), text.trim().into());
    }
    Some(map.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_of_aws_reads_as_its_json_would() {
        let xml = br#"<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
            <ListAccessKeysResult><IsTruncated>false</IsTruncated><AccessKeyMetadata>
              <member><AccessKeyId>AKIA1</AccessKeyId><Status>Active</Status></member>
            </AccessKeyMetadata><Users/></ListAccessKeysResult>
            <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></ListAccessKeysResponse>"#;
        let body = json!({
            "ListAccessKeysResult": {
                "IsTruncated": "false",
                "AccessKeyMetadata": [{ "AccessKeyId": "AKIA1", "Status": "Active" }],
                "Users": ""
            },
            "ResponseMetadata": { "RequestId": "r-1" }
        });
        assert_eq!(read(xml), Some(body));
    }

    #[test]
    fn repeated_names_attributes_and_mixed_text_have_their_places() {
        let xml = br#"<r><a>1</a><b n:kind="x" xmlns:n="urn:n">text<c/></b><a>2</a><a>3</a></r>"#;
        let body = json!({ "a": ["1", "2", "3"], "b": { "@kind": "x", "c": "", "#text": "text" } });
        assert_eq!(read(xml), Some(body));
        let lists = br#"<r><l><member>1</member></l><l><member>2</member></l><l><member>3</member></l></r>"#;
        assert_eq!(read(lists), Some(json!({ "l": [["1"], ["2"], ["3"]] })));
    }

    #[test]
    fn what_is_no_xml_or_could_grow_is_refused() {
        let bomb = br#"<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>"#;
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for wrong in [&b"<html><p>busy</html>"[..], b"{}", b"", bomb, deep.as_bytes(), b"<a>\xff</a>"] {
            assert_eq!(read(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
    }
}

//! What a platform tells us by itself, as Markdown: what to paste on its side, and what in our own configuration.

use std::fmt::Write as _;

use stanch_model::catalog::SourceInfo;

use super::Catalog;

impl Catalog {
    /// The page of a platform's alert sources; `None` where it sends none. `heads` is the level of its headings: `##`.
    pub fn page_of_sources(&self, platform: &str, heads: &str) -> Option<String> {
        let mut sources = self.sources_of(platform).peekable();
        sources.peek()?;
        let mut page = String::new();
        for source in sources {
            source_of_page(source, heads, &mut page);
        }
        Some(page)
    }

    /// The page of a platform that only sends alerts.
    pub fn page_of_sender(&self, platform: &str) -> Option<String> {
        let title = *self.everything().get(platform)?;
        let sources = self.page_of_sources(platform, "##")?;
        Some(format!("# {title} ({platform})\n\nIt sends alerts; nothing is done there.\n\n{sources}"))
    }
}

fn source_of_page(source: &SourceInfo, heads: &str, page: &mut String) {
    let SourceInfo { format, title, docs, setup, proof, .. } = source;
    let _never = write!(page, "{heads} {format}: {title}\n\n{}\n\n", setup.trim());
    let name = format.replace('-', "_");
    let secret = if source.secret { format!(", secret: env:{}", name.to_uppercase()) } else { String::new() };
    let settings: Vec<_> = source
        .settings
        .iter()
        .filter(|setting| setting.required)
        .map(|setting| format!("{}: …", setting.name))
        .collect();
    let settings = match settings.is_empty() {
        true => String::new(),
        false => format!(", settings: {{ {} }}", settings.join(", ")),
    };
    let integration = if source.fetched { ", integration: NAME" } else { "" };
    let _never = write!(
        page,
        "In stanch.yaml:\n\n```yaml\nalerts:\n  {name}: {{ format: {format}{secret}{integration}{settings} }}\n```\n\n"
    );
    if !source.fetched {
        let _never = write!(
            page,
            "It then listens at `POST /v1/alerts/{name}` of the address where stanch is reached.\n\n"
        );
    }
    if let Some(template) = &source.template {
        let _never = write!(page, "The body to paste there:\n\n```\n{}\n```\n\n", template.trim());
    }
    let _never = match source.fetched {
        true => writeln!(page, "- {proof}"),
        false => writeln!(page, "- proves itself by: {proof}"),
    };
    for setting in &source.settings {
        let usual =
            setting.default.as_ref().map(|usual| format!(" (`{usual}` unless set)")).unwrap_or_default();
        let _never = writeln!(page, "- setting `{}`: {}{usual}", setting.name, setting.help);
    }
    for detection in &source.detections {
        let _never = writeln!(page, "- becomes an alert: {detection}");
    }
    let _never = writeln!(page, "- docs: {docs}\n");
}

//! Takes what could steer a terminal out of the finished picture, whatever screen wrote it there.

use ratatui::{buffer::Buffer, layout::Rect};
use stanch_model::text;

/// Replaces hidden and steering characters in every cell.
pub(crate) fn tame(area: Rect, buf: &mut Buffer) {
    for position in area.positions() {
        let cell = &mut buf[position];
        if cell.symbol().len() == 1 && cell.symbol() >= " " {
            continue;
        }
        let clean = text::clean(cell.symbol());
        if clean.is_empty() || clean.contains(['\n', '\t']) {
            cell.set_symbol(" ");
        } else if clean != cell.symbol() {
            cell.set_symbol(&clean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_is_left() {
        let area = Rect::new(0, 0, 12, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "a\u{202e}b\u{1b}[2J\u{200b}日", ratatui::style::Style::new());
        buf[(11, 0)].set_symbol("\u{1b}");
        tame(area, &mut buf);
        let shown: String = buf.content().iter().map(|cell| cell.symbol().to_owned()).collect();
        assert!(!shown.contains(['\u{202e}', '\u{1b}', '\u{200b}']), "{shown:?}");
        assert!(shown.contains("ab") && shown.contains('日'), "{shown:?}");
    }
}

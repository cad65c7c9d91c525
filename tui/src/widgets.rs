//! The few shapes that screens are made of: a block with its heading, a list that keeps its choice in sight, a dialog.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Widget,
};

use crate::{app::App, look::Look};

/// Writes lines from the top; what does not fit is left out.
pub(crate) fn lines(lines: &[Line<'_>], area: Rect, buf: &mut Buffer) {
    for (row, line) in (area.y..area.bottom()).zip(lines) {
        line.render(Rect { y: row, height: 1, ..area }, buf);
    }
}

/// The rows of a list that are in sight, with the chosen one kept away from the edges.
pub(crate) fn window(count: usize, chosen: usize, height: usize) -> std::ops::Range<usize> {
    let from = chosen.saturating_sub(height / 2).min(count.saturating_sub(height));
    from..(from + height).min(count)
}

/// A list: only the rows in sight are made. A choice beyond its end is none.
pub(crate) fn list<'a>(
    count: usize,
    chosen: usize,
    area: Rect,
    look: Look,
    buf: &mut Buffer,
    mut row: impl FnMut(usize) -> Line<'a>,
) {
    let range = window(count, if chosen < count { chosen } else { 0 }, usize::from(area.height));
    for (y, index) in (area.y..area.bottom()).zip(range) {
        let place = Rect { y, height: 1, ..area };
        let line = row(index);
        if index == chosen {
            buf.set_style(place, look.chosen());
            let plain = Line::raw(line.spans.iter().map(|span| span.content.as_ref()).collect::<String>());
            plain.style(look.chosen()).render(place, buf);
        } else {
            line.render(place, buf);
        }
    }
}

/// A text cut to this width: what is cut is marked.
pub(crate) fn cut(text: &str, width: usize, look: Look) -> String {
    let tame: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if Span::raw(tame.as_str()).width() <= width {
        return tame;
    }
    let mut kept = String::new();
    let mark = look.glyph("…", "~");
    for c in tame.chars() {
        let longer = Span::raw(format!("{kept}{c}")).width();
        if longer + 1 > width {
            break;
        }
        kept.push(c);
    }
    if width == 0 { String::new() } else { kept + mark }
}

/// The same, filled up with spaces.
pub(crate) fn pad(text: &str, width: usize, look: Look) -> String {
    let text = cut(text, width, look);
    let used = Span::raw(text.as_str()).width();
    text + &" ".repeat(width.saturating_sub(used))
}

/// Words in rows of this width.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut rows = Vec::new();
    for part in text.split('\n') {
        let mut row = String::new();
        for word in part.split_whitespace() {
            let mut word = word.to_owned();
            while Span::raw(word.as_str()).width() > width {
                let head: String = word.chars().take(width).collect();
                if !row.is_empty() {
                    rows.push(std::mem::take(&mut row));
                }
                word = word.chars().skip(width).collect();
                rows.push(head);
            }
            let joined = Span::raw(row.as_str()).width() + 1 + Span::raw(word.as_str()).width();
            if !row.is_empty() && joined > width {
                rows.push(std::mem::take(&mut row));
            }
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(&word);
        }
        rows.push(row);
    }
    rows
}

/// A row of a heading: what it is at the left, a remark at the right.
pub(crate) fn heading(text: &str, aside: &str, width: usize, look: Look) -> Line<'static> {
    let room = width.saturating_sub(text.chars().count() + 1);
    let aside = cut(aside, room, look);
    let gap = width.saturating_sub(text.chars().count() + aside.chars().count());
    Line::from(vec![
        Span::styled(text.to_owned(), look.strong()),
        Span::raw(" ".repeat(gap)),
        Span::styled(aside, look.faint()),
    ])
}

/// A line from edge to edge.
pub(crate) fn rule(area: Rect, look: Look, buf: &mut Buffer) {
    let text = look.glyph("─", "-").repeat(usize::from(area.width));
    buf.set_string(area.x, area.y, text, look.faint());
}

/// A box in the middle, as high as its lines; nothing behind it shows through. Gives back the place inside.
pub(crate) fn frame(title: &str, aside: &str, height: u16, area: Rect, app: &App, buf: &mut Buffer) -> Rect {
    let look = app.look();
    // a rim of a column or two would only show pieces of words
    let width = if area.width < 84 { area.width } else { area.width.min(92) };
    let height = (height + 2).min(area.height);
    let place =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    for position in place.positions() {
        buf[position].reset();
    }
    border(place, title, aside, look, buf);
    Rect {
        x: place.x + 1,
        y: place.y + 1,
        width: place.width.saturating_sub(2),
        height: place.height.saturating_sub(2),
    }
}

/// A box with these lines in it.
pub(crate) fn dialog(title: &str, aside: &str, body: Vec<Line<'_>>, area: Rect, app: &App, buf: &mut Buffer) {
    let height = u16::try_from(body.len()).unwrap_or(u16::MAX).saturating_add(1).min(area.height);
    let inside = frame(title, aside, height, area, app, buf);
    lines(&body, inside, buf);
}

/// A box that is scrolled through: what lies beyond its end is counted at its edge.
pub(crate) fn scrolled(
    title: &str,
    aside: &str,
    body: &[Line<'_>],
    scroll: usize,
    area: Rect,
    app: &App,
    buf: &mut Buffer,
) {
    let room = usize::from(area.height).saturating_sub(2).max(1);
    let from = scroll.min(body.len().saturating_sub(room));
    let below = body.len().saturating_sub(from + room);
    let aside = match (from, below) {
        (0, 0) => aside.to_owned(),
        (_, 0) => format!("the end, {} above, Up", crate::words::count(from, "line")),
        (_, below) => format!("{} below, Down", crate::words::count(below, "more line")),
    };
    let height = u16::try_from(body.len().min(room)).unwrap_or(u16::MAX);
    let inside = frame(title, &aside, height, area, app, buf);
    lines(&body[from..], inside, buf);
}

fn border(place: Rect, title: &str, aside: &str, look: Look, buf: &mut Buffer) {
    let inner = usize::from(place.width.saturating_sub(2));
    let (flat, up) = (look.glyph("─", "-"), look.glyph("│", "|"));
    let title = cut(title, inner.saturating_sub(6), look);
    let aside = cut(aside, inner.saturating_sub(title.chars().count() + 8), look);
    let right = if aside.is_empty() { String::new() } else { format!(" {aside} {flat}") };
    let used = 3 + title.chars().count() + right.chars().count();
    let middle = flat.repeat(inner.saturating_sub(used));
    let top = [look.glyph("╭", "+"), flat, " "].concat();
    buf.set_string(place.x, place.y, top, look.faint());
    buf.set_string(place.x + 3, place.y, &title, look.strong());
    let after = place.x + 3 + u16::try_from(title.chars().count()).unwrap_or(0);
    buf.set_string(after, place.y, format!(" {middle}{right}{}", look.glyph("╮", "+")), look.faint());
    for y in place.y + 1..place.bottom().saturating_sub(1) {
        buf.set_string(place.x, y, up, look.faint());
        buf.set_string(place.right() - 1, y, up, look.faint());
    }
    let bottom = [look.glyph("╰", "+"), &flat.repeat(inner), look.glyph("╯", "+")].concat();
    buf.set_string(place.x, place.bottom() - 1, bottom, look.faint());
}

/// Two columns beside each other where there is room.
pub(crate) fn halves(area: Rect, gap: u16) -> (Rect, Rect) {
    let left = area.width.saturating_sub(gap) / 2;
    (Rect { width: left, ..area }, Rect { x: area.x + left + gap, width: area.width - left - gap, ..area })
}

/// A span in the style of a word that may be bad.
pub(crate) fn word(text: impl Into<String>, bad: bool, look: Look) -> Span<'static> {
    Span::styled(text.into(), if bad { look.bad() } else { Style::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_marked_and_what_steers_is_blank() {
        assert_eq!(cut("abcdef", 4, Look::PLAIN), "abc~");
        assert_eq!(cut("abc", 4, Look::PLAIN), "abc");
        assert_eq!(pad("日本語", 4, Look::FULL), "日… ");
        assert_eq!(cut("a\u{1b}[2J\n", 9, Look::PLAIN), "a [2J ");
    }

    #[test]
    fn words_are_wrapped_and_long_ones_broken() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("0123456789abc x", 10), ["0123456789", "abc x"]);
        assert_eq!(wrap("a\n\nb", 10), ["a", "", "b"]);
    }

    #[test]
    fn the_chosen_row_is_always_in_sight() {
        for count in 0..30 {
            for chosen in 0..count {
                assert!(window(count, chosen, 7).contains(&chosen));
            }
        }
        assert_eq!(window(3, 0, 7), 0..3);
    }
}

//! The picture in the README: the screen of a recorded run as SVG, drawn from the cells of the terminal.
//!
//! `STANCH_PICTURE=write cargo test -p stanch-tui --test screens picture` draws it anew.

use std::{fmt::Write, path::Path};

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier},
};
use stanch_tui::Look;

use crate::stage::Stage;

/// A cell, in the units of the picture.
const CELL: (usize, usize) = (8, 17);

fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 24, rows * CELL.1 + 24);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"stanch tui\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = buffer[(x, y)].style();
            let mut text = String::new();
            let from = x;
            while x < buffer.area.width && buffer[(x, y)].style() == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            piece(&mut out, &text, style, (usize::from(from), usize::from(y)));
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn piece(out: &mut String, text: &str, style: ratatui::style::Style, (x, y): (usize, usize)) {
    let reversed = style.add_modifier.contains(Modifier::REVERSED);
    let (mut ink, mut paper) = (colour(style.fg, "#d7dae0"), colour(style.bg, "#16181d"));
    if reversed {
        (ink, paper) = (paper, ink);
    }
    let (left, top, wide) = (12 + x * CELL.0, 12 + y * CELL.1, text.chars().count() * CELL.0);
    if paper != "#16181d" {
        writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{}\" fill=\"{paper}\"/>",
            CELL.1
        )
        .unwrap();
    }
    if text.trim().is_empty() {
        return;
    }
    let bold = if style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base = top + 13;
    writeln!(out, "<text x=\"{left}\" y=\"{base}\" textLength=\"{wide}\" fill=\"{ink}\"{bold}>{text}</text>")
        .unwrap();
}

fn colour(colour: Option<Color>, usual: &'static str) -> &'static str {
    match colour {
        Some(Color::Red) => "#ff6b6b",
        Some(Color::Green) => "#8fd694",
        Some(Color::Cyan) => "#5fd0d6",
        Some(Color::Yellow) => "#e6c66a",
        Some(Color::Magenta) => "#d49be0",
        Some(Color::DarkGray) => "#7a808c",
        Some(Color::Black) => "#16181d",
        _ => usual,
    }
}

#[test]
fn the_picture_in_the_readme_is_of_this_screen() {
    let mut stage = Stage::recorded(Look::FULL, usize::MAX);
    let drawn = svg(&stage.buffer(100, 28));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("screen.svg");
    if std::env::var("STANCH_PICTURE").is_ok_and(|word| word == "write") {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "the screen has changed: draw {} anew with STANCH_PICTURE=write", path.display());
}

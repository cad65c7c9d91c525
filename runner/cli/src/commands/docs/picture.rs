//! The flow as SVG: phases as bands, approvals as gates, fan-outs as stacks, branches as frames. Shapes and words carry the
//! meaning, so that it reads in black and white; it brings its own style for light, dark and paper.

mod layout;

use std::fmt::Write;

use stanch_playbooks::{
    Playbook,
    course::{Course, Part},
};
use stanch_response::page::escape;

use self::layout::{Canvas, WIDTH};
use super::{tree, words};

const STYLE: &str = include_str!("picture/style.css");

/// One band of the picture: a phase, or what stands before the first.
pub(super) struct Band {
    /// Its name.
    pub(super) title: String,
    height: u32,
    inside: String,
}

/// All bands, from top to bottom.
pub(super) fn bands(playbook: &Playbook, course: &Course<'_>) -> Vec<Band> {
    let mut bands = Vec::new();
    let mut parts = course.parts.as_slice();
    let mut lead = Some(tree::start(playbook));
    while !parts.is_empty() {
        let end = 1 + parts[1..].iter().position(tree::is_phase).unwrap_or(parts.len() - 1);
        let (phase, rest) = parts.split_at(end);
        let (title, inner) = match phase {
            [Part::Step(step), inner @ ..] if step.called.is("phase") => (words::does(step), inner),
            all => ("Before the first phase".to_owned(), all),
        };
        let mut canvas = Canvas::new(playbook);
        let height = canvas.band(&title, lead.take().as_deref(), inner, rest.is_empty());
        bands.push(Band { title, height, inside: canvas.finish() });
        parts = rest;
    }
    bands
}

/// One band as a picture of its own.
pub(super) fn one(band: &Band) -> String {
    frame(band.height, &band.title, &band.inside)
}

/// All of them in one picture.
pub(super) fn whole(playbook: &Playbook, bands: &[Band]) -> String {
    let (mut inside, mut y) = (String::new(), 0);
    for band in bands {
        let _ = writeln!(inside, "<g transform=\"translate(0 {y})\">\n{}</g>", band.inside);
        y += band.height;
    }
    frame(y.max(1), &format!("The flow of {}", playbook.manifest.title), &inside)
}

fn frame(height: u32, title: &str, inside: &str) -> String {
    let title = escape(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flow\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{title}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n{inside}</svg>\n"
    )
}

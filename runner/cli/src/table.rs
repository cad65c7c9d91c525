//! Lists for people: columns as wide as they need to be, cut where the terminal ends.

/// Rows of cells under a head.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| cell.to_ascii_uppercase()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(|cell| line(&cell.into())).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// Two spaces between columns, the last one as long as it is, or as the terminal's `width` allows.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let wide = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| wide(column).unwrap_or(0)).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cut(cells.collect::<Vec<_>>().join("  ").trim_end(), width)
        };
        self.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// One line that steers no terminal: vendors' words come along too.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Words in lines of this width, each after the first indented; as one line where no width is given.
pub(crate) fn paragraph(text: &str, indent: usize, width: Option<usize>) -> String {
    let Some(width) = width else { return line(text) };
    let mut lines = vec![String::new()];
    for word in line(text).split_inclusive(' ') {
        let (length, left) = (word.trim_end().chars().count(), lines.len() > 1);
        let Some(last) = lines.last_mut() else { break };
        let used = last.chars().count() + if left { indent } else { 0 };
        if used + length > width && !last.trim().is_empty() {
            lines.push(word.to_owned());
        } else {
            last.push_str(word);
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

fn cut(text: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if text.chars().count() > width => {
            let kept: String = text.chars().take(width.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_steers_the_terminal() {
        let mut table = Table::new(&["run", "state"]);
        assert!(table.is_empty());
        table.row(["a\u{1b}[2J", "waiting"]);
        table.row(["longer one", "ended"]);
        assert_eq!(table.render(None), "RUN         STATE\na [2J       waiting\nlonger one  ended");
        assert_eq!(
            table.render(Some(15)),
            "RUN         STA\na [2J       wa…\nlonger one  en…".replace("STA\n", "ST…\n")
        );
    }

    #[test]
    fn words_are_kept_whole_where_the_terminal_ends() {
        let text = "waits  A1 In Setup find Drift and choose Block";
        assert_eq!(
            paragraph(text, 7, Some(20)),
            "waits  A1 In Setup\n       find Drift\n       and choose\n       Block"
        );
        assert_eq!(paragraph(text, 7, None), text);
        assert_eq!(paragraph("a\nb", 2, None), "a b");
    }
}

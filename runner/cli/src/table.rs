//! Lists for people: columns as wide as they need to be.

/// Rows of cells under a head.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| cell.to_ascii_uppercase()).collect()] }
    }

    /// Control characters become spaces: cells come from vendors too.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        let clean = |cell: String| cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.rows.push(cells.into_iter().map(|cell| clean(cell.into())).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// Two spaces between columns, the last one as long as it is.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The last letters of an id: enough to tell runs of one night apart.
pub(crate) fn short(id: &str) -> String {
    let from = id.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    id[from..].to_owned()
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
        assert_eq!(table.render(), "RUN         STATE\na [2J       waiting\nlonger one  ended");
    }

    #[test]
    fn a_short_id_is_its_end() {
        assert_eq!(short("01JD8Q2W3E4R5T6Y7U8I9O0P1A"), "8I9O0P1A");
        assert_eq!(short("abc"), "abc");
    }
}

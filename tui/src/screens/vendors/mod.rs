//! The clocks that run, the notices under way, and the vendors whom both are about; each on a page of its own.
//!
//! ```text
//!  DEADLINES                                                         2 open of 3
//!  > Contract: tell Drift              03-14 02:40   23h 45m  not sent
//!  NOTICES                                                   1 waits, 0 silent
//!    Drift         Your token was misused             Kim is next in 3h 20m
//!  VENDORS                                      4 vendors, 1 with something wrong
//!    Drift         2 wrong, 1 note  24h (DPA 7.2)  Security, security@drift.example
//! ```

pub(crate) mod clock;
pub(crate) mod notice;
mod vendor;

use ratatui::{buffer::Buffer, layout::Rect, text::Line};
use stanch_model::api::{DeadlineView, NoticeView, VendorView};

use crate::{app::App, widgets, words, world::millis};

/// Rows that say more of what is chosen.
const BRIEF: u16 = 6;

/// What a row is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A clock, by its incident and its id there.
    Clock(String),
    /// A notice, by its id.
    Notice(String),
    /// A vendor, by its name in the register.
    Vendor(String),
}

impl Item {
    fn id(&self) -> String {
        match self {
            Self::Clock(id) => format!("clock {id}"),
            Self::Notice(id) => format!("notice {id}"),
            Self::Vendor(slug) => format!("vendor {slug}"),
        }
    }

    /// Back from the id of a row.
    pub(crate) fn of(id: &str) -> Option<Self> {
        let (what, id) = id.split_once(' ')?;
        let id = id.to_owned();
        match what {
            "clock" => Some(Self::Clock(id)),
            "notice" => Some(Self::Notice(id)),
            "vendor" => Some(Self::Vendor(id)),
            _ => None,
        }
    }
}

/// The clocks, those that run first, the nearest of them foremost.
pub(crate) fn clocks(app: &App) -> Vec<&DeadlineView> {
    let mut clocks: Vec<&DeadlineView> = app.world().deadlines.iter().collect();
    clocks.sort_by_key(|one| (!clock::is_open(one), millis(&one.due)));
    clocks
}

/// The notices: those for which an answer is waited, those that nobody answers, then the others.
fn notices(app: &App) -> Vec<&NoticeView> {
    let mut notices: Vec<&NoticeView> = app.world().notices.iter().collect();
    notices.sort_by_key(|one| match one.state.as_str() {
        "silent" => 0,
        "waiting" => 1,
        _ => 2,
    });
    notices
}

/// True for a clock that is owed to this vendor.
pub(crate) fn owed_to(clock: &DeadlineView, vendor: &VendorView) -> bool {
    let Some(to) = clock.id.strip_prefix(&format!("{}:", clock.rule)) else { return false };
    let names = vendor.apps.iter().map(String::as_str).chain([vendor.slug.as_str(), vendor.name.as_str()]);
    names.into_iter().any(|name| name.eq_ignore_ascii_case(to))
}

/// The ids of the three lists, in their order.
pub(super) fn ids(app: &App) -> Vec<String> {
    let clocks = clocks(app).into_iter().map(|one| Item::Clock(clock::id(one)));
    let notices = notices(app).into_iter().map(|one| Item::Notice(one.id.clone()));
    let vendors = app.world().vendors.iter().map(|one| Item::Vendor(one.slug.clone()));
    clocks.chain(notices).chain(vendors).map(|item| item.id()).collect()
}

/// The page of what is open.
pub(super) fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    page(app, app.at().opened.as_deref()?, width)
}

/// The page of a row.
pub(super) fn page(app: &App, id: &str, width: usize) -> Option<Vec<Line<'static>>> {
    let world = app.world();
    match Item::of(id)? {
        Item::Clock(id) => {
            let found = world.deadlines.iter().find(|one| clock::id(one) == id)?;
            Some(clock::page(found, app, width))
        }
        Item::Notice(id) => {
            let found = world.notices.iter().find(|one| one.id == id)?;
            Some(notice::page(found, app, width))
        }
        Item::Vendor(slug) => Some(vendor::page(app.vendor(&slug)?, app, width)),
    }
}

/// A list with its heading.
struct Part<'a> {
    heading: &'static str,
    aside: String,
    /// What stands there where it is empty.
    none: &'static str,
    count: usize,
    row: Box<dyn Fn(usize, bool, usize) -> Line<'static> + 'a>,
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let ids = ids(app);
    let chosen = app.index(&ids);
    let brief = if super::is_beside(app) { 0 } else { area.height.saturating_sub(12).min(BRIEF) };
    let parts = parts(app);
    let counts: Vec<usize> = parts.iter().map(|part| part.count.max(1)).collect();
    let room = usize::from(area.height - brief).saturating_sub(2 * parts.len() - 1);
    let rows = share(room, &counts);
    let (mut y, mut before) = (area.y, 0);
    for (part, rows) in parts.iter().zip(rows) {
        let bottom = area.bottom() - brief;
        let heading = Rect { y, height: bottom.saturating_sub(y).min(1), ..area };
        widgets::lines(&[widgets::heading(part.heading, &part.aside, width, look)], heading, buf);
        let height = u16::try_from(rows).unwrap_or(u16::MAX).min(bottom.saturating_sub(y + 1));
        let list = Rect { y: y + 1, height, ..area };
        if part.count == 0 {
            widgets::lines(&[Line::styled(part.none, look.faint())], list, buf);
        }
        // a list in which nothing is chosen stands at its start
        let at = chosen.checked_sub(before).filter(|at| *at < part.count).unwrap_or(usize::MAX);
        widgets::list(part.count, at, list, look, buf, |index| (part.row)(index, index == at, width));
        before += part.count;
        y = list.bottom() + 1;
    }
    let below = Rect { y: area.bottom() - brief, height: brief, ..area };
    let lines = ids.get(chosen).and_then(|id| page(app, id, width)).unwrap_or_default();
    let lines: Vec<Line<'static>> = std::iter::once(Line::default()).chain(lines).collect();
    widgets::lines(&lines, below, buf);
}

/// The lists that there are: one of notices only where there are notices.
fn parts(app: &App) -> Vec<Part<'_>> {
    let world = app.world();
    let (clocks, notices, vendors) = (clocks(app), notices(app), &world.vendors);
    let open = clocks.iter().filter(|one| clock::is_open(one)).count();
    let of = |state: &str| notices.iter().filter(|one| one.state == state).count();
    let wrong = vendors.iter().filter(|one| vendor::is_wrong(one)).count();
    let wrong = if wrong == 0 { String::new() } else { format!(", {wrong} with something wrong") };
    let under_way = format!("{} waiting, {} silent", of("waiting"), of("silent"));
    let mut parts = vec![Part {
        heading: "DEADLINES",
        aside: format!("{open} open of {}", clocks.len()),
        none: "No clock runs: a playbook starts them, or `stanch deadlines begin`.",
        count: clocks.len(),
        row: Box::new(move |at, chosen, width| clock::row(clocks[at], chosen, app, width)),
    }];
    if !notices.is_empty() {
        parts.push(Part {
            heading: "NOTICES",
            aside: under_way,
            none: "",
            count: notices.len(),
            row: Box::new(move |at, chosen, width| notice::row(notices[at], chosen, app, width)),
        });
    }
    parts.push(Part {
        heading: "VENDORS",
        aside: format!("{}{wrong}", words::count(vendors.len(), "vendor")),
        none: "The register is empty: write vendors.yaml, or `stanch vendors import`.",
        count: vendors.len(),
        row: Box::new(move |at, chosen, width| vendor::row(&vendors[at], chosen, app, width)),
    });
    parts
}

/// Rows for each list: an equal part, and what one does not need goes to the last that does.
fn share(room: usize, counts: &[usize]) -> Vec<usize> {
    let equal = room / counts.len().max(1);
    let mut rows: Vec<usize> = counts.iter().map(|count| (*count).min(equal)).collect();
    let mut left = room.saturating_sub(rows.iter().sum());
    for (row, count) in rows.iter_mut().zip(counts).rev() {
        let more = (count - *row).min(left);
        *row += more;
        left -= more;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn each_list_gets_its_part_and_nothing_is_left_unused() {
        assert_eq!(share(12, &[1, 2, 40]), [1, 2, 9]);
        assert_eq!(share(12, &[40, 1]), [11, 1]);
        assert_eq!(share(9, &[40, 40, 40]), [3, 3, 3]);
        assert_eq!(share(30, &[3, 2]), [3, 2]);
        assert_eq!(share(0, &[3, 2]), [0, 0]);
    }
}

//! What the keys mean on the screen of vendors: a clock, a notice, a vendor.

use stanch_model::api::{DeadlineView, NoticeView, VendorView};

use super::{App, Screen};
use crate::screens::vendors::{self, Item};

impl App {
    /// What is open on the screen of vendors, or chosen there.
    pub(crate) fn meant_item(&self) -> Option<Item> {
        if self.screen != Screen::Vendors {
            return None;
        }
        let id = self.at().opened.clone().or_else(|| self.chosen())?;
        Item::of(&id)
    }

    /// The clock that the keys mean: the one that is open or chosen, or the nearest of the vendor that is.
    pub(crate) fn meant_clock(&self) -> Option<&DeadlineView> {
        match self.meant_item()? {
            Item::Clock(id) => self.world().deadlines.iter().find(|clock| vendors::clock::id(clock) == id),
            Item::Vendor(slug) => {
                let vendor = self.vendor(&slug)?;
                let mut theirs =
                    vendors::clocks(self).into_iter().filter(|one| vendors::owed_to(one, vendor));
                theirs.find(|clock| vendors::clock::is_open(clock))
            }
            Item::Notice(_) => None,
        }
    }

    /// The notice that they mean, likewise; one that was answered is meant by none.
    pub(crate) fn meant_notice(&self) -> Option<&NoticeView> {
        let notices = &self.world().notices;
        let found = match self.meant_item()? {
            Item::Notice(id) => notices.iter().find(|notice| notice.id == id),
            Item::Vendor(slug) => {
                notices.iter().find(|notice| notice.vendor == slug && notice.acknowledged.is_none())
            }
            Item::Clock(_) => None,
        };
        found.filter(|notice| notice.acknowledged.is_none())
    }

    /// An entry of the register.
    pub(crate) fn vendor(&self, slug: &str) -> Option<&VendorView> {
        self.world().vendors.iter().find(|vendor| vendor.slug == slug)
    }
}

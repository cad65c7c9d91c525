//! From a world to rows: calls the script's hooks with the platform's share of the world.
//!
//! `seed(db, world)` makes the people and what the platform has of its own, `add_app(db, app)` an app,
//! `add_grants(db, app, people)` one grant per person listed, `block_app(db, app, blocked)` what an operator does by hand.

use rhai::{Dynamic, Map};

use super::{World, WorldApp, extra, people::Person, platform::Platform, script::to_dynamic};

/// Fills a platform from the world.
///
/// # Errors
/// What the script threw.
pub(crate) fn fill(platform: &Platform, world: &World) -> Result<(), String> {
    if let Some(share) = world.extra.get(&platform.integration)
        && let Some(unknown) = extra::unknown(platform.script.plan().extra.as_ref(), share).first()
    {
        return Err(unknown.to_string());
    }
    if platform.script.has("seed") {
        let people: Vec<Dynamic> =
            (0..world.people.max(1)).map(|number| Person::of(number).to_map().into()).collect();
        let extra = world.extra.get(&platform.integration).map_or_else(|| Map::new().into(), to_dynamic);
        let mut share = Map::new();
        share.insert("people".into(), people.into());
        share.insert("extra".into(), extra);
        platform.hook("seed", vec![Dynamic::from(platform.db.clone()), share.into()])?;
    }
    for app in &world.apps {
        if let Some(count) = app.grants.get(&platform.integration) {
            add_app(platform, app)?;
            grant(platform, world, &app.id, *count)?;
        }
    }
    platform.db.lock().store.settle();
    Ok(())
}

fn add_app(platform: &Platform, app: &WorldApp) -> Result<(), String> {
    platform.db.lock().given.insert(app.id.clone(), 0);
    if !platform.script.has("add_app") {
        return Ok(());
    }
    platform.hook("add_app", vec![Dynamic::from(platform.db.clone()), app_map(app).into()])
}

fn app_map(app: &WorldApp) -> Map {
    let fields = [("id", app.id.clone()), ("name", app.title()), ("vendor", app.vendor.clone())];
    fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// Gives an app more grants; an app that the platform does not know yet appears.
///
/// # Errors
/// An app that the world does not have, or what the script threw.
pub(crate) fn grant(platform: &Platform, world: &World, id: &str, count: u32) -> Result<(), String> {
    let app = app_of(world, id)?;
    if !platform.script.has("add_grants") {
        return Ok(());
    }
    if !platform.db.lock().given.contains_key(id) {
        add_app(platform, app)?;
    }
    let (from, mark) = {
        let tenant = platform.db.lock();
        (tenant.given.get(id).copied().unwrap_or(0), tenant.store.mark())
    };
    let people: Vec<Dynamic> =
        (from..from + count).map(|nth| holder(world, app, nth).to_map().into()).collect();
    platform
        .hook("add_grants", vec![Dynamic::from(platform.db.clone()), app_map(app).into(), people.into()])?;
    let mut tenant = platform.db.lock();
    if tenant.store.changed(mark) {
        // a blocked app got none
        tenant.given.insert(id.to_owned(), from + count);
    }
    Ok(())
}

/// An operator blocks or unblocks an app by hand.
///
/// # Errors
/// An app that the world does not have, or what the script threw.
pub(crate) fn block(platform: &Platform, world: &World, id: &str, blocked: bool) -> Result<(), String> {
    let app = app_map(app_of(world, id)?);
    platform.hook("block_app", vec![Dynamic::from(platform.db.clone()), app.into(), blocked.into()])
}

fn app_of<'a>(world: &'a World, id: &str) -> Result<&'a WorldApp, String> {
    world.apps.iter().find(|app| app.id == id).ok_or_else(|| format!("the world has no app `{id}`"))
}

/// Who holds the nth grant of an app: the same people on every platform, others for another app.
fn holder(world: &World, app: &WorldApp, nth: u32) -> Person {
    let people = world.people.max(1);
    let held_by = app.held_by.unwrap_or(people).clamp(1, people);
    let start = app.id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    Person::of((start % people + nth % held_by) % people)
}

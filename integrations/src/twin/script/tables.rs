//! Tables in the hands of a script: `db.tokens.get(id)`, `db.tokens.list(#{ app: id }, after, 200)`.

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, Position};

use super::convert::{Json, ScriptPage, row_to_map, to_row};
use crate::twin::{
    filter::Filter,
    store::{Page, Row},
    tenant::Db,
};

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// One table of a tenant.
#[derive(Clone)]
pub(crate) struct ScriptTable {
    db: Db,
    name: String,
}

/// Thrown by `need`: what is not there. The script's `missing` says it in the platform's words.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub(crate) table: String,
    pub(crate) id: String,
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Db>("Db")
        .register_indexer_get(|db: &mut Db, name: ImmutableString| -> Result<ScriptTable> {
            if db.lock().store.has_table(&name) {
                return Ok(ScriptTable { db: db.clone(), name: name.to_string() });
            }
            Err(format!("no table `{name}`").into())
        })
        .register_type_with_name::<ScriptPage>("Page")
        .register_get("rows", |page: &mut ScriptPage| page.rows.clone())
        .register_get("next", |page: &mut ScriptPage| page.next.clone().map_or(Dynamic::UNIT, Dynamic::from))
        .register_type_with_name::<Json>("Json")
        .register_fn("len", |json: &mut Json| json.0.as_array().map_or(0, Vec::len) as i64);
    rows(engine);
    lists(engine);
    changes(engine);
}

fn rows(engine: &mut Engine) {
    engine
        .register_fn("get", |table: &mut ScriptTable, id: Dynamic| {
            match table.db.lock().store.get(&table.name, &id.to_string()) {
                Some(row) => row_to_map(&row).into(),
                None => Dynamic::UNIT,
            }
        })
        .register_fn("alive", |table: &mut ScriptTable, id: Dynamic| {
            match table.db.lock().store.alive(&table.name, &id.to_string()) {
                Some(row) => row_to_map(&row).into(),
                None => Dynamic::UNIT,
            }
        })
        .register_fn("alive_by", |table: &mut ScriptTable, field: &str, value: &str| {
            match table.db.lock().store.alive_by(&table.name, field, value) {
                Some(row) => row_to_map(&row).into(),
                None => Dynamic::UNIT,
            }
        })
        .register_fn("has", |table: &mut ScriptTable, id: Dynamic| {
            table.db.lock().store.get(&table.name, &id.to_string()).is_some()
        })
        .register_fn("need", |table: &mut ScriptTable, id: Dynamic| -> Result<Map> {
            let id = id.to_string();
            let row = table.db.lock().store.get(&table.name, &id);
            row.map(|row| row_to_map(&row)).ok_or_else(|| {
                let missing = Missing { table: table.name.clone(), id };
                Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(missing), Position::NONE))
            })
        })
        .register_fn("find", |table: &mut ScriptTable, filter: Map| {
            match table.db.lock().store.first(&table.name, &to_row(&filter)) {
                Some(row) => row_to_map(&row).into(),
                None => Dynamic::UNIT,
            }
        });
}

fn lists(engine: &mut Engine) {
    engine
        .register_fn("all", |table: &mut ScriptTable, filter: Map| -> Array {
            let db = table.db.lock();
            if db.current.blind {
                return Array::new();
            }
            let rows = db.store.all(&table.name, &to_row(&filter));
            rows.iter().map(|row| row_to_map(row).into()).collect()
        })
        .register_fn("count", |table: &mut ScriptTable, filter: Map| -> i64 {
            let db = table.db.lock();
            if db.current.blind { 0 } else { db.store.count(&table.name, &to_row(&filter)) as i64 }
        })
        .register_fn("list", |table: &mut ScriptTable, filter: Map, after: Dynamic, limit: i64| {
            let after = (!after.is_unit()).then(|| after.to_string());
            page(table, &filter, after.as_deref(), 0, limit)
        })
        .register_fn(
            "matching",
            |table: &mut ScriptTable, filter: Map, text: &str, after: Dynamic, limit: i64| {
                let db = table.db.lock();
                let after = (!after.is_unit()).then(|| after.to_string());
                let limit = usize::try_from(limit).unwrap_or(0);
                match Filter::parse(text) {
                    Ok(test) if !db.current.blind => {
                        let fits = |row: &Row| test.fits(row);
                        db.store
                            .matching(&table.name, &to_row(&filter), &fits, after.as_deref(), limit)
                            .into()
                    }
                    _ => ScriptPage::from(Page::default()),
                }
            },
        )
        .register_fn("slice", |table: &mut ScriptTable, filter: Map, skip: i64, limit: i64| {
            page(table, &filter, None, skip, limit)
        });
}

fn page(table: &ScriptTable, filter: &Map, after: Option<&str>, skip: i64, limit: i64) -> ScriptPage {
    let db = table.db.lock();
    if db.current.blind {
        return Page::default().into();
    }
    let whole = |number: i64| usize::try_from(number).unwrap_or(0);
    db.store.page(&table.name, &to_row(filter), after, whole(skip), whole(limit)).into()
}

fn changes(engine: &mut Engine) {
    engine
        .register_fn("add", |table: &mut ScriptTable, row: Map| {
            table.db.lock().store.put(&table.name, to_row(&row)).unwrap_or_default()
        })
        .register_fn("set", |table: &mut ScriptTable, id: Dynamic, fields: Map| {
            table.db.lock().store.set(&table.name, &id.to_string(), to_row(&fields))
        })
        .register_fn("remove", |table: &mut ScriptTable, id: Dynamic| {
            table.db.lock().store.remove(&table.name, &id.to_string())
        })
        .register_fn("remove_all", |table: &mut ScriptTable, filter: Map| {
            table.db.lock().store.remove_all(&table.name, &to_row(&filter)) as i64
        });
}

//! The description of the API, made from the same table as the router.

use axum::{Json, extract::State};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use stanch_model::api::Problem;

use super::{Access, Route};
use crate::app::Shared;

/// `GET /openapi.json`
pub(super) async fn serve(State(app): State<Shared>) -> Json<Value> {
    Json(app.description.clone())
}

/// The OpenAPI 3.1 document of these routes.
pub(crate) fn describe(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation(route, &mut schemas, problem.as_value());
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "stanch",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Alerts in, runs out, and a person's word in between.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator, problem: &Value) -> Value {
    let mut answer = json!({ "description": "done, and durable where it changed anything" });
    if route.answer.is_some() || route.media != "application/json" {
        let schema = route.answer.map_or(json!({ "type": "string" }), |of| of(schemas).to_value());
        answer["content"][route.media]["schema"] = schema;
    }
    let mut refusal = json!({
        "description": "refused",
        "content": { "application/json": { "schema": problem } },
    });
    if route.media.starts_with("text/") {
        refusal["content"][route.media]["schema"] = json!({ "type": "string" });
    }
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": { "200": answer, "default": refusal },
    });
    match route.access {
        Access::Role(least) => {
            operation["security"] = json!([{ "token": [] }]);
            operation["description"] = json!(format!("For {least} and above."));
        }
        Access::Source => {
            operation["description"] = json!("For the source alone: it proves itself by signature or secret.")
        }
        Access::Link => {
            operation["description"] =
                json!("For whoever has the link: it is signed, for one person and one card.")
        }
        Access::Browser => {
            operation["security"] = json!([]);
            operation["description"] =
                json!("A page. For whoever is logged in, in a browser; everybody else is led to the login.")
        }
        Access::Open => operation["security"] = json!([]),
    }
    if let Some(of) = route.body {
        let schema = of(schemas).to_value();
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let path = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let query = route.query.iter().map(|(name, help)| {
        json!({ "name": name, "in": "query", "description": help, "schema": { "type": "string" } })
    });
    path.chain(query).collect()
}

//! The bodies of functions and closures. Rhai shows a body only while it walks the whole AST, without saying whose it is;
//! positions say.

use std::collections::BTreeMap;

use rhai::{AST, ASTNode, Module, Position, Stmt};

/// One function of the script, closures included.
pub(crate) struct Body {
    pub(crate) params: Vec<String>,
    pub(crate) statements: Vec<Stmt>,
    /// First and last position; a body of one expression has no last.
    start: Position,
    end: Position,
}

impl Body {
    /// A closure's body of one expression, without braces.
    pub(crate) fn is_bare(&self) -> bool {
        self.end.is_none()
    }
}

/// By name; a closure's name is what its function pointer carries.
pub(crate) fn bodies(ast: &AST) -> BTreeMap<String, Body> {
    let module: &Module = ast.as_ref();
    let mut bodies: BTreeMap<String, Body> = ast
        .iter_functions()
        .filter_map(|info| {
            let found = module.get_script_fn(info.name, info.params.len())?;
            let body = Body {
                params: info.params.iter().map(|name| (*name).to_owned()).collect(),
                statements: Vec::new(),
                start: found.body.start_position(),
                end: found.body.end_position(),
            };
            Some((info.name.to_owned(), body))
        })
        .collect();
    let mut skip = ast.statements().len();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            match skip.checked_sub(1) {
                Some(left) => skip = left,
                None => give(&mut bodies, statement),
            }
        }
        true
    });
    bodies
}

/// To the body that starts exactly here, or else to the innermost block around it.
fn give(bodies: &mut BTreeMap<String, Body>, statement: &Stmt) {
    let at = statement.position();
    let owner = bodies
        .values_mut()
        .filter(|body| if body.end.is_none() { body.start == at } else { body.start <= at && at <= body.end })
        .max_by_key(|body| (body.end.is_none(), body.start));
    if let Some(body) = owner {
        body.statements.push(statement.clone());
    }
}

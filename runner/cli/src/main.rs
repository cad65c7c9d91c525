//! The program `stanch`.
fn main() {}

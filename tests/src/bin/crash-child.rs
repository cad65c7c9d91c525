//! One life of a small server without its HTTP side: what the crash suite kills.

use stanch_tests::crash::{Orders, child};

fn main() -> std::process::ExitCode {
    match Orders::parse(std::env::args().skip(1)) {
        Ok(orders) => child::live(&orders),
        Err(why) => {
            eprintln!("{why}");
            std::process::ExitCode::from(2)
        }
    }
}

//! The catalogue is part of the binary: a new folder in it is a reason to build again.

fn main() {
    println!("cargo::rerun-if-changed=catalog");
    println!("cargo::rerun-if-changed=src/codes");
}

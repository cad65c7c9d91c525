//! Cargo does not see into a folder that a macro includes.

fn main() {
    println!("cargo::rerun-if-changed=../../playbooks/library");
}

//! Builds the server anew when a migration or the description of a statement
//! changes: both are part of it.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
    println!("cargo:rerun-if-changed=../.sqlx");
}

//! Builds the server anew when a migration changes, since they are part of it.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}

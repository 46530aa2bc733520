//! timelint.
fn main() {}

//! amst
fn main() {}

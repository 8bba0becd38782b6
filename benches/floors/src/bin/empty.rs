//! Start-up: a program that does nothing.

fn main() {}

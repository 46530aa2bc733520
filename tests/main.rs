//! Integration tests.

mod architecture;
mod catalogs;
mod cli;
mod fixtures;
mod folders;
mod meta;
mod pages;
mod rosetta;

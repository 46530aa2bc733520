//! Integration tests.

mod architecture;
mod catalogs;
mod cli;
mod fixtures;
mod folders;
mod gate;
mod meta;
mod pages;
mod rosetta;
mod sandbox;

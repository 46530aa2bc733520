//! Integration tests.

mod architecture;
mod bounds;
mod catalogs;
mod checklist;
mod cli;
mod config;
mod docs;
mod fixtures;
mod folders;
mod gate;
mod messages;
mod meta;
mod moving;
mod pages;
mod rosetta;
mod sandbox;
mod sarif;

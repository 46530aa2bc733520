//! Classes whose objects are rows or documents of a store: their fields outlive this process, and every machine that
//! opens the store reads and writes them.

use crate::analysis::Analysis;
use crate::catalog::leaf;
use timelint_model::{Kind, NodeId, Role};

/// The classes of a file that are kept in a store.
#[derive(Debug, Default)]
pub(crate) struct KeptClasses(Vec<String>);

impl Analysis<'_> {
    /// Whether the file says that objects of this class of it are kept in a store.
    pub fn is_kept_class(&self, class: &str) -> bool {
        self.shared(kept_classes).0.iter().any(|c| c == class)
    }
}

fn kept_classes(file: &Analysis<'_>) -> KeptClasses {
    let model = file.model;
    let named = || file.tables.classes.iter().filter_map(|c| c.node.map(|n| (n, c.name.clone())));
    let kept: Vec<(NodeId, String)> = named().filter(|(node, _)| is_mapped(file, *node)).collect();
    // What a row is made of is kept with it.
    let types = kept.iter().flat_map(|(node, _)| members(file, *node)).filter_map(|m| model.child(m, Role::Type));
    let parts: Vec<&str> = types.map(|t| leaf(model.name(t).trim_start_matches('*'))).collect();
    let within = named().map(|(_, name)| name).filter(|name| parts.contains(&name.as_str()));
    KeptClasses(kept.iter().map(|(_, name)| name.clone()).chain(within).collect())
}

/// Whether the class, or a member of it, is mapped to a table or collection.
fn is_mapped(file: &Analysis<'_>, class: NodeId) -> bool {
    const MAPPED: [&str; 11] = [
        "entity",
        "table",
        "tablename",
        "document",
        "embeddable",
        "mappedsuperclass",
        "redishash",
        "dynamodbbean",
        "dynamodbtable",
        "schema",
        "viewentity",
    ];
    const BASES: [&str; 3] = ["DeclarativeBase", "SQLModel", "BaseModel"];
    /// Last words of classes above: `BaseEntity`, `EmbeddedDocument`, `db.Entity`.
    const LAST: [&str; 2] = ["Entity", "Document"];
    let model = file.model;
    let mapped =
        |n: NodeId| model.kind(n) == Kind::Decorator && MAPPED.contains(&leaf(model.name(n)).to_lowercase().as_str());
    let base = |name: &str| BASES.contains(&name) || LAST.iter().any(|l| name.ends_with(l));
    let mut parts = model.children(class);
    parts.any(|part| match model.kind(part) {
        Kind::Type if model.role(part) == Role::Extends => base(leaf(model.name(part))),
        _ => mapped(part),
    }) || before(file, class).any(mapped)
        || members(file, class).any(|m| is_column(file, m))
}

/// What stands before an exported class and belongs to it: `@Entity() export class Job`.
fn before<'f>(file: &'f Analysis<'_>, class: NodeId) -> impl Iterator<Item = NodeId> + 'f {
    let model = file.model;
    let around = model.parent(class).into_iter().flat_map(|p| model.children(p));
    let earlier: Vec<NodeId> = around.take_while(|n| *n < class).collect();
    earlier.into_iter().rev().take_while(|n| matches!(model.kind(*n), Kind::Decorator | Kind::Modifier))
}

/// The declarations in the body of a class.
fn members<'f>(file: &'f Analysis<'_>, class: NodeId) -> impl Iterator<Item = NodeId> + 'f {
    let body = file.model.child(class, Role::Body);
    body.into_iter().flat_map(|b| file.model.children(b))
}

/// `@Column`, a tag that names a column, `= Column(Float)`, `= models.DateTimeField()`, `= Field(default_factory=time)`.
fn is_column(file: &Analysis<'_>, member: NodeId) -> bool {
    const COLUMNS: [&str; 10] = [
        "column",
        "property",
        "columns",
        "tableid",
        "tablefield",
        "primarykey",
        "primarycolumn",
        "primarygeneratedcolumn",
        "createdatecolumn",
        "updatedatecolumn",
    ];
    /// Keys of tags that only mappers to a store read; texts of other forms are also made for other readers.
    const TAGS: [&str; 10] = ["gorm", "bson", "db", "xorm", "bun", "pg", "orm", "dynamodbav", "firestore", "datastore"];
    let model = file.model;
    match model.kind(member) {
        Kind::Field => model.children(member).any(|part| match model.kind(part) {
            // JGroups: what an operator may set.
            Kind::Decorator if model.children(part).any(|a| model.name(a) == "description") => false,
            Kind::Decorator => COLUMNS.contains(&leaf(model.name(part)).to_lowercase().as_str()),
            Kind::String if model.role(part) != Role::Value => {
                let keys = model.name(part).split_whitespace().filter_map(|t| t.split_once(":\""));
                keys.into_iter().any(|(key, value)| TAGS.contains(&key) && !value.starts_with('-'))
            }
            _ => false,
        }),
        Kind::Assign | Kind::Let => model.child(member, Role::Value).is_some_and(|v| {
            let name = model.name(v);
            let made = matches!(name, "Column" | "mapped_column" | "Required" | "Optional") || name.ends_with("Field");
            model.kind(v) == Kind::Call && made
        }),
        _ => false,
    }
}

//! Locks that others take by their age, while nothing makes them younger.

use crate::pause::lease_not_renewed::{Kind as Lapsed, Lapse};
use crate::pause::renewal::names_renewal;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, Origins, has_word};

const LOCK: [&str; 6] = ["lock", "locks", "lockfile", "mutex", "lease", "locked"];

/// Comparisons of a lock file's age with a limit, in a file that makes such locks and never touches one again.
pub(crate) fn aged_locks(file: &Analysis<'_>) -> Vec<Lapse> {
    let model = file.model;
    if !file.says(&["stale", "expired", "old", "abandoned", "dead"]) || !file.says(&LOCK) || touches(file) {
        return Vec::new();
    }
    let comparisons = model.ids().filter(|n| {
        model.kind(*n) == Kind::Binary && matches!(model.name(*n), "<" | ">" | "<=" | ">=") && is_age_of_lock(file, *n)
    });
    comparisons
        .map(|at| Lapse {
            at,
            kind: Lapsed::Aged,
            steps: vec![(at, "the lock's time stamp decides that it is abandoned")],
            confidence: Confidence::Medium,
            evidence: "nothing in this file renews the stamp".to_owned(),
            advice: None,
        })
        .collect()
}

/// The age of a file is compared, in a function that speaks of locks.
fn is_age_of_lock(file: &Analysis<'_>, comparison: NodeId) -> bool {
    let model = file.model;
    let Some(function) = file.function_around(comparison) else { return false };
    let class = file.tables.class_around(model, function).map_or("", |c| file.tables.classes[c as usize].name.as_str());
    let about = has_word(model.name(function), &LOCK) || has_word(class, &LOCK);
    about && model.children_with(comparison, Role::Operand).any(|o| file.value(o).origins.any(Origins::FILE))
}

/// Something in the file keeps stamps young, or looks as if it did.
fn touches(file: &Analysis<'_>) -> bool {
    const TOUCH: [&str; 12] = [
        "Chtimes",
        "utime",
        "utimes",
        "utimesSync",
        "futimes",
        "touch",
        "setLastModified",
        "setLastModifiedTime",
        "lutimes",
        "futimesSync",
        "Touch",
        "setTimes",
    ];
    let model = file.model;
    model.symbols().any(|(_, text)| {
        TOUCH.contains(&text) || names_renewal(text) || has_word(text, &["freshness", "fresh", "updater", "refresher"])
    })
}

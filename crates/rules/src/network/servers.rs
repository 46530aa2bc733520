//! Servers, and whether anybody may be their client.

use crate::surface::is_tool;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word};

/// Words of what a server is for whose clients are the operators themselves, or programs beside it.
#[rustfmt::skip]
const INSIDE: [&str; 36] = [
    "metrics", "metric", "prom", "prometheus", "promhttp", "pprof", "profile", "profiler", "profiling", "debug", "probe",
    "prober", "probes", "health", "healthz", "healthcheck", "liveness", "readiness", "telemetry", "exporter", "monitor",
    "monitoring", "sidecar", "obs", "observability", "metadata", "tray", "dev", "signin", "login", "callback", "unix",
    "sock", "local", "mock", "expvar",
];

/// Parts of a function that are looked at.
const MOST_NODES: usize = 1000;

/// How sure it is that a client that stalls is somebody else's: a server for operators, or for programs of the same
/// machine, has no strangers among its clients.
pub(super) fn sureness_of_server(file: &Analysis<'_>, site: NodeId) -> Confidence {
    let model = file.model;
    let inside = |n: NodeId| match model.kind(n) {
        Kind::String => model.name(n).split('/').any(|part| has_word(part, &INSIDE)),
        _ => has_word(model.name(n), &INSIDE),
    };
    let around = file.function_around(site);
    let mut targets = model.children_with(file.statement(site), Role::Target);
    let mut parts = model.self_and_descendants(around.unwrap_or(site)).take(MOST_NODES);
    let mut outer = model.ancestors(site).filter(|a| matches!(model.kind(*a), Kind::Function | Kind::Class));
    let quiet = file.path.split('/').any(|f| has_word(f, &INSIDE))
        || is_tool(&file.path)
        || targets.any(inside)
        || outer.any(inside)
        || parts.any(inside)
        || serves_what_packages_register(file, site)
        || is_handed_over(file, site);
    if quiet { Confidence::Low } else { Confidence::Medium }
}

/// `http.ListenAndServe(address, nil)`: profiles and counters put themselves there.
fn serves_what_packages_register(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let empty = |n: NodeId| model.kind(n) == Kind::Null;
    model.kind(site) == Kind::Call && model.children_with(site, Role::Arg).any(empty)
}

/// `withLimits(&http.Server{..})`: what it is given to may set its limits.
fn is_handed_over(file: &Analysis<'_>, site: NodeId) -> bool {
    let model = file.model;
    let outer = model.ancestors(site).find(|a| model.kind(*a) != Kind::Unary);
    model.kind(site) == Kind::Record && outer.is_some_and(|o| model.kind(o) == Kind::Call)
}

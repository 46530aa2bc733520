//! Commands of this machine that talk to another one, and may wait for it for ever.

use crate::network::bounds::limited_around;
use crate::network::missing_timeout::Endless;
use crate::network::remote::is_near;
use crate::network::sureness::ends;
use crate::surface::is_command;
use timelint_diagnostics::Confidence;
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, How, has_word};

/// Programs that wait for another machine as long as it takes.
const REMOTE_PROGRAMS: [&str; 23] = [
    "ssh",
    "scp",
    "sftp",
    "rsync",
    "curl",
    "wget",
    "ftp",
    "telnet",
    "kubectl",
    "aws",
    "gcloud",
    "gsutil",
    "az",
    "psql",
    "mysql",
    "mysqldump",
    "pg_dump",
    "mongo",
    "mongosh",
    "redis-cli",
    "ldapsearch",
    "smbclient",
    "etcdctl",
];

/// Of these, the ones that take as long as there is to move or to compute, or that as often change only a file here.
const MOVES: [&str; 9] = ["rsync", "aws", "gcloud", "gsutil", "az", "psql", "mysql", "mysqldump", "pg_dump"];

/// Whether a program is the client of a server, by what it is or by how such programs are called: `rabbitmqctl`,
/// `redis-cli`. The system's own control programs ask nobody else.
pub(crate) fn is_client_program(program: &str) -> bool {
    const OWN: [&str; 8] =
        ["systemctl", "journalctl", "sysctl", "loginctl", "hostnamectl", "timedatectl", "launchctl", "localectl"];
    let called = program.ends_with("ctl") || program.ends_with("-cli");
    REMOTE_PROGRAMS.contains(&program) || called && !OWN.contains(&program)
}

/// Words of code that stops a command that takes too long.
const STOPS: [&str; 9] =
    ["timeout", "timeouts", "deadline", "kill", "destroy", "signal", "alarm", "abort", "terminate"];

/// A command that talks to another machine, where nothing stops it.
pub(crate) fn remote_command<'a>(file: &Analysis<'a>, site: NodeId) -> Option<Endless<'a>> {
    let model = file.model;
    let known = file.resolve(site).filter(|k| k.api.role == ApiRole::LocalProcess && k.how != How::Name)?;
    let texts = texts(file, site);
    let program = texts.first()?.split_whitespace().next()?.rsplit('/').next()?;
    let stopped = texts.iter().any(|t| {
        let text = t.to_ascii_lowercase();
        text.contains("timeout") || text.split_whitespace().any(|w| matches!(w, "-m" | "--max-time" | "--deadline"))
    });
    // Contexts, options and whatever stands around it in the same function.
    let around = file.function_around(site).unwrap_or_else(|| model.root());
    let speaks = |n: NodeId| has_word(model.name(n), &STOPS) || has_word(model.name(n), &["context", "ctx"]);
    if !REMOTE_PROGRAMS.contains(&program)
        || stopped
        || model.self_and_descendants(around).any(|n| model.kind(n) != Kind::String && speaks(n))
        || limited_around(file, site)
    {
        return None;
    }
    let quiet = MOVES.contains(&program)
        || is_near(file, site)
        || is_command(file)
        || ends(file, site)
        || file.function_around(site).is_none();
    let help = "let the command end by itself (`--max-time`, `-o ConnectTimeout=`, `--timeout=`), and stop it from outside when its \
                time is up: with the limit of the call that starts it, or by killing it";
    let confidence = if quiet { Confidence::Low } else { Confidence::Medium };
    Some(Endless { site, api: Some(known.api), value: None, help: Some(help), confidence })
}

/// The literal parts of a command, in order: of a line, of a list, of separate arguments.
fn texts<'f>(file: &'f Analysis<'_>, site: NodeId) -> Vec<&'f str> {
    let model = file.model;
    let mut all = Vec::new();
    for arg in model.children_with(site, Role::Arg) {
        match model.kind(arg) {
            Kind::String => all.push(model.name(arg)),
            Kind::List => {
                let items = model.children(arg).filter(|i| model.kind(*i) == Kind::String);
                // `[tool, "-x"]`: what runs is not known.
                if all.is_empty() && model.children(arg).next().is_some_and(|i| model.kind(i) != Kind::String) {
                    return Vec::new();
                }
                all.extend(items.map(|i| model.name(i)));
            }
            _ if all.is_empty() => return Vec::new(),
            _ => {}
        }
    }
    all
}

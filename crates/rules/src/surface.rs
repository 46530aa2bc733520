//! Code that serves nobody: what runs on a user's screen, what a person starts and waits for.

use timelint_diagnostics::{Confidence, Finding};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::catalog::ApiRole;
use timelint_semantics::{Analysis, canonical, has_word};

/// Whether a file's folders say that it is part of a user interface: what it names lives as long as the page, and a
/// person waits for it, and leaves.
pub(crate) fn is_interface(path: &str) -> bool {
    /// In files that no browser runs they are parts of servers.
    const PARTS: [&str; 7] = ["component", "components", "pages", "views", "hooks", "widgets", "screens"];
    let Some((folders, name)) = path.rsplit_once('/') else { return false };
    let part = || folders.split('/').any(|f| has_word(f, &PARTS)) && !has_word(name, &["server"]);
    is_front_end(path) || is_for_browsers(path) && part()
}

/// Whether more says so than that a folder is called after a part of one: `components`, `views`.
pub(crate) fn is_front_end(path: &str) -> bool {
    #[rustfmt::skip]
    const FRONT: [&str; 12] = [
        "javascripts", "ui", "webui", "gui", "webapp", "frontend", "browser", "dashboard", "www", "static", "public", "assets",
    ];
    /// Libraries of pages, copied into a project under their own names.
    #[rustfmt::skip]
    const LIBRARIES: [&str; 9] = [
        "jquery", "codemirror", "angular", "bootstrap", "prettify", "uploadify", "highlight", "typeahead", "swagger",
    ];
    let Some((folders, name)) = path.rsplit_once('/') else { return false };
    let drawn = name.rsplit_once('.').is_some_and(|(_, kind)| matches!(kind, "tsx" | "jsx"));
    if drawn || is_for_browsers(path) && has_word(name, &LIBRARIES) {
        return true;
    }
    let any = |words: &[&str]| folders.split('/').any(|f| has_word(f, words));
    // A script beside the classes of a server is served to its pages.
    let served = is_for_browsers(path)
        && ["java", "resources", "webapp"].iter().any(|f| format!("/{folders}/").contains(&format!("/src/main/{f}/")));
    let front = served || folders.split('/').any(|f| matches!(f, "front-end" | "front_end"));
    // `apps/web`, `acme-web-client`: named after where they run.
    let web = |f: &str| has_word(f, &["web"]) && has_word(f, &["client", "app"]);
    let web = is_for_browsers(path) && (folders.split('/').any(web) || format!("/{folders}/").contains("/apps/web/"));
    // It lives in the browser, whatever it serves.
    let worker =
        matches!(name.split('.').next(), Some("serviceWorker" | "service-worker" | "registerServiceWorker" | "sw"));
    let app = is_for_browsers(path) && format!("/{folders}/").contains("/client/app/");
    let vue = app || is_for_browsers(path) && any(&["vue", "jsapp", "explorer", "spa"]);
    worker || vue || web || front || !has_word(name, &["server"]) && any(&FRONT)
}

/// Whether the file's kind is one that a browser runs.
pub(crate) fn is_for_browsers(path: &str) -> bool {
    const SCRIPTS: [&str; 6] = ["js", "jsx", "mjs", "ts", "tsx", "mts"];
    path.rsplit_once('.').is_some_and(|(_, extension)| SCRIPTS.contains(&extension))
}

/// Findings in commands, tests and tools are of low confidence.
pub(crate) fn quiet_in_tools(file: &Analysis<'_>, findings: &mut [Finding]) {
    if is_command(file) {
        quiet(findings);
    }
}

/// The same, and on a user's screen: whoever waits there sees it, and leaves.
pub(crate) fn quiet_beside_services(file: &Analysis<'_>, findings: &mut [Finding]) {
    if is_command(file) || is_interface(&file.path) {
        quiet(findings);
    }
}

fn quiet(findings: &mut [Finding]) {
    for finding in findings {
        finding.confidence = Confidence::Low;
    }
}

/// Scripts that somebody runs to build, check or release a project: their names say nothing else, wherever they stand.
const CHORES: [&str; 7] = ["magefile", "release", "changelog", "bump_version", "noxfile", "test-setup", "setup-tests"];

/// A file that serves nobody, by its path, because it takes its orders from the command line by itself, or because it is
/// part of a page.
pub(crate) fn is_command(file: &Analysis<'_>) -> bool {
    is_tool(&file.path)
        || file.index().serves_tests(&file.path)
        || file.says(&["argv"]) && file.shared(|file| TakesOrders(takes_orders(file))).0
        || is_page(file)
        || runs_once(file)
}

/// The same, and files that import a library for command lines: with such a library daemons begin, too, so that this says
/// enough of what they ask others only.
pub(crate) fn is_called_by_a_person(file: &Analysis<'_>) -> bool {
    is_command(file) || imports_a_command_line(file)
}

/// Whether a file imports a library for programs that a person calls by their name and options.
fn imports_a_command_line(file: &Analysis<'_>) -> bool {
    file.shared(|file| {
        let mut libraries = file.apis_in(ApiRole::CommandLine).flat_map(|a| a.name.as_slice());
        let mut paths = file.tables.imports.values().map(|path| canonical(path));
        let all: Vec<String> = paths.by_ref().collect();
        let imported =
            |l: &str| all.iter().any(|p| p == l || p.strip_prefix(l).is_some_and(|rest| rest.starts_with(['.', '/'])));
        ImportsCommandLine(libraries.any(|l| imported(l)))
    })
    .0
}

/// Whether a file imports a library for command lines.
struct ImportsCommandLine(bool);

/// Whether a file is a script: it calls its own functions as it is loaded, and stays for nobody.
fn runs_once(file: &Analysis<'_>) -> bool {
    is_for_browsers(&file.path) && file.shared(|file| RunsOnce(calls_itself(file))).0
}

/// Whether a file calls its own functions as it is loaded, and nothing that stays.
struct RunsOnce(bool);

fn calls_itself(file: &Analysis<'_>) -> bool {
    /// Words of calls that stay to serve, or to come back.
    const STAYS: [&str; 17] = [
        "listen",
        "serve",
        "server",
        "on",
        "interval",
        "schedule",
        "cron",
        "consume",
        "consumer",
        "subscribe",
        "process",
        "worker",
        "start",
        "use",
        "poll",
        "loop",
        "queue",
    ];
    let model = file.model;
    let calls = || file.tables.calls.iter().copied();
    let itself = |c: NodeId| {
        file.function_around(c).is_none()
            && model.child(c, Role::Receiver).is_none()
            && file.tables.functions.iter().any(|f| model.sym(f.node) == model.sym(c))
            && !model
                .ancestors(c)
                .any(|a| matches!(model.kind(a), Kind::Let | Kind::Assign | Kind::Field | Kind::Class))
    };
    // A module is loaded for what it exports; what exports nothing is there for what it does.
    let exports = |n: NodeId| match model.kind(n) {
        Kind::Modifier => model.name(n) == "export",
        Kind::Member | Kind::Name => model.name(n) == "exports",
        _ => false,
    };
    let does = |c: NodeId| {
        let statement = file.statement(c);
        file.function_around(c).is_none() && matches!(model.kind(statement), Kind::Await | Kind::Loop | Kind::Try)
    };
    let works = || calls().any(itself) || !model.ids().any(exports) && calls().any(does);
    !calls().any(|c| has_word(model.name(c), &STAYS)) && works()
}

/// Whether what a file names lives in a browser: it asks the page for its parts, or its package is one of pages.
pub(crate) fn is_page(file: &Analysis<'_>) -> bool {
    is_for_browsers(&file.path)
        && (!has_word(&file.path, &["server", "servers", "backend"])
            && file.shared(|file| RunsOnScreens(file.runs_on_screens())).0
            || file.says(&["window", "document", "html"]) && file.shared(|file| AsksThePage(asks_the_page(file))).0)
}

/// Whether a file asks the page for its parts.
struct AsksThePage(bool);

/// Whether a file belongs to a package of pages.
struct RunsOnScreens(bool);

/// `document.body`, `window.setTimeout(..)`, where neither is a variable of the file.
fn asks_the_page(file: &Analysis<'_>) -> bool {
    let model = file.model;
    let page = |n: NodeId| {
        let object = model.child(n, Role::Object).or_else(|| model.child(n, Role::Receiver));
        object.filter(|o| model.kind(*o) == Kind::Name && matches!(model.name(*o), "window" | "document"))
    };
    let takes = |f: NodeId, name: &str| {
        model.children_with(f, Role::Param).any(|p| model.name(model.child(p, Role::Target).unwrap_or(p)) == name)
    };
    let own = |o: NodeId| {
        let mut outer = model.ancestors(o).filter(|a| model.kind(*a) == Kind::Function);
        file.tables.imports.contains_key(model.name(o))
            || !file.stores_of(o).is_empty()
            || outer.any(|f| takes(f, model.name(o)))
    };
    let element = |n: NodeId| {
        let name = if model.kind(n) == Kind::Type { model.name(n) } else { "" };
        name.starts_with("HTML") && name.ends_with("Element")
    };
    let parts = model.ids().filter(|n| matches!(model.kind(*n), Kind::Member | Kind::Call)).filter_map(page);
    parts.into_iter().any(|o| !own(o)) || model.ids().any(element)
}

/// Whether a file takes words of the command line by their position.
struct TakesOrders(bool);

fn takes_orders(file: &Analysis<'_>) -> bool {
    let model = file.model;
    let words = |n: NodeId| model.kind(n) == Kind::Member && model.name(n) == "argv";
    model.ids().any(|n| model.kind(n) == Kind::Index && model.child(n, Role::Object).is_some_and(words))
}

/// Commands that a person runs and waits for, the tests and tools around a system, and what runs in a browser.
pub(crate) fn is_tool(path: &str) -> bool {
    const TOOLS: [&str; 32] = [
        "chaos",
        "conformance",
        "e2etests",
        "acceptance",
        "tests",
        "hello",
        "samples",
        "dev",
        "cli",
        "ctl",
        "command",
        "commands",
        "tool",
        "tools",
        "script",
        "scripts",
        "functional",
        "integration",
        "e2e",
        "benchmark",
        "benchmarks",
        "bench",
        "demo",
        "hack",
        "testing",
        "testutil",
        "playground",
        "example",
        "emulator",
        "emulators",
        "buildtools",
        "tooling",
    ];
    // `src/main/java/org/example/command`: packages of the product.
    const PACKAGES: [&str; 5] = ["integration", "functional", "command", "commands", "dev"];
    /// Words of programs below `cmd` that a person, a container or a build runs and waits for.
    const ONCE: [&str; 8] = ["client", "healthcheck", "health", "seed", "migrate", "gen", "generate", "shell"];
    let mut folders = path.rsplit('/');
    let file = folders.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let folders: Vec<&str> = folders.collect();
    let product = path.contains("src/main/");
    let browser = is_for_browsers(path);
    let asks = |name: &&str| has_word(name, &ONCE);
    // `acme/cmd/replicate.py`, `utils/example_api.py`
    let module = path.rsplit_once('.').is_some_and(|(_, kind)| kind == "py") && folders.first() == Some(&"cmd");
    let once = module
        || has_word(stem, &["example", "examples"])
        || folders.contains(&"cmd") && folders.iter().take(1).chain([&file]).any(asks)
        || path.starts_with("build/")
        || path.starts_with("release/")
        || folders.iter().any(|f| matches!(*f, "cdk" | "bruno" | "testdb" | "postman" | "dummy" | "mocks"));
    let runs_tests = has_word(file, &["vitest", "jest", "playwright", "cypress"]);
    // The commands of a program in a file of their own, and what builds or publishes a project and is called so.
    let commands = has_word(stem, &["cli", "subcommands", "demo"]) || CHORES.contains(&stem) && !product;
    // Beside the project's folders, and not a package of the product: `luigi/contrib/ftp.py`, nor a module of it with
    // sources of its own.
    let gifts = path.starts_with("contrib/") && !path.contains("/src/");
    let tools = |f: &&str| {
        f.ends_with("ctl")
            || f.ends_with("test")
            || f.starts_with("testenv")
            || f.starts_with("mock")
            || has_word(f, &TOOLS)
            || browser && has_word(f, &["bin"])
    };
    once || runs_tests
        || commands
        || gifts
        || browser && is_interface(path)
        || folders.iter().filter(|f| !product || !has_word(f, &PACKAGES)).any(tools)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_told_by_their_folders_and_kinds() {
        for path in ["front-end/services/auth.ts", "src/lib/Modal.tsx", "src/pages/a.js", "webui/a.py", "app/ui/a.go"] {
            assert!(is_interface(path), "{path}");
        }
        for path in ["src/pages/a.go", "back-end/services/auth.ts", "ui/server.js", "src/front/a.ts"] {
            assert!(!is_interface(path), "{path}");
        }
        assert!(is_front_end("apps/web/api/client.ts") && !is_front_end("src/pages/a.js"));
    }

    #[test]
    fn tools_are_told_by_their_folders() {
        for path in [
            "scripts/load.py",
            "src/cmd/cephctl/a.go",
            "web/e2e/a.ts",
            "release.py",
            "release/deploy.py",
            "contrib/a.py",
            "tools/x.py",
            "ci/release.py",
            "src/www/a.js",
            "chaos/cases/main.go",
            "bin/demo_requests.py",
            "acme/cmd/replicate.py",
            "utils/example_api.py",
            "src/dummy/form.ts",
            "apps/web/api/client.ts",
        ] {
            assert!(is_tool(path), "{path}");
        }
        for path in [
            "worker/src/features/mail/a.ts",
            "a/src/main/java/org/acme/integration/A.java",
            "src/main/java/org/acme/command/A.java",
            "acme-webapp/src/main/java/org/acme/A.java",
            "acme/contrib/ftp.py",
            "merge_queue.py",
            "contrib/store/src/java/acme/Push.java",
            "commands.go",
            "api/user.py",
        ] {
            assert!(!is_tool(path), "{path}");
        }
    }
}

//! Code that runs on a user's screen.

use timelint_semantics::Analysis;

/// Whether a file's folders say that it is part of a user interface: what it names lives as long as the page.
pub(crate) fn is_interface(file: &Analysis<'_>) -> bool {
    const SCREEN: [&str; 15] = [
        "ui",
        "gui",
        "webapp",
        "frontend",
        "component",
        "components",
        "pages",
        "views",
        "hooks",
        "widgets",
        "dashboard",
        "browser",
        "public",
        "static",
        "screens",
    ];
    // Elsewhere pages, views, hooks and components are parts of servers.
    if !is_for_browsers(&file.path) {
        return false;
    }
    let folders = file.path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|f| SCREEN.contains(&f))
}

/// Whether the file's kind is one that a browser runs.
pub(crate) fn is_for_browsers(path: &str) -> bool {
    const SCRIPTS: [&str; 6] = ["js", "jsx", "mjs", "ts", "tsx", "mts"];
    path.rsplit_once('.').is_some_and(|(_, extension)| SCRIPTS.contains(&extension))
}

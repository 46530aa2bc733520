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
    let folders = file.path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|f| SCREEN.contains(&f))
}

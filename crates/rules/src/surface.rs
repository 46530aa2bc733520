//! Code that runs on a user's screen.

use timelint_semantics::has_word;

/// Whether a file's folders say that it is part of a user interface: what it names lives as long as the page, and a
/// person waits for it, and leaves.
pub(crate) fn is_interface(path: &str) -> bool {
    #[rustfmt::skip]
    const FRONT: [&str; 11] = [
        "ui", "webui", "gui", "webapp", "frontend", "browser", "dashboard", "www", "static", "public", "assets",
    ];
    /// In files that no browser runs they are parts of servers.
    const PARTS: [&str; 7] = ["component", "components", "pages", "views", "hooks", "widgets", "screens"];
    /// Libraries of pages, copied into a project under their own names.
    #[rustfmt::skip]
    const LIBRARIES: [&str; 8] = [
        "jquery", "codemirror", "angular", "bootstrap", "prettify", "uploadify", "highlight", "typeahead",
    ];
    let Some((folders, name)) = path.rsplit_once('/') else { return false };
    if is_for_browsers(path) && has_word(name, &LIBRARIES) {
        return true;
    }
    let any = |words: &[&str]| folders.split('/').any(|f| has_word(f, words));
    // It lives in the browser, whatever it serves.
    let worker =
        matches!(name.split('.').next(), Some("serviceWorker" | "service-worker" | "registerServiceWorker" | "sw"));
    let vue = is_for_browsers(path) && any(&["vue", "jsapp", "explorer", "spa"]);
    worker || vue || !has_word(name, &["server"]) && (any(&FRONT) || is_for_browsers(path) && any(&PARTS))
}

/// Whether the file's kind is one that a browser runs.
pub(crate) fn is_for_browsers(path: &str) -> bool {
    const SCRIPTS: [&str; 6] = ["js", "jsx", "mjs", "ts", "tsx", "mts"];
    path.rsplit_once('.').is_some_and(|(_, extension)| SCRIPTS.contains(&extension))
}

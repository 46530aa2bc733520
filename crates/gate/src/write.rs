//! Writing files whole.
#![allow(clippy::disallowed_methods, reason = "the gate writes the files that it is asked to write")]

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`: beside it first, then renamed, so that whoever looks finds the old file or the new one.
/// Permissions stay, and a link stays a link. A device or pipe is written to directly.
///
/// # Errors
///
/// Whatever the file system says; the file is as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What the link points at is replaced, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let known = fs::metadata(&target).ok();
    if known.as_ref().is_some_and(|m| !m.is_file()) {
        return OpenOptions::new().write(true).open(&target)?.write_all(bytes);
    }
    let beside = beside(&target);
    let written = fill(&beside, bytes, known.as_ref()).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    target.with_file_name(name)
}

fn fill(beside: &Path, bytes: &[u8], known: Option<&fs::Metadata>) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create(true).truncate(true).open(beside)?;
    file.write_all(bytes)?;
    if let Some(known) = known {
        file.set_permissions(known.permissions())?;
    }
    // A rename may reach the disk before the text does.
    file.sync_all()
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = Folder::new(&[("a.py", "old")]);
        write_whole(&folder.path("a.py"), b"new").expect("written");
        write_whole(&folder.path("b.py"), b"made").expect("written");
        assert_eq!((folder.text("a.py").as_str(), folder.text("b.py").as_str()), ("new", "made"));
        assert_eq!(folder.names(), ["a.py", "b.py"]);
        assert!(write_whole(&folder.path("no/such/folder.py"), b"x").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = Folder::new(&[("a.py", "old")]);
        fs::set_permissions(folder.path("a.py"), fs::Permissions::from_mode(0o750)).expect("allowed");
        symlink(folder.path("a.py"), folder.path("link.py")).expect("linked");
        write_whole(&folder.path("link.py"), b"new").expect("written");
        assert_eq!(folder.text("a.py"), "new");
        assert!(fs::symlink_metadata(folder.path("link.py")).expect("there").is_symlink());
        assert_eq!(fs::metadata(folder.path("a.py")).expect("there").permissions().mode() & 0o777, 0o750);
    }
}

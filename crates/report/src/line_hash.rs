//! The per-line hash that GitHub's SARIF uploader uses to follow an alert across commits
//! (`primaryLocationLineHash`).
//!
//! A line's hash covers the 100 UTF-16 units that begin at its start, blanks left out, whatever lines they are on.
//! The uploader warns for each result whose hash differs from its own, so this follows it to the byte.

use std::collections::HashMap;

const WINDOW: usize = 100;
const BASE: u64 = 37;
/// What the uploader feeds in at the end of the text.
const END: u16 = u16::MAX;
const SPACE: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;
const CR: u16 = b'\r' as u16;
const LF: u16 = b'\n' as u16;

/// The hash of every line of `text`, first line first: lower-case hex, a colon, and a counter among equal hashes.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`; a text that ends in a line ending has an empty last line.
pub fn line_hashes(text: &str) -> Vec<String> {
    let mut state = Rolling::new();
    for unit in text.encode_utf16() {
        state.accept(unit);
    }
    state.accept(END);
    for _ in 0..WINDOW {
        state.emit();
        state.push(0);
    }
    state.hashes
}

struct Rolling {
    units: [u16; WINDOW],
    /// Whether a line starts at the unit in this slot.
    starts: [bool; WINDOW],
    at: usize,
    hash: u64,
    /// `BASE` to the power of `WINDOW`: the weight of the unit that leaves.
    leaving: u64,
    line_start: bool,
    after_cr: bool,
    seen: HashMap<u64, u32>,
    hashes: Vec<String>,
}

impl Rolling {
    fn new() -> Self {
        Self {
            units: [0; WINDOW],
            starts: [false; WINDOW],
            at: 0,
            hash: 0,
            leaving: BASE.wrapping_pow(WINDOW as u32),
            line_start: true,
            after_cr: false,
            seen: HashMap::new(),
            hashes: Vec::new(),
        }
    }

    fn accept(&mut self, unit: u16) {
        let second_half = self.after_cr && unit == LF;
        self.after_cr = unit == CR;
        if second_half || unit == SPACE || unit == TAB {
            return;
        }
        let unit = if unit == CR { LF } else { unit };
        self.emit();
        self.starts[self.at] = self.line_start;
        self.line_start = unit == LF;
        self.push(unit);
    }

    fn push(&mut self, unit: u16) {
        let old = std::mem::replace(&mut self.units[self.at], unit);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(self.leaving.wrapping_mul(u64::from(old)));
        self.at = (self.at + 1) % WINDOW;
    }

    /// Finishes the line whose start is about to leave the window.
    fn emit(&mut self) {
        if std::mem::take(&mut self.starts[self.at]) {
            let nth = self.seen.entry(self.hash).or_insert(0);
            *nth += 1;
            self.hashes.push(format!("{:x}:{nth}", self.hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> String {
        line_hashes(text).join(" ")
    }

    #[test]
    fn agrees_with_the_uploader() {
        assert_eq!(joined(""), "c129715d7a2bc9a3:1");
        assert_eq!(
            joined(" a\nb\n  \t\tc\n d"),
            "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1"
        );
        assert_eq!(
            joined("x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n"),
            "e54938cc54b302f1:1 bb609acbe9138d60:1 1131fd5871777f34:1 5c482a0f8b35ea28:1 \
             54517377da7028d2:1 2c644846cb18d53e:1 f1b89f20de0d133:1 c129715d7a2bc9a3:1"
        );
    }

    #[test]
    fn equal_lines_are_counted_and_the_window_runs_over_line_ends() {
        let text = "Lorem ipsum dolor sit amet.\n".repeat(10);
        let expected = "a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 \
                        a7f2ff13bc495cf2:5 a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 \
                        55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 c129715d7a2bc9a3:1";
        assert_eq!(joined(&text), expected);
    }

    #[test]
    fn line_endings_do_not_matter() {
        let unix = "a\n\nb 日本🎉\n";
        assert_eq!(joined(unix), joined(&unix.replace('\n', "\r\n")));
        assert_eq!(joined(unix), joined(&unix.replace('\n', "\r")));
        assert_eq!(line_hashes(unix).len(), 4);
    }
}

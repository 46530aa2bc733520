//! The rules about suppression comments themselves.

use timelint_diagnostics::{Family, RuleMeta, Severity};

/// A comment that lacks its reason.
pub(crate) static WITHOUT_REASON: RuleMeta = RuleMeta {
    id: "suppression-without-reason",
    aliases: &[],
    family: Family::Suppression,
    mechanism: "nobody can tell later whether the suppression still holds",
    severity: Severity::Note,
    summary: "A suppression comment does not say why",
    page: "# suppression-without-reason\n\nA comment `timelint: ignore[rule]` suppresses a finding without saying why \
           that is fine. It works all the same.\n\nWrite the reason behind two dashes: `timelint: ignore[rule] -- one \
           host, seconds do not matter`.\n",
};

/// A comment, or a name in it, that suppresses nothing.
pub(crate) static UNUSED: RuleMeta = RuleMeta {
    id: "unused-suppression",
    aliases: &[],
    family: Family::Suppression,
    mechanism: "a forgotten comment hides the next finding that comes along",
    severity: Severity::Note,
    summary: "A suppression comment suppresses nothing",
    page: "# unused-suppression\n\nNo finding of the named rule is covered by this comment. It would hide the next one \
           that comes along. Only comments for rules that ran are judged.\n\nRemove the comment; `--fix` does it.\n",
};

/// A comment that cannot be understood.
pub(crate) static UNKNOWN: RuleMeta = RuleMeta {
    id: "unknown-suppression",
    aliases: &[],
    family: Family::Suppression,
    mechanism: "the finding that was to be suppressed is not",
    severity: Severity::Note,
    summary: "A suppression comment is malformed or names no rule",
    page: "# unknown-suppression\n\nA comment begins with `timelint:` and is malformed, or names a rule, family or group \
           that does not exist. It suppresses nothing.\n\nCorrect the name; where only one can be meant, \
           `--unsafe-fixes` does it.\n",
};

/// A comment whose day has passed.
pub(crate) static EXPIRED: RuleMeta = RuleMeta {
    id: "expired-suppression",
    aliases: &[],
    family: Family::Suppression,
    mechanism: "what was put off is due",
    severity: Severity::Note,
    summary: "A suppression comment has come to its end",
    page: "# expired-suppression\n\nA comment `timelint: ignore[rule] until=2027-06-30 -- reason` holds up to and \
           including that day. The finding that it suppressed is reported again.\n\nMend the code, or set another day \
           and say why.\n",
};

/// All of them.
pub static SUPPRESSION_RULES: [&RuleMeta; 4] = [&EXPIRED, &WITHOUT_REASON, &UNKNOWN, &UNUSED];

//! Taking a lock and giving it its expiry in two steps.

use crate::pause::joined_edit::joined_edit;
use crate::pause::non_atomic_lock::META;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding};
use timelint_semantics::{Analysis, Command, Expiry, How, KeyCommand};

/// The key is written if it is absent, and told when to go away by a second command.
pub(crate) fn split_acquires(file: &Analysis<'_>, all: &[KeyCommand]) -> Vec<Finding> {
    let takes = all.iter().filter(|c| c.command == Command::SetIfAbsent && c.expiry != Expiry::Given);
    let judge = |take: &KeyCommand| {
        let function = file.function_around(take.at);
        let expire = file.expires_later(take, all)?;
        // The keys of a lock may have any name where two commands show that it must go away.
        if !file.is_own_lock(take, all) || file.is_one_step_until(take.at, expire) {
            return None;
        }
        let direct = function == file.function_around(expire);
        let sure = direct && take.how != How::Name;
        let message = format!("`{}` and `{}` take the lock in two steps", file.short(take.at), file.short(expire));
        let mut story = Story::new(&META, file, take.at, message)
            .why(
                "a crash, a lost connection or an error between the two leaves a lock that never expires, and \
                     everybody waits for ever",
            )
            .help(
                file.resolve(take.at)
                    .and_then(|k| k.api.advice.as_deref())
                    .unwrap_or("write key, owner and expiry in one command: `SET key owner NX PX ttl`"),
            )
            .confidence(if sure { Confidence::High } else { Confidence::Medium })
            .step(file.location(take.at), "the lock is held from here, for ever")
            .step(file.location(expire), "and gets its expiry only if this is reached");
        if let Some((applicability, edits)) = joined_edit(file, take.at, expire) {
            story = story.fix("take the lock with its expiry in one command", applicability, edits);
        }
        Some(story.tell())
    };
    takes.filter_map(judge).collect()
}

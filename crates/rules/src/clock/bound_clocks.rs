//! A column that statements judge by the database's time in one place and by this machine's in another.

use crate::clock::coordination::is_local_reading;
use crate::story::Story;
use timelint_diagnostics::{Confidence, Finding, RuleMeta};
use timelint_model::{Kind, NodeId, Role};
use timelint_semantics::{Analysis, has_word};

/// Functions of the database that give its time.
const NOW: [&str; 12] = [
    "now()",
    "current_timestamp",
    "current_timestamp()",
    "sysdate",
    "sysdate()",
    "systimestamp",
    "getdate()",
    "sysutcdatetime()",
    "utc_timestamp()",
    "clock_timestamp()",
    "localtimestamp",
    "unix_timestamp()",
];

/// How a statement uses a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Set,
    Compared,
}

/// What stands beside a column.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Beside {
    /// The database's time.
    Now,
    /// The parameter with this number, from 0, or of this name.
    Place(usize),
    Named(String),
}

/// One use of a column by a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    how: Use,
    beside: Beside,
}

/// A column, how it is used, and where its statement and its reading are.
#[derive(Debug, Clone)]
struct Judged {
    table: String,
    column: Column,
    statement: NodeId,
    reading: Option<NodeId>,
}

/// Columns of the file that are set by one of the two clocks and compared with the other: this machine's use, its
/// reading, and the database's use.
struct Meetings(Vec<(Judged, NodeId, Judged)>);

impl Meetings {
    fn of(file: &Analysis<'_>) -> Self {
        if !file.says(&["now", "sysdate", "systimestamp", "getdate", "timestamp"]) {
            return Self(Vec::new());
        }
        let all: Vec<Judged> = file.tables.calls.iter().flat_map(|c| judged(file, *c)).collect();
        let met = |local: &Judged| {
            let meets = |o: &&Judged| {
                let same = o.column.name == local.column.name && o.table == local.table;
                same && o.column.beside == Beside::Now && o.column.how != local.column.how
            };
            all.iter().find(meets).cloned().zip(local.reading).map(|(other, reading)| (local.clone(), reading, other))
        };
        Self(all.iter().filter_map(met).collect())
    }
}

/// Reports each such column.
pub(crate) fn bound_clocks(file: &Analysis<'_>, meta: &'static RuleMeta, out: &mut Vec<Finding>) {
    let meetings = file.shared(Meetings::of);
    out.extend(meetings.0.iter().map(|(local, reading, other)| tell(file, meta, local, *reading, other)));
}

/// Whether this reading goes to a column that the database judges by its own time: that is told as two clocks that meet.
pub(crate) fn meets_database_time(file: &Analysis<'_>, reading: NodeId) -> bool {
    file.shared(Meetings::of).0.iter().any(|(_, met, _)| *met == reading)
}

fn tell(file: &Analysis<'_>, meta: &'static RuleMeta, local: &Judged, reading: NodeId, other: &Judged) -> Finding {
    let message = format!("`{}` is set by one clock and compared with another", local.column.name);
    let does = |how: Use| if how == Use::Set { "sets" } else { "is compared with" };
    let (here, there) = (does(local.column.how), does(other.column.how));
    Story::new(meta, file, local.statement, message)
        .why(
            "the database and this machine disagree on what time it is: the comparison is wrong by that difference, in \
             both directions",
        )
        .help(
            "let the database give both times: use its own function in both statements, and bind only lengths of time",
        )
        .confidence(Confidence::Medium)
        .step(file.location(reading), format!("this machine's clock {here} the column"))
        .step(file.location(other.statement), format!("the database's own time {there} it"))
        .step(file.location(local.statement), "and the two meet in one column")
        .tell()
}

/// The columns that a statement of this call uses beside the database's time or this machine's.
fn judged(file: &Analysis<'_>, call: NodeId) -> Vec<Judged> {
    let model = file.model;
    let texts = model.children_with(call, Role::Arg).take(3).filter_map(|a| file.literal_text(a).map(|t| (a, t)));
    let Some((at, text)) = texts.into_iter().find(|(_, t)| table_of(&t.to_lowercase()).is_some()) else {
        return Vec::new();
    };
    let lower = text.to_lowercase();
    let Some(table) = table_of(&lower) else { return Vec::new() };
    let columns = columns_of(&lower).into_iter();
    columns
        .filter_map(|column| {
            let reading = match &column.beside {
                Beside::Now => None,
                beside => Some(bound(file, call, at, beside).filter(|r| is_local_reading(file, *r))?),
            };
            Some(Judged { table: table.clone(), column, statement: at, reading })
        })
        .collect()
}

/// The expression that is bound to a parameter: an argument, an element of a list, an entry, or what is set later.
fn bound(file: &Analysis<'_>, call: NodeId, text: NodeId, beside: &Beside) -> Option<NodeId> {
    let model = file.model;
    let args: Vec<NodeId> = model.children_with(call, Role::Arg).filter(|a| *a > text).collect();
    match beside {
        Beside::Now => None,
        Beside::Place(place) => {
            let listed = args.first().filter(|a| model.kind(**a) == Kind::List && args.len() <= 2);
            let given = match listed {
                Some(list) => model.children(*list).nth(*place),
                None => args.get(*place).copied(),
            };
            given.or_else(|| set_later(file, call, *place))
        }
        Beside::Named(name) => {
            let mut inside = args.iter().flat_map(|a| model.self_and_descendants(*a));
            let entry = inside.find(|n| {
                matches!(model.kind(*n), Kind::Entry | Kind::Argument) && model.name(*n).eq_ignore_ascii_case(name)
            })?;
            model.child(entry, Role::Value)
        }
    }
}

/// `statement.setTimestamp(2, now)` of what the call prepared.
fn set_later(file: &Analysis<'_>, call: NodeId, place: usize) -> Option<NodeId> {
    let model = file.model;
    let kept = model.parent(call).filter(|p| matches!(model.kind(*p), Kind::Let | Kind::Assign | Kind::WithItem))?;
    let target = model.child(kept, Role::Target).filter(|t| model.kind(*t) == Kind::Name)?;
    let calls = file.reads_of(target).into_iter().filter_map(|r| model.parent(r));
    let mut sets = calls.filter(|c| model.kind(*c) == Kind::Call && has_word(model.name(*c), &["set", "bind"]));
    sets.find_map(|c| {
        let args: Vec<NodeId> = model.children_with(c, Role::Arg).collect();
        let number = args.first().and_then(|a| file.value(*a).number)?;
        (number.to_string() == (place + 1).to_string()).then(|| args.get(1).copied()).flatten()
    })
}

/// The table that a statement is about.
fn table_of(lower: &str) -> Option<String> {
    let mut tokens = lower.split_whitespace();
    let first = tokens.next()?;
    let rest: Vec<&str> = tokens.collect();
    let after = |word: &str| rest.iter().position(|t| *t == word).and_then(|at| rest.get(at + 1)).copied();
    let table = match first {
        "update" => rest.first().copied(),
        "insert" | "replace" => after("into"),
        "select" | "delete" => after("from"),
        _ => None,
    }?;
    let plain = table.split('(').next().unwrap_or(table).trim_matches(['"', '`', '[', ']', ';']);
    let plain = plain.rsplit('.').next().unwrap_or(plain);
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// Every column that a statement sets to, or compares with, the database's time or a parameter.
fn columns_of(lower: &str) -> Vec<Column> {
    let mut separated = String::with_capacity(lower.len() + 16);
    for part in lower.replace("<=", " <").replace(">=", " >").chars() {
        match part {
            '<' | '>' | '=' | ',' | '+' | '-' => separated.extend([' ', part, ' ']),
            _ => separated.push(part),
        }
    }
    let tokens: Vec<&str> = separated.split_whitespace().collect();
    let condition = tokens.iter().position(|t| *t == "where").unwrap_or(tokens.len());
    let mut places = 0;
    let numbers: Vec<Option<Beside>> = tokens.iter().map(|t| beside(t, &mut places)).collect();
    let mut found = inserted(&tokens, &numbers);
    for (at, window) in tokens.windows(3).enumerate() {
        let order = matches!(window[1], "<" | ">");
        let how = match window[1] {
            "=" if at < condition => Use::Set,
            _ if order => Use::Compared,
            _ => continue,
        };
        let name = |t: &str| t.rsplit(['.', '(']).next().unwrap_or(t).trim_matches(['"', '`', ')']).to_owned();
        let is_name = |t: &str| t.chars().all(|c| c.is_alphanumeric() || "_.\"`(".contains(c)) && !t.is_empty();
        if let Some(Some(beside)) = numbers.get(at + 2).filter(|_| is_name(window[0])) {
            found.push(Column { name: name(window[0]), how, beside: beside.clone() });
        } else if let Some(Some(beside)) = numbers.get(at).filter(|_| order && is_name(window[2])) {
            found.push(Column { name: name(window[2]), how, beside: beside.clone() });
        }
    }
    found
}

/// `insert into locks (name, until) values (?, ?)`.
fn inserted(tokens: &[&str], numbers: &[Option<Beside>]) -> Vec<Column> {
    let Some(values) = tokens.iter().position(|t| t.starts_with("values")) else { return Vec::new() };
    let list = |from: usize, to: usize| -> Vec<usize> { (from..to).filter(|i| tokens[*i] != ",").collect() };
    let Some(start) = tokens[..values].iter().position(|t| t.contains('(')) else { return Vec::new() };
    let end = (values..tokens.len())
        .find(|i| tokens[*i].ends_with(')') && !tokens[*i].ends_with("()"))
        .map_or(tokens.len(), |i| i + 1);
    let names = list(start, values)
        .into_iter()
        .map(|i| tokens[i].rsplit('(').next().unwrap_or("").trim_matches([')', '"', '`']));
    let names: Vec<&str> = names.filter(|n| !n.is_empty()).collect();
    let given = list(values, end).into_iter().filter(|i| !matches!(tokens[*i], "values" | "("));
    let pairs = names.into_iter().zip(given);
    let used = pairs
        .filter_map(|(name, i)| Some(Column { name: name.to_owned(), how: Use::Set, beside: numbers[i].clone()? }));
    used.collect()
}

/// What a token stands for, counting the parameters without names.
fn beside(token: &str, places: &mut usize) -> Option<Beside> {
    let bare = token.trim_start_matches("values").trim_start_matches('(').trim_end_matches(';');
    let now = |t: &str| NOW.contains(&t);
    if now(bare) || now(bare.trim_end_matches(')')) || now(&format!("{})", bare.trim_end_matches(')'))) {
        return Some(Beside::Now);
    }
    let bare = bare.trim_end_matches(')');
    if bare == "?" || bare == "%s" {
        *places += 1;
        return Some(Beside::Place(*places - 1));
    }
    if let Some(number) = bare.strip_prefix('$').and_then(|n| n.split(':').next()).and_then(|n| n.parse::<usize>().ok())
    {
        return number.checked_sub(1).map(Beside::Place);
    }
    let named =
        bare.strip_prefix([':', '@', '$']).or_else(|| bare.strip_prefix("%(").map(|n| n.trim_end_matches(")s")))?;
    (!named.is_empty() && named.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .then(|| Beside::Named(named.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(statement: &str) -> Vec<String> {
        columns_of(statement).iter().map(|c| format!("{} {:?} {:?}", c.name, c.how, c.beside)).collect()
    }

    #[test]
    fn columns_are_told_by_what_stands_beside_them() {
        assert_eq!(
            shown("update locks set owner = ?, locked_until = ? where name = ? and locked_until < now()"),
            ["owner Set Place(0)", "locked_until Set Place(1)", "locked_until Compared Now"]
        );
        assert_eq!(
            shown("insert into locks (name, until) values ($1, $2)"),
            ["name Set Place(0)", "until Set Place(1)"]
        );
        assert_eq!(shown("select 1 from locks l where now() >= l.until"), ["until Compared Now"]);
        assert_eq!(shown("update nodes set seen = current_timestamp where id = :id"), ["seen Set Now"]);
        assert_eq!(
            shown("insert into nodes (id, seen) values (%(id)s, now())"),
            ["id Set Named(\"id\")", "seen Set Now"]
        );
        assert_eq!(table_of("select 1 from app.locks where x = 1").as_deref(), Some("locks"));
    }
}

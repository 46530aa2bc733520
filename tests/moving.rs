//! Findings stay known when code moves, whatever moves; and a fix that is cut off leaves whole files.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::sandbox::{BAD, Folder, GOOD};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// A function that waits, rightly or wrongly.
#[derive(Clone)]
struct Function {
    name: String,
    variable: String,
    limit: usize,
    is_bad: bool,
}

impl Function {
    fn text(&self, layout: usize) -> String {
        let Self { name, variable, limit, is_bad } = self;
        let now = if *is_bad { "time.time()" } else { "time.monotonic()" };
        match layout % 4 {
            0 => format!(
                "def {name}():\n    {variable} = {now}\n    while {now} - {variable} < {limit}:\n        poll()\n\n"
            ),
            1 => format!("def {name}( ):\n\t{variable}={now}\n\twhile {now}-{variable} < {limit} :\n\t\tpoll( )\n\n"),
            2 => format!(
                "# {name}\ndef {name}():\n    {variable} = {now}  # from here\n    while (\n        {now}\n        - {variable}\n        < {limit}\n    ):\n        poll()\n\n"
            ),
            _ => format!(
                "def {name}():\n    '''Waits.'''\n\n    {variable} = ({now})\n    while ({now} - {variable}) < {limit}:\n        poll()\n\n"
            ),
        }
    }
}

type Project = BTreeMap<String, Vec<Function>>;

fn write(folder: &Folder, project: &Project, layout: usize) {
    let _ = std::fs::remove_dir_all(folder.0.join("src"));
    for (path, functions) in project {
        let code: String = functions.iter().enumerate().map(|(nth, f)| f.text(layout + nth)).collect();
        folder.write(&format!("src/{path}.py"), &format!("import time\n\n{code}"));
    }
}

fn project(dice: &mut Dice) -> Project {
    let mut project = Project::new();
    for file in 0..2 + dice.roll(2) {
        let function = |nth: usize, dice: &mut Dice| Function {
            name: format!("wait_{file}_{nth}"),
            variable: "start".into(),
            limit: dice.roll(3),
            is_bad: nth == 0 || dice.roll(3) > 0,
        };
        let functions = (0..2 + dice.roll(3)).map(|nth| function(nth, dice)).collect();
        project.insert(format!("file{file}"), functions);
    }
    project
}

/// Moves functions in their files and to other files, renames functions, variables and files.
fn moved(project: &Project, dice: &mut Dice) -> Project {
    let mut files: Vec<(String, Vec<Function>)> = project.clone().into_iter().collect();
    let (from, to) = (dice.roll(files.len()), dice.roll(files.len()));
    if from != to {
        let at = dice.roll(files[from].1.len());
        let function = files[from].1.remove(at);
        files[to].1.insert(0, function);
    }
    let renamed = dice.roll(files.len());
    for (nth, (path, functions)) in files.iter_mut().enumerate() {
        let turn = dice.roll(functions.len().max(1));
        functions.rotate_left(turn);
        if nth == renamed {
            path.push_str("_renamed");
            continue;
        }
        for function in functions {
            function.variable = ["start", "began", "t0"][dice.roll(3)].into();
            // A function that comes from another file keeps its name: both at once is another function.
            if nth != to && dice.roll(2) == 0 {
                function.name.push_str("_new");
            }
        }
    }
    files.into_iter().collect()
}

#[test]
fn nothing_is_new_when_code_moves_and_what_is_swapped_is() {
    let mut dice = Dice(11);
    for round in 0..8 {
        let folder = Folder::new(&[]);
        let before = project(&mut dice);
        write(&folder, &before, 0);
        folder.run("baseline create");
        let mut after = moved(&before, &mut dice);
        write(&folder, &after, round);
        let run = folder.run("check --format json --baseline-strict");
        let old = folder.text(".timelint-baseline.jsonl");
        assert_eq!((run.code(), run.findings().len()), (0, 0), "round {round}: {} {old} {}", run.out(), run.err());
        folder.run("baseline update");
        // Mend one and make the same mistake in another function.
        let bad = after.values_mut().flatten().find(|f| f.is_bad).expect("one is bad");
        bad.is_bad = false;
        let culprit = Function { name: "other".into(), is_bad: true, ..bad.clone() };
        after.values_mut().next().expect("a file").push(culprit);
        write(&folder, &after, round);
        let run = folder.run("check --format json");
        assert_eq!((run.code(), run.findings().len()), (1, 1), "round {round}: {}", run.out());
        assert_eq!(run.json()["findings"][0]["scope"], "other");
    }
}

#[test]
fn a_fix_that_is_cut_off_leaves_whole_files() {
    let files: Vec<(String, String)> = (0..40).map(|i| (format!("f{i}.py"), BAD.to_owned())).collect();
    let folder = Folder::new(&[]);
    let mut cut_off = 0;
    for round in 0..8 {
        for (name, text) in &files {
            folder.write(name, text);
        }
        let mut command = folder.command("check --fix --quiet");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
        std::thread::sleep(Duration::from_millis(10 + 15 * round));
        let _ = child.kill();
        cut_off += usize::from(!child.wait().expect("ended").success());
        for (name, _) in &files {
            let text = folder.text(name);
            assert!(text == BAD || text == GOOD, "{name} is torn: {text}");
        }
    }
    assert!(cut_off > 0, "every run was done before it was cut off");
}

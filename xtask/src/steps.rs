//! Steps of a chore. Each announces its usual duration, reports progress while it runs, and appears
//! with its time in the table at the chore's end.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::{places, process};
use harness::failure::Outcome;

/// Interval between reports of a long step.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// Description of a step.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Name in the table and in the record of durations.
    pub name: &'a str,
    /// Description that begins with a verb.
    pub about: &'a str,
    /// Usual duration.
    pub usual: Usual,
}

/// Usual duration of a step on two cores, which determines what is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usual {
    /// Seconds, or the sum of nested steps, which report their own.
    Untold,
    /// Minutes for a clean build. A later build reuses its results.
    Build(u32),
    /// Minutes for every run.
    Run(u32),
}

impl Usual {
    fn says(self) -> Option<String> {
        match self {
            Self::Untold => None,
            Self::Build(minutes) => {
                Some(format!("about {minutes} min from nothing, less with what is built already"))
            }
            Self::Run(minutes) => Some(format!("about {minutes} min")),
        }
    }
}

/// A finished step.
#[derive(Clone, Debug)]
struct Ended {
    name: String,
    depth: usize,
    time: Duration,
    passed: bool,
    /// Whether it ran concurrently with the step above, so that its time adds nothing to the total.
    beside: bool,
}

/// Runner of steps that records their times. Nested steps are indented below their parent.
#[derive(Debug)]
pub struct Steps {
    ended: Vec<Ended>,
    depth: usize,
    record: Record,
    begun: Instant,
}

impl Steps {
    /// Creates a runner with the record in the build folder, which is lost when that is emptied.
    pub fn new() -> Self {
        Self::recorded_in(places::target().join("steps.json"))
    }

    /// Creates a runner with the record in `file`.
    pub fn recorded_in(file: PathBuf) -> Self {
        Self { ended: Vec::new(), depth: 0, record: Record::read(file), begun: Instant::now() }
    }

    /// Announces a step, runs it, and records its time.
    ///
    /// # Errors
    /// The errors of `work`.
    pub fn run<T>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        process::headline(&announcement(step, self.record.last(step.name)));
        let place = self.ended.len();
        let start = Instant::now();
        self.depth += 1;
        let outcome = self.beside_heartbeat(step, work);
        self.depth -= 1;
        let (time, passed) = (start.elapsed(), outcome.is_ok());
        self.ended.insert(
            place,
            Ended { name: step.name.to_owned(), depth: self.depth, time, passed, beside: false },
        );
        if passed {
            self.record.note(step.name, time);
        }
        outcome
    }

    /// Runs two steps concurrently, for use when one of them keeps a single core busy for long.
    /// Neither has nested steps.
    ///
    /// # Errors
    /// The error of `first`, or else that of `second`. Both run to completion.
    pub fn run_both<A, B>(&mut self, first: (Step, A), second: (Step, B)) -> Outcome
    where
        A: FnOnce() -> Outcome,
        B: FnOnce() -> Outcome + Send,
    {
        let mut beside = Self {
            ended: Vec::new(),
            depth: self.depth,
            record: self.record.clone(),
            begun: self.begun,
        };
        let (first_outcome, second_outcome) = thread::scope(|scope| {
            let beside = &mut beside;
            let other = scope.spawn(move || beside.run(second.0, |_| second.1()));
            let outcome = self.run(first.0, |_| first.1());
            (outcome, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        for step in beside.ended {
            if step.passed {
                self.record.note(&step.name, step.time);
            }
            self.ended.push(Ended { beside: true, ..step });
        }
        first_outcome.and(second_outcome)
    }

    /// Runs `work` and reports at intervals that it continues: cargo may be silent for minutes.
    fn beside_heartbeat<T>(
        &mut self,
        step: Step,
        work: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<T> {
        let Some(usual) = step.usual.says() else { return work(self) };
        let (name, (end, ended)) = (step.name.to_owned(), mpsc::channel::<()>());
        let heart = thread::spawn(move || {
            let start = Instant::now();
            while ended.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                eprintln!("    … {name}: {} min so far; {usual}", start.elapsed().as_secs() / 60);
            }
        });
        let outcome = work(self);
        drop(end);
        heart.join().ok();
        outcome
    }

    /// Returns a line for each step, with its verdict and its time in seconds.
    pub fn table(&self) -> String {
        let line = |step: &Ended| {
            let name = format!("{}{}", "  ".repeat(step.depth), step.name);
            let note = if step.beside { "  beside the one above" } else { "" };
            format!(
                "{name:<26}{}{:>7} s{note}",
                if step.passed { "passed" } else { "FAILED" },
                step.time.as_secs()
            )
        };
        self.ended.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Returns the time since the chore began.
    pub fn total(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Default for Steps {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a chore and prints its table to standard error, whether it succeeds or not.
///
/// # Errors
/// The errors of `chore`.
pub fn tabled<T>(chore: impl FnOnce(&mut Steps) -> Outcome<T>) -> Outcome<T> {
    let mut steps = Steps::new();
    let outcome = chore(&mut steps);
    eprintln!("\n{}\n{:<26}{:>13} s", steps.table(), "together", steps.total().as_secs());
    outcome
}

fn announcement(step: Step, last: Option<u64>) -> String {
    match (step.usual.says(), last) {
        (None, _) => step.about.to_owned(),
        (Some(usual), None) => format!("{} ({usual})", step.about),
        (Some(usual), Some(last)) => format!("{} ({usual}; {last} s last time)", step.about),
    }
}

/// Seconds that each step took when it last succeeded.
#[derive(Clone, Debug)]
struct Record {
    file: PathBuf,
    seconds: BTreeMap<String, u64>,
}

impl Record {
    /// Reads the record. An unreadable one counts as empty, because it only informs.
    fn read(file: PathBuf) -> Self {
        let seconds = fs::read(&file)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        Self { file, seconds }
    }

    fn last(&self, name: &str) -> Option<u64> {
        self.seconds.get(name).copied()
    }

    fn note(&mut self, name: &str, time: Duration) {
        self.seconds.insert(name.to_owned(), time.as_secs());
        if let Ok(text) = serde_json::to_vec(&self.seconds) {
            fs::write(&self.file, text).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::failure::Failure;

    fn step(name: &str) -> Step<'_> {
        Step { name, about: "", usual: Usual::Untold }
    }

    fn steps(folder: &tempfile::TempDir) -> Steps {
        Steps::recorded_in(folder.path().join("steps.json"))
    }

    #[test]
    fn the_table_has_each_step_above_its_own_steps_also_when_one_fails() {
        let folder = tempfile::tempdir().unwrap();
        let mut steps = steps(&folder);
        steps.run(step("first"), |_| Ok(())).unwrap();
        let outcome = steps.run(step("second"), |steps| {
            steps.run(step("inner"), |_| Ok(()))?;
            steps.run(step("broken"), |_| Err::<(), _>(Failure::new("", "")))
        });
        assert!(outcome.is_err());
        let table = steps.table();
        let cells: Vec<Vec<&str>> =
            table.lines().map(|line| line.split_whitespace().collect()).collect();
        let expected = [
            ["first", "passed", "0", "s"],
            ["second", "FAILED", "0", "s"],
            ["inner", "passed", "0", "s"],
            ["broken", "FAILED", "0", "s"],
        ];
        assert_eq!(cells, expected);
        assert!(table.contains("\n  inner") && table.contains("\nsecond"), "{table}");
    }

    #[test]
    fn two_steps_at_once_are_both_in_the_table_and_either_may_fail() {
        let folder = tempfile::tempdir().unwrap();
        let mut both = steps(&folder);
        let (ask, answer) = mpsc::channel();
        // Each step waits for the other, so both must run at once.
        let (tell, told) = mpsc::channel();
        let first = || {
            ask.send(()).unwrap();
            told.recv().unwrap();
            Ok(())
        };
        let second = move || {
            answer.recv().unwrap();
            tell.send(()).unwrap();
            Ok(())
        };
        both.run_both((step("first"), first), (step("second"), second)).unwrap();
        let table = both.table();
        let names: Vec<&str> =
            table.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(names, ["first", "second"]);
        assert!(table.ends_with("beside the one above"), "{table}");
        let failing = both.run_both(
            (step("third"), || Ok(())),
            (step("fourth"), || Err(Failure::new("broken", ""))),
        );
        assert!(failing.unwrap_err().to_string().contains("broken"));
        let failing = both.run_both(
            (step("fifth"), || Err(Failure::new("torn", ""))),
            (step("sixth"), || Ok(())),
        );
        assert!(failing.unwrap_err().to_string().contains("torn"));
        assert!(both.table().contains("sixth                     passed"), "{}", both.table());
        let again = steps(&folder);
        assert_eq!((again.record.last("second"), again.record.last("fourth")), (Some(0), None));
    }

    #[test]
    fn what_a_step_took_is_told_the_next_time_and_a_failure_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = steps(&folder);
        first.run(step("page"), |_| Ok(())).unwrap();
        first.run(step("worker"), |_| Err::<(), _>(Failure::new("", ""))).unwrap_err();
        let second = steps(&folder);
        assert_eq!((second.record.last("page"), second.record.last("worker")), (Some(0), None));
    }

    #[test]
    fn a_long_step_says_how_long_it_usually_takes_and_what_is_kept() {
        let long = |usual| Step { name: "page", about: "Compile the page", usual };
        let text = announcement(long(Usual::Build(2)), None);
        assert!(
            text.contains("about 2 min from nothing") && text.contains("what is built already"),
            "{text}"
        );
        let text = announcement(long(Usual::Run(6)), Some(345));
        assert!(
            text.contains("about 6 min; 345 s last time") && !text.contains("from nothing"),
            "{text}"
        );
        assert_eq!(announcement(long(Usual::Untold), Some(1)), "Compile the page");
    }

    #[test]
    fn a_record_that_cannot_be_read_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("steps.json"), "{ half").unwrap();
        assert_eq!(steps(&folder).record.last("page"), None);
    }
}

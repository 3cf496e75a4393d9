//! CPU time of processes, on systems that report it like Linux. On an emulated GPU it measures the
//! work done, independently of other load on the machine.

use std::collections::BTreeMap;
use std::fs;

/// Clock ticks per second in `/proc/*/stat`, which are the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Fields of `/proc/<id>/stat`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stat {
    parent: u32,
    seconds: f64,
}

/// Returns the CPU time of this process, all threads, s.
pub fn own_seconds() -> Option<f64> {
    parse(&fs::read_to_string("/proc/self/stat").ok()?).map(|stat| stat.seconds)
}

/// Returns the CPU time of process `root` and its living descendants, s.
pub fn family_seconds(root: u32) -> Option<f64> {
    let mut stats = BTreeMap::new();
    for entry in fs::read_dir("/proc").ok()?.filter_map(Result::ok) {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // The process may have ended meanwhile.
        let Ok(text) = fs::read_to_string(entry.path().join("stat")) else { continue };
        stats.insert(id, parse(&text)?);
    }
    stats.contains_key(&root).then(|| sum(&stats, root))
}

fn sum(stats: &BTreeMap<u32, Stat>, root: u32) -> f64 {
    let children =
        stats.iter().filter(|(_, stat)| stat.parent == root).map(|(&child, _)| sum(stats, child));
    stats[&root].seconds + children.sum::<f64>()
}

/// Parses the fields of proc(5). The name may contain anything, even brackets and spaces.
fn parse(text: &str) -> Option<Stat> {
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        seconds: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_read_behind_an_awkward_name() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194304 900 0 0 0 250 50 9 9 20 0 4 0 100 0 0";
        assert_eq!(parse(text), Some(Stat { parent: 7, seconds: 3.0 }));
        assert_eq!(parse("nothing"), None);
    }

    #[test]
    fn a_family_is_all_descendants_and_nobody_else() {
        let stat = |parent, seconds| Stat { parent, seconds };
        let stats = [
            (1, stat(0, 100.0)),
            (5, stat(1, 1.0)),
            (6, stat(5, 2.0)),
            (7, stat(6, 4.0)),
            (8, stat(1, 8.0)),
        ]
        .into();
        assert!((sum(&stats, 5) - 7.0).abs() < f64::EPSILON);
    }
}

//! Tables of the report, for a person to read.

use impasto::layer::Layer;

use harness::bench::line::{HistoryLine, KernelLine, Line, PageFigures, Pass, Spread, StepLine};
use harness::browser::Browser;

/// Separator of two columns.
const GAP: &str = "  ";
/// Number of bytes in a MiB.
const MIB: f64 = (1 << 20) as f64;
/// Placeholder of an unknown figure.
const UNKNOWN: &str = "–";

/// Formats a table for each kind of line in `lines`.
pub fn tables(lines: &[Line]) -> String {
    let (mut steps, mut kernels, mut histories) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        match line {
            Line::Step(line) => steps.push(step_row(line)),
            Line::Kernel(line) => kernels.push(line.clone()),
            Line::History(line) => histories.push(history_row(line)),
        }
    }
    let tables = [
        (&STEP_HEAD[..], steps),
        (&KERNEL_HEAD, kernel_rows(&kernels)),
        (&HISTORY_HEAD, histories),
    ];
    tables
        .iter()
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(head, rows)| table(head, rows))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Formats `head` above `rows`. Each column is as wide as its widest cell, and all but the first
/// are right-aligned. A column without a known figure is omitted.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![String::new(); rows.len() + 1];
    let columns = head.iter().enumerate().map(|(column, title)| {
        std::iter::once(*title).chain(rows.iter().map(move |row| &*row[column])).collect::<Vec<_>>()
    });
    for (column, cells) in
        columns.enumerate().filter(|(_, cells)| cells[1..].iter().any(|cell| *cell != UNKNOWN))
    {
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default();
        for (line, cell) in lines.iter_mut().zip(cells) {
            *line += &if column == 0 {
                format!("{cell:<width$}")
            } else {
                format!("{GAP}{cell:>width$}")
            };
        }
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

const STEP_HEAD: [&str; 19] = [
    "where",
    "px",
    "optimiser",
    "border",
    "styles",
    "tiles",
    "maps",
    "ms/step",
    "min",
    "max",
    "CPU ms",
    "GFLOP/s",
    "warm-up s",
    "peak MiB",
    "in use MiB",
    "long task ms",
    "gap ms",
    "cancel ms",
    "free ms",
];

fn step_row(line: &StepLine) -> Vec<String> {
    let place = line.browser.map_or("native", Browser::name);
    let adapter = line.adapter.as_deref().unwrap_or(UNKNOWN);
    let in_use = || line.memory.iter().map(|at| mib(at.bytes_in_use)).collect::<Vec<_>>().join(" ");
    let page =
        |figure: fn(&PageFigures) -> Option<f64>| known(line.page.as_ref().and_then(figure), ms);
    vec![
        format!("{place}, {}, {adapter}", line.device.name()),
        line.size.to_string(),
        format!("{:?}", line.optimizer).to_lowercase(),
        format!("{:?}", line.border).to_lowercase(),
        line.styles.to_string(),
        known(line.tiles, |tiles| tiles.to_string()),
        known(line.precision, |precision| precision.name().to_owned()),
        ms(line.ms_per_step.median),
        ms(line.ms_per_step.min),
        ms(line.ms_per_step.max),
        known(line.cpu_ms_per_step, ms),
        ms(line.gflops),
        format!("{:.1}", line.warm_up_s),
        known(line.peak_device_bytes, mib),
        known((!line.memory.is_empty()).then(in_use), |text| text),
        page(|page| page.longest_task_ms),
        page(|page| Some(page.longest_gap_ms)),
        page(|page| Some(page.cancel_ms)),
        page(|page| Some(page.worker_free_ms)),
    ]
}

const KERNEL_HEAD: [&str; 13] = [
    "layer",
    "px",
    "division",
    "maps",
    "pass",
    "GFLOP",
    "ms",
    "GFLOP/s",
    "CPU ms",
    "Burn's ms",
    "GFLOP/s",
    "CPU ms",
    "ratio",
];

/// Returns a row for each line, and below each size, division and precision the sums over all
/// layers.
fn kernel_rows(lines: &[KernelLine]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for alike in lines
        .chunk_by(|a, b| (a.size, &a.division, a.precision) == (b.size, &b.division, b.precision))
    {
        rows.extend(alike.iter().map(|line| Kernel::of(line).row(line.layer.name(), line)));
        for pass in [Pass::Forward, Pass::Backward] {
            let of_pass: Vec<_> = alike.iter().filter(|line| line.pass == pass).collect();
            if of_pass.len() == Layer::ALL.len() {
                let sum = of_pass
                    .iter()
                    .copied()
                    .map(Kernel::of)
                    .reduce(Kernel::plus)
                    .expect("there are layers");
                rows.push(sum.row("all", of_pass[0]));
            }
        }
    }
    rows
}

/// Figures of a row: work in GFLOP, then median and CPU time in ms, ours and Burn's.
#[derive(Clone, Copy)]
struct Kernel {
    gflop: f64,
    ms: [f64; 2],
    cpu_ms: [Option<f64>; 2],
}

impl Kernel {
    fn of(line: &KernelLine) -> Self {
        let KernelLine { gflop, ours, burn, .. } = *line;
        Self { gflop, ms: [ours.ms.median, burn.ms.median], cpu_ms: [ours.cpu_ms, burn.cpu_ms] }
    }

    fn plus(self, other: Self) -> Self {
        let cpu = |which: usize| Some(self.cpu_ms[which]? + other.cpu_ms[which]?);
        let ms = |which: usize| self.ms[which] + other.ms[which];
        Self { gflop: self.gflop + other.gflop, ms: [ms(0), ms(1)], cpu_ms: [cpu(0), cpu(1)] }
    }

    /// Formats the row of `layer`, with its other labels from `line`.
    fn row(self, layer: &str, line: &KernelLine) -> Vec<String> {
        let Self { gflop, ms: [ours, burn], cpu_ms } = self;
        let times = |time: f64, cpu| [ms(time), ms(gflop / time * 1e3), known(cpu, ms)];
        let [own, stock] = [times(ours, cpu_ms[0]), times(burn, cpu_ms[1])];
        let first = [
            layer.to_owned(),
            line.size.to_string(),
            line.division.clone(),
            line.precision.name().to_owned(),
        ];
        first
            .into_iter()
            .chain([line.pass.name().to_owned(), format!("{gflop:.3}")])
            .chain(own)
            .chain(stock)
            .chain([format!("{:.1}×", burn / ours)])
            .collect()
    }
}

const HISTORY_HEAD: [&str; 8] =
    ["L-BFGS alone on", "px", "pairs", "ms/step", "min", "max", "CPU ms", "peak MiB"];

fn history_row(line: &HistoryLine) -> Vec<String> {
    let Spread { median, min, max } = line.ms_per_step;
    vec![
        format!("{}, {}", line.device.name(), line.adapter.as_deref().unwrap_or(UNKNOWN)),
        line.size.to_string(),
        line.history.to_string(),
        ms(median),
        ms(min),
        ms(max),
        known(line.cpu_ms_per_step, ms),
        known(line.peak_device_bytes, mib),
    ]
}

fn known<T>(value: Option<T>, show: impl Fn(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), show)
}

/// Formats a time with three digits or more.
fn ms(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

fn mib(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown rounded")]
    let mib = bytes as f64 / MIB;
    format!("{mib:.0}")
}

#[cfg(test)]
mod tests {
    use impasto::memory::Precision;

    use super::*;
    use harness::bench::line::KernelTime;

    fn kernel(layer: Layer, ours: f64, burn: f64) -> Line {
        let time = |median: f64| KernelTime {
            ms: Spread { median, min: median, max: median },
            cpu_ms: Some(2.0 * median),
            gflops: 1.0 / median * 1e3,
        };
        let (ours, burn) = (time(ours), time(burn));
        let (division, precision) = ("fine".to_owned(), Precision::Half);
        Line::Kernel(KernelLine {
            adapter: None,
            size: 64,
            layer,
            pass: Pass::Forward,
            gflop: 1.0,
            division,
            precision,
            ours,
            burn,
        })
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [vec!["conv1_1".to_owned(), "5".to_owned()], vec!["a".to_owned(), "1234".to_owned()]];
        assert_eq!(table(&["layer", "ms"], &rows), "layer      ms\nconv1_1     5\na        1234\n");
    }

    #[test]
    fn a_column_of_nothing_is_left_out() {
        let rows = [
            vec!["a".to_owned(), UNKNOWN.to_owned(), "1".to_owned()],
            vec!["b".to_owned(), UNKNOWN.to_owned(), UNKNOWN.to_owned()],
        ];
        assert_eq!(table(&["x", "y", "z"], &rows), "x  z\na  1\nb  –\n");
    }

    #[test]
    fn a_kernels_row_tells_both_speeds_and_their_ratio() {
        let text = tables(&[kernel(Layer::Conv1_1, 10.0, 40.0)]);
        let row = text.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(
            row,
            [
                "conv1_1", "64", "fine", "half", "forward", "1.000", "10.0", "100", "20.0", "40.0",
                "25.0", "80.0", "4.0×"
            ]
        );
        assert_eq!(text.lines().count(), 2, "a sum of some layers would mislead");
    }

    #[test]
    fn the_sum_over_all_layers_stands_below_them() {
        let lines = Layer::ALL.map(|layer| kernel(layer, 10.0, 20.0));
        let text = tables(&lines);
        let last = text.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(
            last,
            [
                "all", "64", "fine", "half", "forward", "13.000", "130", "100", "260", "260",
                "50.0", "520", "2.0×"
            ]
        );
    }
}

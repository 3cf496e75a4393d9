//! Flags of `cargo xtask bench`, and the cases that they ask for.

use std::ops::RangeInclusive;

use clap::Args;
use harness::bench::case::{BenchSubject, Case, Device, Steps};
use harness::browser::Browser;
use harness::failure::{Failure, Outcome};
use impasto::memory::LEAST_TILE_EDGE_PX;
use impasto::recipe::{Border, MAX_STYLES, OptimizerKind, Recipe, named};

/// Largest number of paintings that the page accepts.
const PAGE_STYLES: u32 = 2;

/// Flags of `cargo xtask bench`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Measure the engine natively; the default
    #[arg(long, conflicts_with = "browser")]
    pub native: bool,
    /// Measure the built page in this browser
    #[arg(long, value_parser = named::<Browser>)]
    pub browser: Option<Browser>,
    /// Sides of the square pictures, px
    #[arg(
        long = "size",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "64,128,256,512",
        value_parser = size
    )]
    pub sizes: Vec<u32>,
    /// Measure each convolution alone, ours against Burn's own
    #[arg(long, conflicts_with_all = ["browser", "history"])]
    pub kernels: bool,
    /// lbfgs, adam or both
    #[arg(
        long = "optimizer",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "lbfgs",
        value_parser = named::<OptimizerKind>
    )]
    pub optimizers: Vec<OptimizerKind>,
    /// Where to compute
    #[arg(long, default_value = "gpu", value_parser = named::<Device>)]
    pub device: Device,
    /// What lies beyond the picture: zero, as in the paper, or replicate, as the page's default is
    #[arg(long, value_name = "BORDER", default_value = "zero", value_parser = named::<Border>)]
    pub border: Border,
    /// Numbers of paintings
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "1",
        value_parser = styles
    )]
    pub styles: Vec<u32>,
    /// See pictures of more than PX×PX in tiles, natively; without it those that are too large for
    /// the device
    #[arg(
        long,
        value_name = "PX",
        conflicts_with_all = ["browser", "kernels", "history"],
        value_parser = clap::value_parser!(u32).range(i64::from(LEAST_TILE_EDGE_PX)..)
    )]
    pub tiles_above: Option<u32>,
    /// Keep feature maps in f16, natively
    #[arg(long, conflicts_with_all = ["browser", "kernels", "history"])]
    pub half_precision: bool,
    /// Measure L-BFGS alone, without the network, with each of these numbers of pairs remembered
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with = "browser",
        value_parser = clap::value_parser!(u32).range(1..=100)
    )]
    pub history: Vec<u32>,
    /// What is timed after the warm-up: steps, or calls of each kernel
    #[arg(
        long,
        visible_alias = "steps",
        default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=50_000)
    )]
    pub runs: u32,
}

impl Options {
    /// Returns the cases, in order.
    ///
    /// # Errors
    /// When the flags contradict each other.
    pub fn cases(&self) -> Outcome<Vec<Case>> {
        self.check()?;
        let subjects = self.subjects();
        let case = |size, subject: &BenchSubject| Case {
            subject: subject.clone(),
            size,
            device: self.device,
            runs: self.runs,
        };
        Ok(self
            .sizes
            .iter()
            .flat_map(|&size| subjects.iter().map(move |subject| case(size, subject)))
            .collect())
    }

    fn check(&self) -> Outcome {
        if self.kernels && self.device == Device::Cpu {
            return Err(Failure::new(
                "the processor has no kernels of ours to measure",
                "leave out --kernels or --device cpu",
            ));
        }
        if self.browser.is_some() && self.styles.iter().any(|&styles| styles > PAGE_STYLES) {
            let headline = format!("the page has places for {PAGE_STYLES} paintings");
            return Err(Failure::new(headline, "ask for fewer --styles, or measure natively"));
        }
        Ok(())
    }

    fn subjects(&self) -> Vec<BenchSubject> {
        if self.kernels {
            return vec![BenchSubject::Kernels];
        }
        if !self.history.is_empty() {
            return self.history.iter().map(|&pairs| BenchSubject::History(pairs)).collect();
        }
        let Self { browser, border, tiles_above, half_precision, .. } = *self;
        let steps = |&optimizer| {
            self.styles.iter().map(move |&styles| Steps {
                browser,
                optimizer,
                border,
                styles,
                tiles_above,
                half_precision,
            })
        };
        self.optimizers.iter().flat_map(steps).map(BenchSubject::Steps).collect()
    }
}

fn size(text: &str) -> Result<u32, String> {
    number(text, &Recipe::SIZE)
}

fn styles(text: &str) -> Result<u32, String> {
    number(text, &(1..=u32::try_from(MAX_STYLES).unwrap_or(u32::MAX)))
}

fn number(text: &str, range: &RangeInclusive<u32>) -> Result<u32, String> {
    let within = text.parse().ok().filter(|number| range.contains(number));
    within.ok_or_else(|| format!("it must lie between {} and {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    /// Returns the cases of a command line, or its error message.
    fn cases(line: &str) -> Result<Vec<Case>, String> {
        let words = ["bench"].into_iter().chain(line.split_whitespace());
        let program = Program::try_parse_from(words).map_err(|error| error.to_string())?;
        program.options.cases().map_err(|failure| failure.to_string())
    }

    fn steps(case: &Case) -> Steps {
        match case.subject {
            BenchSubject::Steps(steps) => steps,
            ref other => panic!("{other:?} in place of steps"),
        }
    }

    #[test]
    fn by_default_native_steps_at_four_sizes_are_timed_five_times_on_the_gpu() {
        let cases = cases("").unwrap();
        assert_eq!(cases.iter().map(|case| case.size).collect::<Vec<_>>(), [64, 128, 256, 512]);
        let plain = Steps {
            browser: None,
            optimizer: OptimizerKind::Lbfgs,
            border: Border::Zero,
            styles: 1,
            tiles_above: None,
            half_precision: false,
        };
        assert!(
            cases
                .iter()
                .all(|case| steps(case) == plain && case.runs == 5 && case.device == Device::Gpu)
        );
        assert_eq!(cases[0].program(), "native");
    }

    #[test]
    fn lists_are_combined() {
        let cases = cases(
            "--size 64,96 --optimizer adam,lbfgs --styles 1,2 --steps 1000 --border replicate",
        )
        .unwrap();
        assert_eq!(cases.len(), 8);
        let (first, last) = (&cases[0], &cases[7]);
        assert_eq!(
            (first.size, steps(first).optimizer, steps(first).styles),
            (64, OptimizerKind::Adam, 1)
        );
        assert_eq!(
            (last.size, steps(last).optimizer, steps(last).styles),
            (96, OptimizerKind::Lbfgs, 2)
        );
        assert!(
            cases.iter().all(|case| case.runs == 1000 && steps(case).border == Border::Replicate)
        );
    }

    #[test]
    fn a_browser_has_a_program_of_its_own() {
        let cases = cases("--browser firefox --device cpu --size 64").unwrap();
        assert_eq!((cases.len(), cases[0].program(), cases[0].device), (1, "browser", Device::Cpu));
        assert_eq!(steps(&cases[0]).browser, Some(Browser::Firefox));
    }

    #[test]
    fn kernels_and_histories_take_the_place_of_steps() {
        assert_eq!(cases("--kernels --size 64").unwrap()[0].subject, BenchSubject::Kernels);
        let histories: Vec<_> = cases("--history 5,10 --size 64")
            .unwrap()
            .into_iter()
            .map(|case| case.subject)
            .collect();
        assert_eq!(histories, [BenchSubject::History(5), BenchSubject::History(10)]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason() {
        let refused = |line, why: &str| {
            let error = cases(line).unwrap_err();
            assert!(error.contains(why), "{line}: {error}");
        };
        refused("--size 7", "it must lie between 32 and 8192");
        refused("--size big", "it must lie between 32 and 8192");
        refused("--browser netscape", "expected `chromium` or `firefox`");
        refused("--optimizer sgd", "expected `lbfgs` or `adam`");
        refused("--styles 5", "it must lie between 1 and 4");
        refused("--browser firefox --styles 3", "places for 2 paintings");
        refused("--kernels --device cpu", "no kernels of ours");
        refused("--kernels --browser chromium", "cannot be used with");
        refused("--native --browser chromium", "cannot be used with");
    }
}

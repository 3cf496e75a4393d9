//! How long a run takes, by those before it.

use super::{Errand, Run, Studio};
use crate::pixels::ImageSize;
use crate::recipe::{Recipe, pyramid};

/// Pixels that a pace counts in.
const PIXELS: f64 = 1e6;

impl Studio {
    /// Notes the pace of the run that has ended.
    pub(super) fn note_pace(&mut self) {
        let Some((kind, run)) =
            self.report.as_ref().map(|report| report.kind).zip(self.run.as_ref())
        else {
            return;
        };
        if let Some(ms) = pace(run).filter(|_| matches!(run.errand, Errand::Repaint)) {
            self.settings.paces.note(kind, ms);
        }
    }

    /// Returns the time that the next painting takes after its first step, ms; `None` before
    /// anything was painted on this device.
    pub fn estimate_ms(&self) -> Option<f64> {
        let report = self.report.as_ref()?;
        let pace = self.settings.paces.on(report.kind)?;
        let Recipe { size, steps, sizes, .. } = self.settings.recipe_on(Some(report));
        let levels = pyramid::levels(ImageSize::new(size, size), sizes, steps);
        Some(pace * pyramid::work(&levels, steps) * pixels(size))
    }
}

/// Returns the time of a step and 10⁶ pixels of a square result, ms. The first step does not
/// count: it paid for compilation.
fn pace(run: &Run) -> Option<f64> {
    let edge = run.levels.last()?.edge;
    let timed = pyramid::work(&run.levels, run.step) - pyramid::work(&run.levels, 1);
    (timed > 0.0 && run.elapsed_ms > 0.0).then(|| run.elapsed_ms / timed / pixels(edge))
}

fn pixels(edge: u32) -> f64 {
    f64::from(edge).powi(2) / PIXELS
}

#[cfg(test)]
mod tests {
    use crate::memory::DeviceLimits;
    use crate::protocol::{DeviceKind, DeviceReport, Event, Losses, RunId};
    use crate::recipe::Sizes;
    use crate::ui::settings::Settings;
    use crate::ui::studio::Studio;

    fn opened(kind: DeviceKind, settings: Settings) -> Studio {
        let mut studio = Studio::new(settings, true);
        studio.open();
        studio.apply(Event::Opened(DeviceReport {
            kind,
            name: String::new(),
            software: false,
            max_edge: 1024,
            limits: DeviceLimits::AMPLE,
        }));
        studio.set(|settings| settings.recipe.sizes = Sizes::One);
        studio.set(|settings| (settings.size, settings.steps) = (Some(100), Some(41)));
        studio
    }

    #[test]
    fn the_second_run_is_told_by_the_first_also_at_another_size_and_the_next_visit() {
        let mut studio = opened(DeviceKind::Cpu, Settings::default());
        assert_eq!(studio.estimate_ms(), None, "nothing is known yet");
        studio.start();
        let losses = Losses { content: 1.0, style: 1.0, total_variation: 0.0 };
        let (run, step, steps) = (RunId(1), 41, 41);
        studio.apply(Event::Progress { run, step, steps, losses, elapsed_ms: 4000.0 });
        studio.apply(Event::Finished { run, step });
        let near = |estimate: Option<f64>, ms: f64| {
            assert!(
                estimate.is_some_and(|estimate| (estimate / ms - 1.0).abs() < 1e-6),
                "{estimate:?}"
            );
        };
        near(studio.estimate_ms(), 4100.0);
        studio.set(|settings| settings.size = Some(200));
        near(studio.estimate_ms(), 4.0 * 4100.0);

        let kept = Settings::from_json(&studio.settings().to_json());
        near(opened(DeviceKind::Cpu, kept.clone()).estimate_ms(), 4100.0);
        assert_eq!(opened(DeviceKind::Gpu, kept).estimate_ms(), None, "another device");
    }
}

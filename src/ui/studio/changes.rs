//! Changes that wait for the next painting.

use super::{Errand, Studio};
use crate::recipe::{Recipe, Sizes};

impl Studio {
    /// Returns how many settings differ from those that the painting on the stage was begun with
    /// and cannot follow any more.
    pub fn waiting_changes(&self) -> usize {
        let Some(run) = &self.run else { return 0 };
        let Some(begun) = &run.recipe else { return 0 };
        let mut next = self.settings.recipe_on(self.report.as_ref());
        match run.errand {
            Errand::Repaint => {}
            Errand::GoOn => next.sizes = Sizes::One,
            Errand::Reconstruct(_) | Errand::Cell(_) => return 0,
        }
        differences(begun, &next)
    }
}

/// Counts the fields that no running painting follows, by controls of the page.
fn differences(begun: &Recipe, next: &Recipe) -> usize {
    let differ = [
        begun.size != next.size,
        begun.steps != next.steps,
        begun.features.pooling != next.features.pooling,
        begun.features.border != next.features.border,
        begun.features.units != next.features.units
            || begun.features.statistics != next.features.statistics
            || begun.features.filters != next.features.filters,
        begun.colours.palette != next.colours.palette,
        begun.colours.linear_light != next.colours.linear_light,
        begun.start != next.start,
        begun.style_scale.to_bits() != next.style_scale.to_bits(),
        begun.keep_frame != next.keep_frame,
        begun.sizes != next.sizes,
        begun.seed != next.seed,
    ];
    differ.into_iter().filter(|&differs| differs).count()
}

#[cfg(test)]
mod tests {
    use crate::memory::DeviceLimits;
    use crate::protocol::{DeviceKind, DeviceReport, Event};
    use crate::recipe::{Palette, Pooling, Recipe};
    use crate::ui::settings::Settings;
    use crate::ui::studio::Studio;

    #[test]
    fn changes_that_a_painting_cannot_follow_are_counted_until_they_are_taken_back() {
        let mut studio = Studio::new(Settings::default(), true);
        studio.open();
        studio.apply(Event::Opened(DeviceReport {
            kind: DeviceKind::Gpu,
            name: String::new(),
            software: false,
            max_edge: 1024,
            limits: DeviceLimits::AMPLE,
        }));
        studio.set(|settings| settings.recipe.seed = 9);
        assert_eq!(studio.waiting_changes(), 0, "nothing has been painted");
        studio.start();
        assert_eq!(studio.waiting_changes(), 0);
        studio.set(|settings| settings.size = Some(128));
        assert_eq!(studio.waiting_changes(), 1);
        studio.set(|settings| settings.recipe.colours.palette = Palette::Photo);
        studio.set(|settings| settings.recipe.features.pooling = Pooling::Average);
        assert_eq!(studio.waiting_changes(), 3);
        studio.set_loss_weights(|loss_weights| loss_weights.content_weight = 99.0);
        assert_eq!(studio.waiting_changes(), 3, "weights are followed");
        studio.set(|settings| {
            settings.size = None;
            settings.recipe.colours.palette = Recipe::default().colours.palette;
            settings.recipe.features.pooling = Recipe::default().features.pooling;
        });
        assert_eq!(studio.waiting_changes(), 0);
        studio.reconstruct();
        studio.set(|settings| settings.size = Some(128));
        assert_eq!(studio.waiting_changes(), 0, "a reconstruction is no painting");
    }
}

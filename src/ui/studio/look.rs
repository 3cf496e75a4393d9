//! A look that was taken, until it is taken back.

use super::{Studio, Task};
use crate::recipe::{Preset, Recipe};

/// What a look has changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LookTaken {
    preset: Preset,
    recipe: Recipe,
    colours_by_preset: bool,
}

impl Studio {
    /// Takes a look, also in the live run as far as it can follow.
    pub fn take_preset(&mut self, preset: Preset) -> Option<Task> {
        let before = &self.settings;
        self.look_taken = Some(LookTaken {
            preset,
            recipe: before.recipe.clone(),
            colours_by_preset: before.colours_by_preset,
        });
        self.settings.take_preset(preset);
        self.adjustment()
    }

    /// Returns the look taken last, while it can be taken back: until another setting changes.
    pub fn look_taken(&self) -> Option<Preset> {
        self.look_taken.as_ref().map(|taken| taken.preset)
    }

    /// Takes the last look back.
    pub fn undo_look(&mut self) -> Option<Task> {
        let LookTaken { recipe, colours_by_preset, .. } = self.look_taken.take()?;
        (self.settings.recipe, self.settings.colours_by_preset) = (recipe, colours_by_preset);
        self.adjustment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Palette, Pooling};
    use crate::ui::settings::Settings;

    #[test]
    fn a_look_changes_what_it_is_about_and_is_taken_back_whole() {
        let mut studio = Studio::new(Settings::default(), true);
        studio.set(|settings| {
            (settings.size, settings.steps) = (Some(256), Some(77));
            settings.recipe.seed = 5;
            settings.recipe.loss_weights.grain = 0.5;
            settings.set_palette(Palette::Matched);
        });
        let before = studio.settings().clone();
        studio.take_preset(Preset::BolderStrokes);
        let Settings { size, steps, recipe, .. } = studio.settings();
        assert_eq!((*size, *steps, recipe.seed), (Some(256), Some(77), 5));
        assert_eq!((recipe.colours.palette, recipe.style_scale), (Palette::Matched, 1.5));
        assert_eq!(studio.look_taken(), Some(Preset::BolderStrokes));
        studio.undo_look();
        assert_eq!((studio.settings(), studio.look_taken()), (&before, None));
        assert_eq!(studio.undo_look(), None);
    }

    #[test]
    fn the_photos_colours_go_with_the_look_that_brought_them() {
        let mut studio = Studio::new(Settings::default(), true);
        studio.take_preset(Preset::ColoursOfThePhoto);
        assert_eq!(studio.settings().preset(), Some(Preset::ColoursOfThePhoto));
        studio.take_preset(Preset::Balanced);
        assert_eq!(studio.settings().recipe, Recipe::default());

        studio.set(|settings| settings.set_palette(Palette::Photo));
        assert_eq!(studio.settings().preset(), Some(Preset::Balanced));
        studio.take_preset(Preset::CloserToThePhoto);
        assert_eq!(studio.settings().recipe.colours.palette, Palette::Photo, "chosen by hand");
    }

    #[test]
    fn a_look_is_not_taken_back_over_what_was_set_after_it() {
        let mut studio = Studio::new(Settings::default(), true);
        studio.take_preset(Preset::Paper);
        studio.set(|settings| settings.recipe.features.pooling = Pooling::Max);
        assert_eq!(studio.look_taken(), None);
        studio.take_preset(Preset::Paper);
        studio.set_loss_weights(|weights| weights.grain = 0.1);
        assert_eq!(studio.look_taken(), None);
        studio.take_preset(Preset::Paper);
        studio.take_recipe(Recipe::default());
        assert_eq!(studio.look_taken(), None);
    }
}

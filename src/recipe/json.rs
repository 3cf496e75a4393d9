//! A recipe as the text of a file.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::{Emphasis, Recipe, RecipeError, Start, within};

/// What every form of a recipe has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Recipe {
    /// Reads and validates the JSON form.
    ///
    /// # Errors
    /// [`RecipeError::Unreadable`], which names an unknown field, or a field whose value is none, or what [`Self::validate`] finds.
    pub fn from_json(text: &str) -> Result<Self, RecipeError> {
        // Told before any field that only a later form has.
        if let Ok(Versioned { version }) = serde_json::from_str(text) {
            within("version", version, &(1..=Self::VERSION))?;
        }
        // An object and nothing after it: below, a list would do as well, and the rest would not be looked at.
        serde_json::from_str::<HashMap<String, IgnoredAny>>(text).map_err(|error| RecipeError::Unreadable(error.to_string()))?;
        let recipe: Self = serde_path_to_error::deserialize(&mut Deserializer::from_str(text)).map_err(unreadable)?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// The text for [`Self::from_json`], laid out for reading.
    ///
    /// # Panics
    /// Never: a recipe has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a recipe has a JSON form")
    }
}

/// Names the field and, where its value should be a number, the range.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unreadable(error: serde_path_to_error::Error<serde_json::Error>) -> RecipeError {
    // Layers are names of a closed set, which have no place in a path.
    let (field, problem) = (error.path().to_string().replace(".?", ""), error.inner());
    RecipeError::Unreadable(match allowed(&field) {
        Some(range) => format!("{field} takes numbers between {} and {} ({problem})", range.start(), range.end()),
        None => format!("{field}: {problem}"),
    })
}

/// The numbers allowed in a field, by its path in the text.
fn allowed(field: &str) -> Option<RangeInclusive<f64>> {
    Some(match field {
        "version" => numbers(&(1..=Recipe::VERSION)),
        "size" => numbers(&Recipe::SIZE),
        "steps" => numbers(&Recipe::STEPS),
        "style_scale" => numbers(&Recipe::STYLE_SCALE),
        "pyramid" => numbers(&Recipe::PYRAMID),
        "start.photo" | "start.recoloured" | "start.painting" | "start.noise" => numbers(&Start::SHARE),
        "emphasis.content_weight" => numbers(&Emphasis::CONTENT_WEIGHT),
        "emphasis.tv_weight" => numbers(&Emphasis::TV_WEIGHT),
        "emphasis.grain" => numbers(&Emphasis::GRAIN),
        "emphasis.content_layers" | "emphasis.style_layers" => numbers(&Emphasis::LAYER_WEIGHT),
        _ if field.starts_with("emphasis.styles[") => numbers(&Emphasis::STYLE_WEIGHT),
        _ => return None,
    })
}

fn numbers<T: Copy + Into<f64>>(range: &RangeInclusive<T>) -> RangeInclusive<f64> {
    (*range.start()).into()..=(*range.end()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Border, Pooling};

    fn refused(text: &str) -> String {
        Recipe::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn the_default_recipe_is_valid_and_survives_a_round_trip() {
        let recipe = Recipe::default();
        assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
    }

    #[test]
    fn unknown_fields_are_refused_by_name_and_missing_ones_take_their_default() {
        assert!(refused(r#"{"sise": 512}"#).contains("`sise`"));
        let error = refused(r#"{"optimizer": "sgd"}"#);
        assert!(error.contains("optimizer") && error.contains("`sgd`") && error.contains("`lbfgs`"), "{error}");
        let error = refused(r#"{"version": 2, "sise": 512}"#);
        assert_eq!(error, "version is 2; it must lie between 1 and 1", "a later form's fields are not to blame");
        assert_eq!(Recipe::from_json(r#"{"steps": 5}"#).unwrap(), Recipe { steps: 5, ..Recipe::default() });
    }

    #[test]
    fn what_is_no_number_of_a_fields_range_is_refused_by_field_and_range() {
        for (text, field, range) in [
            (r#"{"size": -5}"#, "size", "32 and 8192"),
            (r#"{"steps": 2.5}"#, "steps", "1 and 100000"),
            (r#"{"start": {"noise": "much"}}"#, "start.noise", "0 and 1"),
            (r#"{"emphasis": {"grain": null}}"#, "emphasis.grain", "-1 and 1"),
            (r#"{"emphasis": {"styles": [1, true]}}"#, "emphasis.styles[1]", "0 and 1000"),
            (r#"{"emphasis": {"style_layers": {"conv3_1": "1"}}}"#, "emphasis.style_layers", "0 and 1000000"),
        ] {
            let error = refused(text);
            assert!(error.contains(&format!("{field} takes numbers between {range} (")), "{error}");
        }
        assert!(refused(r#"{"colours": {"linear_light": 1}}"#).contains("colours.linear_light: "));
        assert!(refused(r#"{"start": {"sea": 1}}"#).contains("`sea`"));
    }

    #[test]
    fn a_text_that_is_no_recipe_is_refused_by_where_it_goes_wrong() {
        for text in ["", "{\"size\": 64", "[]", "{} and more", "null"] {
            let error = refused(text);
            assert!(error.starts_with("recipe cannot be read: ") && error.contains("line 1"), "{error}");
        }
    }

    #[test]
    fn a_blend_may_be_of_fewer_paintings_than_there_is_room_for() {
        let styles = |text| Recipe::from_json(text).map(|recipe| recipe.emphasis.styles);
        assert_eq!(styles(r#"{"emphasis": {"styles": [2, 1]}}"#).unwrap(), [2.0, 1.0, 0.0, 0.0]);
        let error = styles(r#"{"emphasis": {"styles": [1, 1, 1, 1, 1]}}"#).unwrap_err().to_string();
        assert!(error.contains("emphasis.styles") && error.contains("at most 4"), "{error}");
    }

    #[test]
    fn a_written_recipe_may_lack_what_came_later() {
        let text = r#"{"version":1,"size":256,"steps":50,"optimizer":"adam","emphasis":{"content_weight":80.0,"tv_weight":3.0},
            "reading":{"pooling":"max","border":"zero"},"seed":7}"#;
        let recipe = Recipe::from_json(text).unwrap();
        assert_eq!((recipe.size, recipe.seed, recipe.reading.pooling), (256, 7, Pooling::Max));
        assert_eq!(recipe.emphasis.style_layers, Emphasis::default().style_layers);
        let from_photo = Recipe::from_json(r#"{"start":{"photo":1.0,"painting":0.0,"noise":0.0}}"#).unwrap();
        assert_eq!(from_photo.start, Start::PHOTO, "as before there was another photo to begin with");
        let mirrored = Recipe::from_json(r#"{"reading":{"border":"reflect"}}"#).unwrap();
        assert_eq!(mirrored.reading.border, Border::Replicate, "by the name of what it replaced");
    }
}

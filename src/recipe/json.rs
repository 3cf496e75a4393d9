//! The JSON form of recipes.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::{LossWeights, Recipe, RecipeError, Sizes, Start, within};

impl Recipe {
    /// Parses and validates the JSON form. Older versions mean what they meant.
    ///
    /// # Errors
    /// [`RecipeError::Unreadable`], which names an unknown field, or a field whose value is none,
    /// or what [`Self::validate`] finds.
    pub fn from_json(text: &str) -> Result<Self, RecipeError> {
        let mut fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| RecipeError::Unreadable(error.to_string()))?;
        name_sizes(&mut fields);
        if let Some(version) = fields
            .get("version")
            .and_then(Value::as_u64)
            .and_then(|version| u32::try_from(version).ok())
        {
            // Checked before any field that only a newer version has.
            within("version", version, &(1..=Self::VERSION))?;
            upgrade(&mut fields, version);
        }
        if let Some((field, _)) = fields.iter().find(|(_, value)| value.is_array()) {
            return Err(RecipeError::Unreadable(format!("{field} is no list")));
        }
        let recipe: Self =
            serde_path_to_error::deserialize(Value::Object(fields)).map_err(unreadable)?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// Returns the JSON form, indented.
    ///
    /// # Panics
    /// Never: a recipe has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a recipe has a JSON form")
    }
}

/// The defaults that version 3 changed.
const BEFORE_VERSION_3: &str = r#"{"keep_frame": true, "sizes": "one",
    "reading": {"pooling": "average", "units": "activation", "statistics": {}},
    "emphasis": {"tv_weight": 0, "outlines": 0, "style_layers": {"conv1_1": 0.2, "conv2_1": 0.2, "conv3_1": 0.2, "conv4_1": 0.2, "conv5_1": 0.2}}}"#;

/// Upgrades an older form: missing fields take the default of its version. Version 1 started from
/// the photo, version 2 from the recoloured photo; both had losses in activations, evenly weighted
/// Gram matrices, average pooling, one size, and kept frames.
fn upgrade(fields: &mut Map<String, Value>, version: u32) {
    if version == 1
        && let Some(start) = fields.entry("start").or_insert_with(|| json!({})).as_object_mut()
    {
        start.entry("photo").or_insert_with(|| json!(1.0));
    }
    if version < 3 {
        fields.entry("start").or_insert_with(|| json!({"recoloured": 1.0}));
        let older: Map<String, Value> =
            serde_json::from_str(BEFORE_VERSION_3).expect("a recipe's text");
        for (name, value) in older {
            match (fields.get_mut(&name), value) {
                (Some(Value::Object(own)), Value::Object(part)) => {
                    part.into_iter().for_each(|(name, value)| _ = own.entry(name).or_insert(value));
                }
                (None, value) => _ = fields.insert(name, value),
                _ => {}
            }
        }
    }
    fields.insert("version".to_owned(), json!(Recipe::VERSION));
}

/// Before version 3 a number of halving sizes, "pyramid".
fn name_sizes(fields: &mut Map<String, Value>) {
    if let Some(pyramid) = fields.remove("pyramid") {
        let sizes = if pyramid == 1 { json!("one") } else { json!({ "doubling": pyramid }) };
        fields.entry("sizes").or_insert(sizes);
    }
}

/// Names the field and, for a number, its range.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unreadable(error: serde_path_to_error::Error<serde_json::Error>) -> RecipeError {
    // Layer names are a closed set and do not appear in the path.
    let (field, problem) = (error.path().to_string().replace(".?", ""), error.inner().to_string());
    let unknown = problem.starts_with("unknown");
    RecipeError::Unreadable(match allowed(&field) {
        Some(range) if !unknown => format!(
            "{field} takes numbers between {} and {} ({problem})",
            range.start(),
            range.end()
        ),
        _ if field == "." => problem,
        _ => format!("{field}: {problem}"),
    })
}

/// Returns the range of a field by its path.
fn allowed(field: &str) -> Option<RangeInclusive<f64>> {
    Some(match field {
        "version" => numbers(&(1..=Recipe::VERSION)),
        #[expect(clippy::cast_precision_loss, reason = "the last digits matter to nobody")]
        "seed" => 0.0..=u64::MAX as f64,
        "size" => numbers(&Recipe::SIZE),
        "steps" => numbers(&Recipe::STEPS),
        "style_scale" => numbers(&Recipe::STYLE_SCALE),
        "sizes.doubling" => numbers(&Sizes::COUNT),
        "sizes.growing" => numbers(&Sizes::FIRST),
        "start.photo" | "start.recoloured" | "start.painting" | "start.noise" => {
            numbers(&Start::SHARE)
        }
        "emphasis.content_weight" => numbers(&LossWeights::CONTENT_WEIGHT),
        "emphasis.tv_weight" => numbers(&LossWeights::TV_WEIGHT),
        "emphasis.outlines" => numbers(&LossWeights::OUTLINES),
        "emphasis.grain" => numbers(&LossWeights::GRAIN),
        "emphasis.content_layers" | "emphasis.style_layers" => numbers(&LossWeights::LAYER_WEIGHT),
        _ if field.starts_with("emphasis.styles[") => numbers(&LossWeights::STYLE_WEIGHT),
        _ => return None,
    })
}

fn numbers<T: Copy + Into<f64>>(range: &RangeInclusive<T>) -> RangeInclusive<f64> {
    (*range.start()).into()..=(*range.end()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Layer;
    use crate::recipe::{Border, FeatureOptions, LayerWeights, LossUnits, Pooling};

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
        assert!(
            error.contains("optimizer") && error.contains("`sgd`") && error.contains("`lbfgs`"),
            "{error}"
        );
        let error = refused(r#"{"version": 4, "sise": 512}"#);
        assert_eq!(
            error, "version is 4; it must lie between 1 and 3",
            "a later form's fields are not to blame"
        );
        assert_eq!(
            Recipe::from_json(r#"{"steps": 5}"#).unwrap(),
            Recipe { steps: 5, ..Recipe::default() }
        );
    }

    #[test]
    fn what_is_no_number_of_a_fields_range_is_refused_by_field_and_range() {
        for (text, field, range) in [
            (r#"{"size": -5}"#, "size", "32 and 8192"),
            (r#"{"steps": 2.5}"#, "steps", "1 and 100000"),
            (r#"{"start": {"noise": "much"}}"#, "start.noise", "0 and 1"),
            (r#"{"emphasis": {"grain": null}}"#, "emphasis.grain", "-1 and 1"),
            (r#"{"emphasis": {"styles": [1, true]}}"#, "emphasis.styles[1]", "0 and 1000"),
            (r#"{"version": "new"}"#, "version", "1 and 3"),
        ] {
            let error = refused(text);
            assert!(error.contains(&format!("{field} takes numbers between {range} (")), "{error}");
        }
        assert!(refused(r#"{"colours": {"linear_light": 1}}"#).contains("colours.linear_light: "));
        let error = refused(r#"{"emphasis": {"style_layers": {"conv9_9": 1}}}"#);
        assert!(
            error.contains("emphasis.style_layers: ") && error.contains("`conv9_9`"),
            "{error}"
        );
        assert!(
            refused(r#"{"emphasis": {"style_layers": {"conv3_1": "1"}}}"#)
                .contains("emphasis.style_layers takes numbers")
        );
        assert!(refused(r#"{"start": {"sea": 1}}"#).contains("`sea`"));
    }

    #[test]
    fn a_text_that_is_no_recipe_is_refused() {
        for text in ["", "{\"size\": 64", "[]", "{} and more", "null"] {
            let error = refused(text);
            assert!(
                error.starts_with("recipe cannot be read: ") && error.contains("line 1"),
                "{error}"
            );
        }
        assert!(refused(r#"{"start": [1, 0, 0, 0]}"#).contains("start is no list"));
    }

    #[test]
    fn a_blend_may_be_of_fewer_paintings_than_there_is_room_for() {
        let styles = |text| Recipe::from_json(text).map(|recipe| recipe.loss_weights.styles);
        assert_eq!(styles(r#"{"emphasis": {"styles": [2, 1]}}"#).unwrap(), [2.0, 1.0, 0.0, 0.0]);
        let error = styles(r#"{"emphasis": {"styles": [1, 1, 1, 1, 1]}}"#).unwrap_err().to_string();
        assert!(error.contains("emphasis.styles") && error.contains("at most 4"), "{error}");
    }

    #[test]
    fn a_written_recipe_may_lack_what_came_later() {
        let text = r#"{"version":1,"size":256,"steps":50,"optimizer":"adam","emphasis":{"content_weight":80.0,"tv_weight":3.0},
            "reading":{"pooling":"max","border":"zero"},"seed":7}"#;
        let recipe = Recipe::from_json(text).unwrap();
        assert_eq!((recipe.size, recipe.seed, recipe.features.pooling), (256, 7, Pooling::Max));
        assert_eq!(recipe.loss_weights.style_layers, LayerWeights::even(&Layer::STYLE, 0.2));
        let mirrored = Recipe::from_json(r#"{"reading":{"border":"reflect"}}"#).unwrap();
        assert_eq!(mirrored.features.border, Border::Replicate, "by the name of what it replaced");
    }

    #[test]
    fn an_older_recipe_begins_with_what_it_began_with() {
        let start = |text: &str| {
            let recipe = Recipe::from_json(text).unwrap();
            assert_eq!(recipe.version, Recipe::VERSION);
            recipe.start
        };
        assert_eq!(start(r#"{"version":1}"#), Start::PHOTO);
        assert_eq!(
            start(r#"{"version":1,"start":{"photo":0.0,"painting":0.0,"noise":1.0}}"#),
            Start::NOISE
        );
        assert_eq!(
            start(r#"{"version":1,"start":{"noise":0.5}}"#),
            Start { photo: 1.0, noise: 0.5, ..Start::default() }
        );
        assert_eq!(start(r#"{"start":{"noise":0.5}}"#), Start { noise: 0.5, ..Start::default() });
        assert_eq!(start(r#"{"version":2}"#), Start::RECOLOURED);
        assert_eq!(
            start(r#"{"version":2,"start":{"noise":0.5}}"#),
            Start { noise: 0.5, ..Start::default() }
        );
        assert_eq!(start("{}"), Start::PHOTO);
    }

    #[test]
    fn a_recipe_from_before_version_3_means_what_it_meant() {
        let recipe = |text: &str| Recipe::from_json(text).unwrap();
        for text in
            [r#"{"version": 1, "start": {"photo": 0, "recoloured": 1}}"#, r#"{"version": 2}"#]
        {
            assert!(recipe(text).is_default_before_version_3(), "{text}");
        }
        let features =
            FeatureOptions { border: Border::Zero, ..FeatureOptions::before_version_3() };
        assert_eq!(recipe(r#"{"version": 2, "reading": {"border": "zero"}}"#).features, features);
        let own = r#"{"version": 2, "reading": {"pooling": "max"}, "emphasis": {"tv_weight": 3.0, "style_layers": {"conv3_1": 1.0}}, "pyramid": 3}"#;
        let own = recipe(own);
        assert_eq!(
            (own.features.pooling, own.features.units, own.sizes),
            (Pooling::Max, LossUnits::Activation, Sizes::Doubling(3))
        );
        assert_eq!(
            (own.loss_weights.tv_weight, own.loss_weights.style_layers.layers()),
            (3.0, vec![Layer::Conv3_1])
        );
        assert_eq!(recipe(r#"{"version": 2, "pyramid": 1}"#).sizes, Sizes::One);
        assert!(refused(r#"{"version": 2, "pyramid": 9}"#).contains("number of sizes is 9"));
        assert!(
            refused(r#"{"reading": {"units": "activation"}}"#).contains("units of the painting")
        );
    }
}

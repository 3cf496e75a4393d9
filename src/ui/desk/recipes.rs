//! The settings as a recipe file.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::Desk;
use crate::recipe::Recipe;
use crate::ui::browser;
use crate::ui::studio::Studio;
use crate::words::{UserError, notices};

/// Name under which a recipe is saved.
const FILE_NAME: &str = "impasto-recipe.json";
/// The longest file that is read as a recipe; a written one has less than two thousand bytes.
const MAX_BYTES: f64 = 100_000.0;

impl Desk {
    /// Saves the settings as a recipe file.
    pub fn save_recipe(self) {
        let recipe =
            self.studio.with_untracked(|studio| studio.settings().recipe_to_save(studio.report()));
        if let Some(blob) = browser::json_blob(&recipe.to_json()) {
            browser::save(&blob, FILE_NAME);
        }
    }

    /// Sets everything to what the first of `files` says, or nothing when it is no recipe.
    pub fn take_recipe_file(self, files: Vec<File>) {
        let Some(file) = files.into_iter().next() else { return };
        self.studio.update(Studio::dismiss_trouble);
        spawn_local(async move {
            match read(&file).await {
                Ok(recipe) => self.act(|studio| studio.take_recipe(recipe)),
                Err(error) => self.studio.update(|studio| studio.report_trouble(error)),
            }
        });
    }
}

async fn read(file: &File) -> Result<Recipe, UserError> {
    let name = file.name();
    if file.size() > MAX_BYTES {
        return Err(notices::recipe_too_long(&name));
    }
    let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| notices::recipe_unreadable(&name))?;
    Recipe::from_json(&text).map_err(|error| notices::recipe_refused(&name, &error.to_string()))
}

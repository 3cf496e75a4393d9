use leptos::html;
use leptos::prelude::*;
use web_sys::File;

use crate::ui::pictures::files_of;
use crate::words::page::PageWords;

/// The settings as a file, out and in.
#[component]
pub fn RecipeFile(
    /// Save them.
    on_save: Callback<()>,
    /// The person has brought files.
    on_files: Callback<Vec<File>>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let picked = move |_| {
        let Some(input) = input.get_untracked() else { return };
        on_files.run(files_of(input.files()));
        // So that picking the same file again is news.
        input.set_value("");
    };
    view! {
        <div class="recipe-file">
            <button
                type="button"
                class="quiet"
                title=words.in_workshop.save_recipe_about
                on:click=move |_| on_save.run(())
            >
                {words.in_workshop.save_recipe}
            </button>
            <label class="button quiet">
                {words.in_workshop.load_recipe}
                <input
                    class="visually-hidden"
                    type="file"
                    accept=".json,application/json"
                    aria-label=words.in_workshop.load_recipe
                    node_ref=input
                    on:change=picked
                />
            </label>
        </div>
    }
}

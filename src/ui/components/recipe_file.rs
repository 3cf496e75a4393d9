use leptos::html;
use leptos::prelude::*;
use web_sys::File;

use crate::ui::pictures::files_of;

/// The settings as a file, out and in.
#[component]
pub fn RecipeFile(
    /// Save them.
    on_save: Callback<()>,
    /// The person has brought files.
    on_files: Callback<Vec<File>>,
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
                title="All settings as a file, for another day or device"
                on:click=move |_| on_save.run(())
            >
                "Save recipe"
            </button>
            <label class="button quiet">
                "Load recipe"
                <input
                    class="visually-hidden"
                    type="file"
                    accept=".json,application/json"
                    aria-label="Load recipe"
                    node_ref=input
                    on:change=picked
                />
            </label>
        </div>
    }
}

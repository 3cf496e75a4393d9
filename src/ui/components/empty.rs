use leptos::prelude::*;

use crate::words::page::PageWords;

/// The empty stage: over a finished sample, the ways to begin.
#[component]
pub fn Invitation(
    /// Words of the page.
    words: &'static PageWords,
    /// Open the file dialogue for a photo.
    on_choose: Callback<()>,
    /// Begin with sample pictures.
    on_try: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="invitation">
            <p>{words.tagline}</p>
            <div class="invitation-actions">
                <button type="button" class="primary" on:click=move |_| on_choose.run(())>
                    {words.choose_photo}
                </button>
                <button type="button" on:click=move |_| on_try.run(())>{words.try_sample}</button>
            </div>
            <p class="hint">{words.privacy}</p>
        </div>
    }
}

use leptos::prelude::*;

use super::sign::SignButton;
use crate::words::page::PageWords;

/// The head of the page: its name, where it computes, and what helps.
#[component]
pub fn Masthead(
    /// Where the page computes, in a sentence.
    #[prop(into)]
    device: Signal<String>,
    /// What would be faster, if it is slow there.
    #[prop(into)]
    hint: Signal<Option<&'static str>>,
    /// Open the list of keys.
    on_keys: Callback<()>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    view! {
        <header class="masthead">
            <svg class="mark" viewBox="0 0 48 48" aria-hidden="true">
                <path
                    class="paint"
                    d="M9 15C18 9 28 14 40 9M8 27c11-6 19 0 30-5M13 39c8-5 14-1 21-5"
                >
                </path>
                <path
                    class="light"
                    d="M10 13.5c9-5 18-1 29-5M9 25.5c10-5 18 0 28-5M14 37.5c7-4 13-1 19-5"
                >
                </path>
            </svg>
            <h1>"Impasto"</h1>
            <details class="place">
                <summary class="device" class:slow=move || hint.get().is_some()>{device}</summary>
                <div class="place-more">
                    <p>{hint}</p>
                    <p>{words.privacy}</p>
                    <p>{words.credit}</p>
                </div>
            </details>
            <SignButton name=words.keys on_press=on_keys>"?"</SignButton>
        </header>
    }
}

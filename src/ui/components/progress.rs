use leptos::prelude::*;

use crate::words::page::PageWords;

/// How far the run is.
#[component]
pub fn RunProgress(
    /// The status in a line; always current, and silent for screen readers.
    #[prop(into)]
    status: Signal<String>,
    /// What a screen reader says; changes seldom.
    #[prop(into)]
    announcement: Signal<String>,
    /// Time left in words; empty when unknown.
    #[prop(into)]
    time_left: Signal<String>,
    /// Changes that wait, in words; empty when there are none.
    #[prop(into)]
    waiting: Signal<String>,
    /// Done, in 0..1; `None` when it cannot be told.
    #[prop(into)]
    fraction: Signal<Option<f64>>,
    /// Whether a run is under way.
    #[prop(into)]
    busy: Signal<bool>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    view! {
        <div class="progress">
            <p class="progress-line">
                <span role="status" aria-live="off">{status}</span>
                <span class="time-left">{time_left}</span>
            </p>
            <p class="hint" aria-live="polite">{waiting}</p>
            <p class="visually-hidden" aria-live="polite">{announcement}</p>
            <progress
                class:idle=move || !busy.get()
                aria-label=words.progress
                max="1"
                value=move || if busy.get() { fraction.get() } else { Some(fraction.get().unwrap_or(0.0)) }.map(|done| format!("{done:.4}"))
            ></progress>
        </div>
    }
}

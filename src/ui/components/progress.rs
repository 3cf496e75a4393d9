use leptos::prelude::*;

use crate::words::page::PageWords;

/// Id of what tells how long a run takes.
pub const TIME_ID: &str = "time";

/// How far the run is.
#[component]
pub fn RunProgress(
    /// The status in a line; always current, and silent for screen readers.
    #[prop(into)]
    status: Signal<String>,
    /// What a screen reader says; changes seldom.
    #[prop(into)]
    announcement: Signal<String>,
    /// Time left, or that of the next run, in words; empty when unknown.
    #[prop(into)]
    time: Signal<String>,
    /// Changes that wait, in words; empty when there are none.
    #[prop(into)]
    waiting: Signal<String>,
    /// Done, in 0..1; `None` when it cannot be told.
    #[prop(into)]
    fraction: Signal<Option<f64>>,
    /// Whether a run is under way.
    #[prop(into)]
    busy: Signal<bool>,
    /// The slider over the making.
    children: Children,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    view! {
        <div class="progress">
            <p class="progress-line">
                <span role="status" aria-live="off">{status}</span>
                <span id=TIME_ID class="time-left">{time}</span>
            </p>
            <p class="hint" aria-live="polite">{waiting}</p>
            <p class="visually-hidden" aria-live="polite">{announcement}</p>
            <progress
                class:idle=move || !busy.get()
                aria-label=words.progress
                max="1"
                value=move || if busy.get() { fraction.get() } else { Some(fraction.get().unwrap_or(0.0)) }.map(|done| format!("{done:.4}"))
            ></progress>
            {children()}
        </div>
    }
}

/// Moments to look back at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looking {
    /// Steps of the moments.
    pub steps: Vec<u32>,
    /// Number of the one on view; `None` is now.
    pub chosen: Option<usize>,
    /// Steps done now.
    pub now: u32,
}

impl Looking {
    /// Step on view.
    fn step(&self) -> u32 {
        self.chosen.and_then(|chosen| self.steps.get(chosen)).copied().unwrap_or(self.now)
    }
}

/// The slider over the making, on the bar of the progress. Its end is now.
#[component]
pub fn MomentSlider(
    /// The moments.
    #[prop(into)]
    looking: Signal<Looking>,
    /// Share of the bar that is done, in 0..1.
    #[prop(into)]
    fraction: Signal<Option<f64>>,
    /// The person has moved it: number of the moment.
    on_change: Callback<usize>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let last = move || looking.with(|looking| looking.steps.len());
    let moved = move |event| {
        if let Ok(number) = event_target_value(&event).parse() {
            on_change.run(number);
        }
    };
    view! {
        <input
            type="range"
            class="moment"
            min="0"
            max=move || last().to_string()
            step="1"
            aria-label=words.moment
            title=words.moment
            aria-valuetext=move || looking.with(|looking| (words.at_step)(looking.step(), looking.now))
            prop:value=move || looking.with(|looking| looking.chosen.unwrap_or(looking.steps.len()).to_string())
            style=("--done", move || format!("{:.4}", fraction.get().unwrap_or(1.0)))
            on:input=moved
        />
    }
}

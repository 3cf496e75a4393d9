use leptos::prelude::*;

use crate::ui::settings::STEPS;
use crate::words::page::PageWords;

/// The number of steps.
#[component]
pub fn StepsInput(
    /// The number that holds.
    #[prop(into)]
    steps: Signal<u32>,
    /// The person has set it.
    on_change: Callback<u32>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let take = move |typed: u32| on_change.run(typed.clamp(*STEPS.start(), *STEPS.end()));
    // While the person types, a number counts as soon as it is one; so no default that comes late
    // overwrites it.
    let typing = move |event| {
        if let Some(typed) =
            event_target_value(&event).parse().ok().filter(|typed| STEPS.contains(typed))
        {
            take(typed);
        }
    };
    let typed = move |event| {
        take(event_target_value(&event).parse().unwrap_or_else(|_| steps.get_untracked()));
        event_target::<web_sys::HtmlInputElement>(&event)
            .set_value(&steps.get_untracked().to_string());
    };
    view! {
        <div class="field">
            <label for="steps">{words.steps}</label>
            <input
                type="number"
                id="steps"
                inputmode="numeric"
                min=STEPS.start().to_string()
                max=STEPS.end().to_string()
                prop:value=move || steps.get().to_string()
                on:input=typing
                on:change=typed
            />
        </div>
    }
}

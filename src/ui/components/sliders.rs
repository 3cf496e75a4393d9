use leptos::prelude::*;

use crate::ui::settings::{SLIDER_END, content_position, content_weight_at, tv_position, tv_weight_at};

/// What the result keeps of the content and takes of the style.
#[component]
pub fn BalanceSlider(
    /// Weight of the content.
    #[prop(into)]
    content_weight: Signal<f32>,
    /// The person has moved it: the new weight.
    on_change: Callback<f32>,
) -> impl IntoView {
    let position = Memo::new(move |_| content_position(content_weight.get()));
    view! {
        <div class="field">
            <label for="balance">"Content to style"</label>
            <Slider
                id="balance"
                position=position
                spoken=Signal::derive(move || format!("{} % style", position.get()))
                on_change=Callback::new(move |position| on_change.run(content_weight_at(position)))
            />
            <div class="ends" aria-hidden="true"><span>"Content"</span><span>"Style"</span></div>
        </div>
    }
}

/// How strongly neighbouring pixels are drawn together.
#[component]
pub fn SmoothnessSlider(
    /// Weight of total variation.
    #[prop(into)]
    tv_weight: Signal<f32>,
    /// The person has moved it: the new weight.
    on_change: Callback<f32>,
) -> impl IntoView {
    let position = Memo::new(move |_| tv_position(tv_weight.get()));
    let spoken = move || match position.get() {
        0 => "none".to_owned(),
        position => format!("{position} %"),
    };
    view! {
        <div class="field">
            <label for="smoothness">"Smoothness"</label>
            <Slider
                id="smoothness"
                position=position
                spoken=Signal::derive(spoken)
                on_change=Callback::new(move |position| on_change.run(tv_weight_at(position)))
            />
            <div class="ends" aria-hidden="true"><span>"None"</span><span>"Strong"</span></div>
        </div>
    }
}

/// A slider from 0 to [`SLIDER_END`].
#[component]
fn Slider(
    /// Of the input, for its label.
    id: &'static str,
    /// Where it stands.
    #[prop(into)]
    position: Signal<u32>,
    /// Where it stands, in words.
    spoken: Signal<String>,
    /// The person has moved it.
    on_change: Callback<u32>,
) -> impl IntoView {
    let moved = move |event| {
        if let Ok(position) = event_target_value(&event).parse() {
            on_change.run(position);
        }
    };
    view! {
        <input
            type="range"
            id=id
            min="0"
            max=SLIDER_END.to_string()
            step="1"
            prop:value=move || position.get().to_string()
            aria-valuetext=spoken
            on:input=moved
        />
    }
}

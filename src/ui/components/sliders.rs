use leptos::prelude::*;

use crate::ui::settings::{
    SLIDER_END, content_position, content_weight_at, grain_at, grain_position, outlines_at,
    outlines_position, share_at, share_position, tv_position, tv_weight_at,
};
use crate::words::page::{self as words, PageWords};

/// What the result keeps of the content and takes of the style.
#[component]
pub fn BalanceSlider(
    /// Weight of the content.
    #[prop(into)]
    content_weight: Signal<f32>,
    /// The person has moved it: the new weight.
    on_change: Callback<f32>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let position = Memo::new(move |_| content_position(content_weight.get()));
    view! {
        <Slider
            id="balance"
            words=words.how_much
            position=position
            spoken=Signal::derive(move || (words.painted)(position.get()))
            on_change=Callback::new(move |position| on_change.run(content_weight_at(position)))
        />
    }
}

/// Whether the painting's fine grain counts most, or its broad forms.
#[component]
pub fn GrainSlider(
    /// From -1 to 1.
    #[prop(into)]
    grain: Signal<f32>,
    /// The person has moved it: the new grain.
    on_change: Callback<f32>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let position = Memo::new(move |_| grain_position(grain.get()));
    let spoken = move || match position.get() {
        50 => words.in_workshop.balanced.to_owned(),
        position if position < 50 => (words.in_workshop.finer)(2 * (50 - position)),
        position => (words.in_workshop.coarser)(2 * (position - 50)),
    };
    view! {
        <Slider
            id="grain"
            words=words.grain
            position=position
            spoken=Signal::derive(spoken)
            on_change=Callback::new(move |position| on_change.run(grain_at(position)))
        />
    }
}

/// How much of the second style picture is in the blend.
#[component]
pub fn BlendSlider(
    /// Share of the second, 0 to 1.
    #[prop(into)]
    share: Signal<f32>,
    /// The person has moved it: the new share.
    on_change: Callback<f32>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let position = Memo::new(move |_| share_position(share.get()));
    view! {
        <Slider
            id="blend"
            words=words.blend
            position=position
            spoken=Signal::derive(move || (words.second_share)(position.get()))
            on_change=Callback::new(move |position| on_change.run(share_at(position)))
        />
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
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let position = Memo::new(move |_| tv_position(tv_weight.get()));
    let spoken = move || match position.get() {
        0 => words.not_at_all.to_owned(),
        position => format!("{position} %"),
    };
    view! {
        <Slider
            id="smoothness"
            words=words.smoothness
            position=position
            spoken=Signal::derive(spoken)
            on_change=Callback::new(move |position| on_change.run(tv_weight_at(position)))
        />
    }
}

/// How firmly the photo's outlines are kept.
#[component]
pub fn OutlinesSlider(
    /// Weight of outlines.
    #[prop(into)]
    weight: Signal<f32>,
    /// The person has moved it: the new weight.
    on_change: Callback<f32>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let position = Memo::new(move |_| outlines_position(weight.get()));
    let spoken = move || match position.get() {
        0 => words.not_at_all.to_owned(),
        position => format!("{position} %"),
    };
    view! {
        <Slider
            id="outlines"
            words=words.outlines
            position=position
            spoken=Signal::derive(spoken)
            on_change=Callback::new(move |position| on_change.run(outlines_at(position)))
        />
    }
}

/// A labelled slider from 0 to [`SLIDER_END`].
#[component]
fn Slider(
    /// Id of the input, for its label.
    id: &'static str,
    /// Its name, and what stands below its ends.
    words: words::Slider,
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
    let words::Slider { name, ends: [low, high] } = words;
    view! {
        <div class="field">
            <label for=id>{name}</label>
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
            <div class="ends" aria-hidden="true"><span>{low}</span><span>{high}</span></div>
        </div>
    }
}

use leptos::prelude::*;

use super::sign::SignButton;
use crate::ui::panels::{Panel, Panels};
use crate::ui::stage::{Stage, ZOOM_STEP};
use crate::words::page::PageWords;

/// Id of the panel's element.
pub const fn panel_id(panel: Panel) -> &'static str {
    match panel {
        Panel::Pictures => "pictures",
        Panel::Look => "look",
    }
}

/// The bar below the stage: panels, comparison, zoom.
#[component]
pub fn StageBar(
    /// Where the picture lies.
    stage: RwSignal<Stage>,
    /// Which parts are open.
    panels: RwSignal<Panels>,
    /// Whether there are two images to compare.
    #[prop(into)]
    compared: Signal<bool>,
    /// Strength of the picture over the photo, per cent; `None` where it cannot be set.
    #[prop(into)]
    strength: Signal<Option<u8>>,
    /// The person has changed it.
    on_strength: Callback<u8>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let has_strength = Memo::new(move |_| strength.get().is_some());
    view! {
        <div class="bar">
            <PanelToggle panel=Panel::Pictures name=words.pictures panels=panels />
            <Show when=move || compared.get()>
                <CompareButtons stage=stage words=words />
            </Show>
            <div class="bar-view">
                <Show when=move || compared.get()>
                    <HoldButton stage=stage words=words />
                </Show>
                <ZoomButtons stage=stage words=words />
                <button
                    type="button"
                    class="quiet sign"
                    aria-label=words.picture_only
                    title=words.picture_only
                    aria-pressed=move || panels.with(|panels| panels.is_picture_only()).to_string()
                    on:click=move |_| panels.update(
                        |panels| panels.set_picture_only(!panels.is_picture_only())
                    )
                >
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                        <path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"></path>
                    </svg>
                </button>
            </div>
            <Show when=move || has_strength.get()>
                <StrengthSlider strength=strength on_change=on_strength words=words />
            </Show>
            <PanelToggle panel=Panel::Look name=words.look panels=panels />
        </div>
    }
}

/// How strongly the finished picture lies over the photo.
#[component]
fn StrengthSlider(
    /// Per cent.
    strength: Signal<Option<u8>>,
    /// The person has moved it.
    on_change: Callback<u8>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let percent = move || strength.get().unwrap_or(100);
    let spoken = move || (words.painted)(percent().into());
    let moved = move |event| {
        if let Ok(percent) = event_target_value(&event).parse() {
            on_change.run(percent);
        }
    };
    view! {
        <label class="strength">
            <span>{words.strength}</span>
            <input
                type="range"
                min="0"
                max="100"
                step="1"
                aria-label=words.strength
                aria-valuetext=spoken
                prop:value=move || percent().to_string()
                on:input=moved
            />
        </label>
    }
}

/// Opens and closes a panel.
#[component]
fn PanelToggle(
    /// The panel.
    panel: Panel,
    /// Its name.
    name: &'static str,
    /// Which parts are open.
    panels: RwSignal<Panels>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="toggle"
            aria-controls=panel_id(panel)
            aria-expanded=move || panels.with(|panels| panels.is_open(panel)).to_string()
            on:click=move |_| panels.update(|panels| panels.toggle(panel))
        >
            {name}
        </button>
    }
}

/// The photo, half and half, or the picture.
#[component]
fn CompareButtons(
    /// Holds the share.
    stage: RwSignal<Stage>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let see = move |percent: f64, name: &'static str| {
        let chosen = move || {
            stage.with(|stage| !stage.is_beside() && (stage.compared() - percent).abs() < 0.5)
        };
        view! {
            <button
                type="button"
                aria-pressed=move || chosen().to_string()
                on:click=move |_| stage.update(|stage| stage.compare(percent))
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segments" role="group" aria-label=words.comparing>
            {see(100.0, words.see_photo)}
            {see(50.0, words.see_half)}
            {see(0.0, words.see_picture)}
            <button
                type="button"
                class="both"
                aria-pressed=move || stage.with(Stage::is_beside).to_string()
                on:click=move |_| stage.update(Stage::see_both)
            >
                {words.see_both}
            </button>
        </div>
    }
}

/// Shows the photo for as long as it is held.
#[component]
fn HoldButton(
    /// Holds the share.
    stage: RwSignal<Stage>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let hold = move |held: bool| stage.update(|stage| stage.hold(held));
    // A click of the keyboard or of an assistive technology comes without a pointer: it toggles.
    let clicked = move |event: leptos::ev::MouseEvent| {
        if event.detail() == 0 {
            hold(!stage.with_untracked(Stage::is_held));
        }
    };
    view! {
        <button
            type="button"
            class="quiet hold"
            aria-pressed=move || stage.with(Stage::is_held).to_string()
            on:pointerdown=move |_| hold(true)
            on:pointerup=move |_| hold(false)
            on:pointerleave=move |_| hold(false)
            on:pointercancel=move |_| hold(false)
            on:click=clicked
        >
            {words.hold}
        </button>
    }
}

/// Zoom by buttons and by a number.
#[component]
fn ZoomButtons(
    /// Where the picture lies.
    stage: RwSignal<Stage>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let zoom_by = move |factor: f64| {
        stage.update(|stage| stage.zoom_to(stage.percent() * factor));
    };
    let percent = move || format!("{:.0}", stage.with(Stage::percent));
    let typed = move |event| {
        if let Ok(percent) = event_target_value(&event).parse::<f64>() {
            stage.update(|stage| stage.zoom_to(percent));
        }
    };
    view! {
        <div class="zoom" role="group" aria-label=words.zoom>
            <SignButton
                name=words.zoom_out
                on_press=Callback::new(move |()| zoom_by(1.0 / ZOOM_STEP))
            >
                "−"
            </SignButton>
            <label class="percent">
                <input
                    type="text"
                    inputmode="numeric"
                    aria-label=words.percent
                    prop:value=percent
                    on:change=typed
                />
                <span aria-hidden="true">"%"</span>
            </label>
            <SignButton name=words.zoom_in on_press=Callback::new(move |()| zoom_by(ZOOM_STEP))>
                "+"
            </SignButton>
            <button
                type="button"
                class="quiet"
                aria-pressed=move || stage.with(Stage::fits).to_string()
                on:click=move |_| stage.update(Stage::fit)
            >
                {words.fit}
            </button>
            <SignButton
                name=words.actual
                on_press=Callback::new(move |()| stage.update(|stage| stage.zoom_to(100.0)))
            >
                "1:1"
            </SignButton>
        </div>
    }
}

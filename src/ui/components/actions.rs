use leptos::prelude::*;

use crate::ui::studio::Phase;
use crate::words::page::PageWords;

/// Id of the button that begins a run: where the focus goes when the control that had it is gone.
pub const MAIN_ACTION_ID: &str = "paint";

/// What can be done with a run. A button that does nothing now says so but keeps the focus, so that
/// a person at the keyboard is not thrown back to the top of the page whenever a run begins or
/// ends.
#[component]
pub fn Actions(
    /// Where the current or last run stands.
    #[prop(into)]
    phase: Signal<Option<Phase>>,
    /// Whether there is a picture to save.
    #[prop(into)]
    has_result: Signal<bool>,
    /// Whether an earlier result can be brought back.
    #[prop(into)]
    has_previous: Signal<bool>,
    /// Whether that one is the later of the two.
    #[prop(into)]
    swapped: Signal<bool>,
    /// Whether a run can go on from the result.
    #[prop(into)]
    ready: Signal<bool>,
    /// Whether a file is being examined.
    #[prop(into)]
    reading: Signal<bool>,
    /// Begin.
    on_paint: Callback<()>,
    /// Rest, or go on.
    on_pause: Callback<()>,
    /// Leave the run.
    on_stop: Callback<()>,
    /// Save the picture.
    on_save: Callback<()>,
    /// Exchange the result on view with the one before.
    on_previous: Callback<()>,
    /// Begin where the result on view ends.
    on_go_on: Callback<()>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let live = Memo::new(move |_| phase.get().is_some_and(Phase::is_live));
    let stepping = Memo::new(move |_| phase.get().is_some_and(Phase::is_stepping));
    let rests = Memo::new(move |_| matches!(phase.get(), Some(Phase::Pausing | Phase::Paused)));
    view! {
        <div class="actions" role="group" aria-label=words.run>
            <Show when=move || has_previous.get()>
                <Action
                    class="quiet"
                    enabled=Signal::derive(move || !live.get())
                    on_press=on_previous
                >
                    {move || if swapped.get() { words.latest } else { words.previous }}
                </Action>
            </Show>
            <Show when=move || has_result.get() && !live.get()>
                <Action class="quiet" enabled=ready on_press=on_go_on>{words.go_on}</Action>
            </Show>
            <Action enabled=stepping on_press=on_pause>
                {move || if rests.get() { words.resume } else { words.pause }}
            </Action>
            <Action enabled=live on_press=on_stop>{words.stop}</Action>
            <Action enabled=has_result on_press=on_save>{words.save}</Action>
            <Action
                id=MAIN_ACTION_ID
                class="primary"
                enabled=Signal::derive(move || !live.get() && !reading.get())
                on_press=on_paint
            >
                {words.paint}
            </Action>
        </div>
    }
}

/// A button that stays focusable while it does nothing.
#[component]
pub fn Action(
    /// Id of the button.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Its style.
    #[prop(default = "")]
    class: &'static str,
    /// Whether it does anything.
    #[prop(into)]
    enabled: Signal<bool>,
    /// It was pressed while enabled.
    on_press: Callback<()>,
    /// Its name.
    children: Children,
) -> impl IntoView {
    let pressed = move |_| {
        if enabled.get_untracked() {
            on_press.run(());
        }
    };
    view! {
        <button
            type="button"
            id=id
            class=class
            aria-disabled=move || (!enabled.get()).then_some("true")
            on:click=pressed
        >
            {children()}
        </button>
    }
}

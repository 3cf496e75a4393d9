use leptos::prelude::*;

use super::progress::TIME_ID;
use crate::ui::studio::Phase;
use crate::words::page::PageWords;

/// Id of the button that begins a run: where the focus goes when the control that had it is gone.
pub const MAIN_ACTION_ID: &str = "paint";

/// What can be done with a run and its picture: only what acts now.
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
    /// Whether a film can be made of the picture, as GIF; and as video.
    filmable: [Signal<bool>; 2],
    /// Whether a film is in the making.
    #[prop(into)]
    filming: Signal<bool>,
    /// Whether an earlier moment is on view.
    #[prop(into)]
    looking_back: Signal<bool>,
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
    /// Leave the moment on view.
    on_now: Callback<()>,
    /// Make a film, as video or not.
    on_film: Callback<bool>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let live = Memo::new(move |_| phase.get().is_some_and(Phase::is_live));
    let stepping = Memo::new(move |_| phase.get().is_some_and(Phase::is_stepping));
    let rests = Memo::new(move |_| matches!(phase.get(), Some(Phase::Pausing | Phase::Paused)));
    let rests_with_result = Memo::new(move |_| has_result.get() && !live.get() && !filming.get());
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
            <Show when=move || looking_back.get()>
                <Action class="quiet" enabled=looking_back on_press=on_now>
                    {words.back_to_now}
                </Action>
            </Show>
            <Show when=move || rests_with_result.get()>
                <Action class="quiet" enabled=ready on_press=on_go_on>{words.go_on}</Action>
                <FilmButtons filmable=filmable on_film=on_film words=words />
            </Show>
            <Show when=move || live.get()>
                <Action enabled=stepping on_press=on_pause>
                    {move || if rests.get() { words.resume } else { words.pause }}
                </Action>
            </Show>
            <Show when=move || live.get() || filming.get()>
                <Action enabled=Signal::stored(true) on_press=on_stop>{words.stop}</Action>
            </Show>
            <Show when=move || has_result.get()>
                <Action enabled=has_result on_press=on_save>
                    {move || if looking_back.get() { words.save_moment } else { words.save }}
                </Action>
            </Show>
            <Action
                id=MAIN_ACTION_ID
                class="primary"
                enabled=Signal::derive(move || !live.get() && !reading.get())
                on_press=on_paint
                described_by=TIME_ID
            >
                {words.paint}
            </Action>
        </div>
    }
}

/// Films of the picture's making.
#[component]
fn FilmButtons(
    /// Whether a film can be made, as GIF; and as video.
    filmable: [Signal<bool>; 2],
    /// Make one, as video or not.
    on_film: Callback<bool>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let film = move |as_video: bool| Callback::new(move |()| on_film.run(as_video));
    let [gif, video] = filmable;
    view! {
        <Show when=move || video.get()>
            <Action class="quiet" enabled=video on_press=film(true)>{words.save_film}</Action>
        </Show>
        <Show when=move || gif.get()>
            <Action class="quiet" enabled=gif on_press=film(false)>{words.save_gif}</Action>
        </Show>
    }
}

/// A button that stays focusable while it does nothing.
#[component]
pub fn Action(
    /// Id of the button.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Id of the element that describes it.
    #[prop(optional)]
    described_by: Option<&'static str>,
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
            aria-describedby=described_by
            aria-disabled=move || (!enabled.get()).then_some("true")
            on:click=pressed
        >
            {children()}
        </button>
    }
}

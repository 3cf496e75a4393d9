use leptos::prelude::*;

use crate::recipe::Preset;
use crate::words::page::PageWords;

/// The looks as pictures, of which one holds.
#[component]
pub fn Looks(
    /// The look that holds; `None` for settings of one's own.
    #[prop(into)]
    chosen: Signal<Option<Preset>>,
    /// The person has chosen another.
    on_change: Callback<Preset>,
    /// The look that can be taken back.
    #[prop(into)]
    taken: Signal<Option<Preset>>,
    /// Take it back.
    on_undo: Callback<()>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let card = move |look: Preset| {
        view! {
            <label class="look">
                <input
                    type="radio"
                    class="visually-hidden"
                    name="look"
                    value=look.key()
                    prop:checked=move || chosen.get() == Some(look)
                    on:change=move |_| on_change.run(look)
                />
                <img
                    src=format!("looks/{}.jpg", look.key())
                    alt=""
                    width="96"
                    height="72"
                    draggable="false"
                />
                <span>{look.title()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="looks" role="radiogroup">
            <legend>{words.look}</legend>
            {Preset::ALL.map(card).collect_view()}
            <Show when=move || chosen.get().is_none()>
                <p class="hint">{words.own_look}</p>
            </Show>
            <p class="look-taken" aria-live="polite">
                {move || taken.get().map(|look| view! {
                    <span>{(words.look_taken)(look.title())}</span>
                    <button type="button" class="quiet" on:click=move |_| on_undo.run(())>
                        {words.undo}
                    </button>
                })}
            </p>
        </fieldset>
    }
}

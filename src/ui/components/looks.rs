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
        </fieldset>
    }
}

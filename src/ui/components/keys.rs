use leptos::html;
use leptos::prelude::*;

use super::dialog;
use crate::ui::keys;
use crate::words::page::PageWords;

/// The list of keys.
#[component]
pub fn KeysDialog(
    /// The dialog, opened from outside.
    dialog: NodeRef<html::Dialog>,
    /// Whether single keys act.
    #[prop(into)]
    single: Signal<bool>,
    /// The person has switched them.
    on_switch: Callback<bool>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let row = |(keys, does): (&'static str, String)| {
        view! { <tr><th scope="row"><kbd>{keys}</kbd></th><td>{does}</td></tr> }
    };
    view! {
        <dialog class="keys" aria-labelledby="keys-title" node_ref=dialog>
            <h2 id="keys-title">{words.keys}</h2>
            <label class="tick">
                <input
                    type="checkbox"
                    prop:checked=single
                    on:change=move |event| on_switch.run(event_target_checked(&event))
                />
                {words.single_keys}
            </label>
            <table><tbody>{keys::rows(words).into_iter().map(row).collect_view()}</tbody></table>
            <button type="button" class="primary" on:click=move |_| dialog::close(dialog)>{words.close}</button>
        </dialog>
    }
}

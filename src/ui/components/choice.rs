use leptos::prelude::*;

use crate::ui::menus::MenuItem;

/// A labelled list, of which one holds.
#[component]
pub fn Choice<T>(
    /// Id of the control.
    id: &'static str,
    /// Its accessible name.
    label: &'static str,
    /// What can be chosen.
    #[prop(into)]
    items: Signal<Vec<MenuItem<T>>>,
    /// What holds.
    #[prop(into)]
    chosen: Signal<T>,
    /// The person has chosen.
    on_change: Callback<T>,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let choose = move |event| {
        let key = event_target_value(&event);
        if let Some(item) = items.get_untracked().into_iter().find(|item| item.key == key) {
            on_change.run(item.value);
        }
    };
    let key = move || {
        let value = chosen.get();
        items.get().into_iter().find(|item| item.value == value).map(|item| item.key)
    };
    let option = move |MenuItem { value, key, label }: MenuItem<T>| {
        view! { <option value=key selected=move || chosen.get() == value>{label}</option> }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id on:change=choose prop:value=key>
                {move || items.get().into_iter().map(option).collect_view()}
            </select>
        </div>
    }
}

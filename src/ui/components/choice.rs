use leptos::prelude::*;

use crate::ui::offers::Offer;

/// A labelled list, of which one holds.
#[component]
pub fn Choice<T>(
    /// Of the control.
    id: &'static str,
    /// Its accessible name.
    label: &'static str,
    /// What can be chosen.
    #[prop(into)]
    offers: Signal<Vec<Offer<T>>>,
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
        if let Some(offer) = offers.get_untracked().into_iter().find(|offer| offer.key == key) {
            on_change.run(offer.value);
        }
    };
    let key = move || {
        let value = chosen.get();
        offers.get().into_iter().find(|offer| offer.value == value).map(|offer| offer.key)
    };
    let option = move |Offer { value, key, label }: Offer<T>| {
        view! { <option value=key selected=move || chosen.get() == value>{label}</option> }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id on:change=choose prop:value=key>
                {move || offers.get().into_iter().map(option).collect_view()}
            </select>
        </div>
    }
}

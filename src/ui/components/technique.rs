use leptos::prelude::*;

use crate::recipe::{Border, OptimizerKind, Pooling};
use crate::ui::policy::DeviceChoice;
use crate::ui::settings::STEPS;

/// One thing to choose from a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer<T> {
    value: T,
    /// For the markup.
    key: String,
    /// As the person reads it.
    label: String,
}

/// A labelled list, of which one holds.
#[component]
fn Choice<T>(
    /// Of the control.
    id: &'static str,
    /// Its accessible name.
    label: &'static str,
    /// What can be chosen.
    #[prop(into)]
    offers: Signal<Vec<Offer<T>>>,
    /// What holds.
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

/// The size of the result, of those that the device can hold.
#[component]
pub fn SizeChoice(
    /// Sizes offered, px of the longer side.
    #[prop(into)]
    sizes: Signal<Vec<u32>>,
    /// The size that holds, px.
    #[prop(into)]
    size: Signal<u32>,
    /// The person has chosen.
    on_change: Callback<u32>,
) -> impl IntoView {
    let offer = |size: u32| Offer { value: size, key: size.to_string(), label: format!("{size} px") };
    let offers = Signal::derive(move || sizes.get().into_iter().map(offer).collect::<Vec<_>>());
    view! { <Choice id="size" label="Size" offers=offers chosen=size on_change=on_change /> }
}

/// The number of steps.
#[component]
pub fn StepsInput(
    /// The number that holds.
    #[prop(into)]
    steps: Signal<u32>,
    /// The person has set it.
    on_change: Callback<u32>,
) -> impl IntoView {
    let take = move |typed: u32| on_change.run(typed.clamp(*STEPS.start(), *STEPS.end()));
    // While the person types, a number counts as soon as it is one; so no default that comes late overwrites it.
    let typing = move |event| {
        if let Some(typed) = event_target_value(&event).parse().ok().filter(|typed| STEPS.contains(typed)) {
            take(typed);
        }
    };
    let typed = move |event| {
        take(event_target_value(&event).parse().unwrap_or_else(|_| steps.get_untracked()));
        event_target::<web_sys::HtmlInputElement>(&event).set_value(&steps.get_untracked().to_string());
    };
    view! {
        <div class="field">
            <label for="steps">"Steps"</label>
            <input
                type="number"
                id="steps"
                inputmode="numeric"
                min=STEPS.start().to_string()
                max=STEPS.end().to_string()
                prop:value=move || steps.get().to_string()
                on:input=typing
                on:change=typed
            />
        </div>
    }
}

/// How the pixels are changed.
#[component]
pub fn OptimizerSwitch(
    /// The way that holds.
    #[prop(into)]
    optimizer: Signal<OptimizerKind>,
    /// The person has chosen.
    on_change: Callback<OptimizerKind>,
) -> impl IntoView {
    let offers = vec![offer(OptimizerKind::Lbfgs, "lbfgs", "L-BFGS"), offer(OptimizerKind::Adam, "adam", "Adam (less memory)")];
    view! { <Choice id="optimizer" label="Optimiser" offers=offers chosen=optimizer on_change=on_change /> }
}

/// How feature maps are halved.
#[component]
pub fn PoolingSwitch(
    /// The way that holds.
    #[prop(into)]
    pooling: Signal<Pooling>,
    /// The person has chosen.
    on_change: Callback<Pooling>,
) -> impl IntoView {
    let offers = vec![offer(Pooling::Average, "average", "Average"), offer(Pooling::Max, "max", "Max")];
    view! { <Choice id="pooling" label="Pooling" offers=offers chosen=pooling on_change=on_change /> }
}

/// What the network sees beyond the border.
#[component]
pub fn BorderSwitch(
    /// What holds.
    #[prop(into)]
    border: Signal<Border>,
    /// The person has chosen.
    on_change: Callback<Border>,
) -> impl IntoView {
    let offers = vec![offer(Border::Reflect, "reflect", "Mirrored"), offer(Border::Zero, "zero", "Zeros (paper)")];
    view! { <Choice id="border" label="Border" offers=offers chosen=border on_change=on_change /> }
}

/// Where to compute.
#[component]
pub fn DeviceSwitch(
    /// The choice that holds.
    #[prop(into)]
    choice: Signal<DeviceChoice>,
    /// The person has chosen.
    on_change: Callback<DeviceChoice>,
) -> impl IntoView {
    let offers: Vec<_> = DeviceChoice::ALL.into_iter().map(|choice| offer(choice, choice.key(), choice.label())).collect();
    view! { <Choice id="device" label="Compute on" offers=offers chosen=choice on_change=on_change /> }
}

fn offer<T>(value: T, key: &str, label: &str) -> Offer<T> {
    Offer { value, key: key.to_owned(), label: label.to_owned() }
}

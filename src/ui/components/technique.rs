use leptos::prelude::*;

use crate::recipe::Pooling;
use crate::ui::policy::DeviceChoice;
use crate::ui::settings::STEPS;

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
    let chosen = move |event| {
        if let Ok(size) = event_target_value(&event).parse() {
            on_change.run(size);
        }
    };
    let option = move |offered: u32| {
        view! { <option value=offered.to_string() selected=move || size.get() == offered>{format!("{offered} px")}</option> }
    };
    view! {
        <div class="field">
            <label for="size">"Size"</label>
            <select id="size" on:change=chosen prop:value=move || size.get().to_string()>
                {move || sizes.get().into_iter().map(option).collect_view()}
            </select>
        </div>
    }
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
    let set = move |event| {
        let typed = event_target_value(&event).parse::<u32>().unwrap_or_else(|_| steps.get_untracked());
        let bounded = typed.clamp(*STEPS.start(), *STEPS.end());
        on_change.run(bounded);
        event_target::<web_sys::HtmlInputElement>(&event).set_value(&bounded.to_string());
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
                on:change=set
            />
        </div>
    }
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
    let chosen = move |event| {
        let pooling = if event_target_value(&event) == "max" { Pooling::Max } else { Pooling::Average };
        on_change.run(pooling);
    };
    view! {
        <div class="field">
            <label for="pooling">"Pooling"</label>
            <select id="pooling" on:change=chosen>
                <option value="average" selected=move || pooling.get() == Pooling::Average>"Average"</option>
                <option value="max" selected=move || pooling.get() == Pooling::Max>"Max"</option>
            </select>
        </div>
    }
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
    let chosen = move |event| {
        if let Some(choice) = DeviceChoice::from_key(&event_target_value(&event)) {
            on_change.run(choice);
        }
    };
    let option = move |offered: DeviceChoice| {
        view! { <option value=offered.key() selected=move || choice.get() == offered>{offered.label()}</option> }
    };
    view! {
        <div class="field">
            <label for="device">"Compute on"</label>
            <select id="device" on:change=chosen>
                {DeviceChoice::ALL.map(option).collect_view()}
            </select>
        </div>
    }
}

use leptos::prelude::*;

/// A button that shows a sign, and has its name as a title.
#[component]
pub fn SignButton(
    /// Its name.
    name: &'static str,
    /// It was pressed.
    on_press: Callback<()>,
    /// The sign.
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="quiet sign"
            aria-label=name
            title=name
            on:click=move |_| on_press.run(())
        >
            {children()}
        </button>
    }
}

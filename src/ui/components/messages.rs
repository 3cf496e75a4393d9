use leptos::prelude::*;

use crate::protocol::UserError;
use crate::ui::studio::Trouble;

/// Id of the place where errors are shown.
pub const TROUBLE_ID: &str = "trouble";

/// What went wrong, and what the person should know.
#[component]
pub fn Messages(
    /// The error on view.
    #[prop(into)]
    trouble: Signal<Option<Trouble>>,
    /// The notice on view.
    #[prop(into)]
    notice: Signal<Option<UserError>>,
    /// Start once more.
    on_retry: Callback<()>,
    /// Take the error off view.
    on_dismiss_trouble: Callback<()>,
    /// Take the notice off view.
    on_dismiss_notice: Callback<()>,
) -> impl IntoView {
    let retry = move |trouble: &Trouble| trouble.retry.then_some(on_retry);
    view! {
        <div class="messages" role="alert" id=TROUBLE_ID>
            {move || trouble.get().map(|trouble| {
                let retry = retry(&trouble);
                view! { <Message class="trouble" error=trouble.error retry=retry on_dismiss=on_dismiss_trouble /> }
            })}
        </div>
        <div class="messages" aria-live="polite">
            {move || notice.get().map(|error| view! { <Message class="notice" error=error retry=None on_dismiss=on_dismiss_notice /> })}
        </div>
    }
}

/// A message: what happened, what to do, and the technical cause for those who want it.
#[component]
fn Message(
    /// Its style.
    class: &'static str,
    /// Its words.
    error: UserError,
    /// What "Retry" does, where that makes sense.
    retry: Option<Callback<()>>,
    /// Take it off view.
    on_dismiss: Callback<()>,
) -> impl IntoView {
    let UserError { headline, advice, detail } = error;
    let retry = retry.map(|retry| view! { <button type="button" on:click=move |_| retry.run(())>"Retry"</button> });
    let detail = (!detail.is_empty()).then(|| view! { <details><summary>"Details"</summary><pre>{detail}</pre></details> });
    view! {
        <section class=format!("message {class}")>
            <p class="headline">{headline}</p>
            <p>{advice}</p>
            {detail}
            <div class="message-actions">
                {retry}
                <button type="button" class="quiet" on:click=move |_| on_dismiss.run(())>"Dismiss"</button>
            </div>
        </section>
    }
}

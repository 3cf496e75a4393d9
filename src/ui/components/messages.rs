use leptos::prelude::*;

use crate::ui::studio::{Remedy, Trouble};
use crate::words::UserError;
use crate::words::page::PageWords;

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
    /// Do what may help.
    on_remedy: Callback<Remedy>,
    /// Take the error off view.
    on_dismiss_trouble: Callback<()>,
    /// Take the notice off view.
    on_dismiss_notice: Callback<()>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    view! {
        <div class="messages" role="alert" id=TROUBLE_ID>
            {move || trouble.get().map(|Trouble { error, remedy }| {
                let remedy = remedy.map(
                    |remedy| view! { <RemedyButton remedy on_press=on_remedy words /> }.into_any()
                );
                view! { <Message class="trouble" error remedy on_dismiss=on_dismiss_trouble words /> }
            })}
        </div>
        <div class="messages" aria-live="polite">
            {
                move || notice.get().map(
                    |error| view! {
                        <Message class="notice" error remedy=None on_dismiss=on_dismiss_notice words />
                    }
                )
            }
        </div>
    }
}

/// Does what may help.
#[component]
fn RemedyButton(
    /// What that is.
    remedy: Remedy,
    /// Do it.
    on_press: Callback<Remedy>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let name = match remedy {
        Remedy::Retry => words.retry,
        Remedy::ChooseDevice => words.choose_device,
    };
    view! { <button type="button" on:click=move |_| on_press.run(remedy)>{name}</button> }
}

/// A message: what happened, what to do, and the technical cause for those who want it.
#[component]
fn Message(
    /// Its style.
    class: &'static str,
    /// Its words.
    error: UserError,
    /// The button that may help, where one does.
    remedy: Option<AnyView>,
    /// Take it off view.
    on_dismiss: Callback<()>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let UserError { headline, advice, detail } = error;
    let detail = (!detail.is_empty()).then(
        || view! { <details><summary>{words.details}</summary><pre>{detail}</pre></details> },
    );
    view! {
        <section class=format!("message {class}")>
            <p class="headline">{headline}</p>
            <p>{advice}</p>
            {detail}
            <div class="message-actions">
                {remedy}
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| on_dismiss.run(())
                >
                    {words.dismiss}
                </button>
            </div>
        </section>
    }
}

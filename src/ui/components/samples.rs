use leptos::prelude::*;

use crate::ui::samples::Sample;

/// A row of sample pictures for one well.
#[component]
pub fn SampleStrip(
    /// What they are, as in "Sample photos".
    name: &'static str,
    /// The pictures.
    samples: &'static [Sample],
    /// The file of the one that is chosen.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    /// The person has picked one.
    on_pick: Callback<&'static Sample>,
) -> impl IntoView {
    let buttons = samples
        .iter()
        .map(|sample| {
            let title = format!("{} – {}", sample.title, sample.credit);
            let is_chosen = move || chosen.with(|chosen| chosen.as_deref() == Some(sample.file));
            view! {
                <button
                    type="button"
                    class="sample"
                    title=title
                    aria-label=sample.title
                    aria-pressed=move || is_chosen().to_string()
                    on:click=move |_| on_pick.run(sample)
                >
                    <img
                        src=sample.thumbnail()
                        alt=""
                        width="96"
                        height="76"
                        loading="lazy"
                        draggable="false"
                    />
                    <span>{sample.title}</span>
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="samples" role="group" aria-label=name>
            {buttons}
        </div>
    }
}

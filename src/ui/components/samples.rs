use leptos::prelude::*;

use crate::ui::samples::Sample;

/// A row of sample pictures for one well.
#[component]
pub fn SampleStrip(
    /// What they are, as in "Sample photos".
    name: &'static str,
    /// The pictures.
    samples: &'static [Sample],
    /// The person has picked one.
    on_pick: Callback<&'static Sample>,
) -> impl IntoView {
    let buttons = samples
        .iter()
        .map(|sample| {
            let title = format!("{} – {}", sample.title, sample.credit);
            view! {
                <button type="button" class="sample" title=title aria-label=sample.title on:click=move |_| on_pick.run(sample)>
                    <img src=format!("samples/{}", sample.file) alt="" width="44" height="44" loading="lazy" draggable="false" />
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

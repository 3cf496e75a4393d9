//! The pictures that go in.

use leptos::prelude::*;

use super::{is_untouched, recipe};
use crate::ui::browser;
use crate::ui::components::{BlendSlider, PictureWell, SampleStrip, well_input_id};
use crate::ui::desk::Desk;
use crate::ui::intake::Well;
use crate::ui::samples::{PAINTINGS, PHOTOS, Sample};

/// The pictures that go in.
#[component]
pub fn Inputs(
    /// Holds them.
    desk: Desk,
) -> impl IntoView {
    let well = move |well: Well, name, title, hint| {
        view! {
            <PictureWell
                well=well
                name=name
                title=title
                hint=hint
                thumbnail=Memo::new(move |_| desk.thumbnail(well))
                reading=Memo::new(move |_| desk.reading(well))
                on_files=Callback::new(move |files| desk.take_files(Some(well), files))
                on_drawn=Callback::new(move |(url, size)| desk.note_size(well, url, size))
            />
        }
    };
    let samples = move |well: Well, name, samples: &'static [Sample]| {
        view! {
            <SampleStrip
                name=name
                samples=samples
                chosen=Memo::new(move |_| desk.thumbnail(well).map(|shown| shown.name))
                on_pick=Callback::new(move |sample| desk.take_sample(well, sample))
            />
        }
    };
    let remove_second = move |_| {
        desk.remove_second_style();
        // The button goes with the picture; what remains is the place to fill again.
        browser::focus(well_input_id(Well::SecondStyle));
    };
    view! {
        <section class="bench" aria-label="Pictures">
            <div class="side">
                {well(Well::Content, "Content picture", "Content", "a photo")}
                {samples(Well::Content, "Sample photos", &PHOTOS)}
            </div>
            <Show when=move || !is_untouched(desk)>
                <button
                    type="button"
                    class="swap"
                    aria-label="Swap pictures"
                    title="Swap pictures"
                    on:click=move |_| desk.swap_pictures()
                >
                    <svg viewBox="0 0 24 24"
                        aria-hidden="true"
                    >
                        <path d="M4 8h15m-4-4 4 4-4 4M20 16H5m4-4-4 4 4 4"></path>
                    </svg>
                </button>
            </Show>
            <div class="side">
                {well(Well::Style, "Style picture", "Style", "a painting")}
                {samples(Well::Style, "Sample paintings", &PAINTINGS)}
            </div>
            <Show when=move || desk.thumbnail(Well::Style).is_some()>
                <div class="second">
                    {well(Well::SecondStyle, "Second style picture", "Second style", "blend in")}
                    <Show when=move || desk.thumbnail(Well::SecondStyle).is_some()>
                        <div class="side">
                            <BlendSlider
                                share=recipe(desk, |recipe| recipe.loss_weights.style_shares(2)[1])
                                on_change=Callback::new(
                                    move |share| desk.adjust(
                                        |loss_weights| loss_weights.styles[..2].copy_from_slice(&[1.0 - share, share])
                                    )
                                )
                            />
                            <button type="button" class="quiet" on:click=remove_second>
                                "Remove second style"
                            </button>
                        </div>
                    </Show>
                </div>
            </Show>
        </section>
    }
}

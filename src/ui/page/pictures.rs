//! The panel of the inputs.

use leptos::prelude::*;

use super::{View, recipe, weigh};
use crate::ui::browser;
use crate::ui::components::{BlendSlider, PictureWell, SampleStrip, well_input_id};
use crate::ui::desk::Desk;
use crate::ui::intake::Well;
use crate::ui::pictures::Thumbnail;
use crate::ui::samples::{self, PAINTINGS, PHOTOS, PRESELECTED, Sample};
use crate::words::page::PageWords;

/// The panel of the inputs.
#[component]
pub fn PicturesPanel(
    /// Holds them.
    desk: Desk,
    /// What is seen.
    view: View,
) -> impl IntoView {
    let words = view.words;
    let well = move |well: Well, name, hint| {
        view! {
            <PictureWell
                well=well
                name=name
                hint=hint
                thumbnail=Memo::new(move |_| shown_in(desk, well))
                reading=Memo::new(move |_| desk.reading(well))
                on_files=Callback::new(move |files| desk.take_files(Some(well), files))
                on_drawn=Callback::new(move |(url, size)| desk.note_size(well, url, size))
                words=words
            />
        }
    };
    let shelf = move |well: Well, name, samples: &'static [Sample]| {
        view! {
            <SampleStrip
                name=name
                samples=samples
                chosen=Memo::new(move |_| chosen_for(desk, well))
                on_pick=Callback::new(move |sample| desk.take_sample(well, sample))
            />
        }
    };
    view! {
        {well(Well::Content, words.photo, words.photo_hint)}
        {shelf(Well::Content, words.sample_photos, &PHOTOS)}
        <button type="button" class="quiet swap" on:click=move |_| desk.swap_pictures()>
            {words.swap}
        </button>
        {well(Well::Style, words.painting, "")}
        {shelf(Well::Style, words.shelf, &PAINTINGS)}
        <button type="button" class="quiet swap" on:click=move |_| surprise(desk)>
            {words.surprise}
        </button>
        <Show when=move || desk.thumbnail(Well::Style).is_some()>
            {well(Well::SecondStyle, words.second_painting, words.blend_hint)}
            <Show when=move || desk.thumbnail(Well::SecondStyle).is_some()>
                <Blend desk=desk words=words />
            </Show>
        </Show>
    }
}

/// Returns what `well` shows: the preselected painting where none was chosen.
fn shown_in(desk: Desk, well: Well) -> Option<Thumbnail> {
    let preselected = || {
        (well == Well::Style).then(|| Thumbnail {
            url: Some(PRESELECTED.thumbnail()),
            name: PRESELECTED.title.to_owned(),
        })
    };
    desk.thumbnail(well).or_else(preselected)
}

/// Takes another painting of the shelf.
pub(super) fn surprise(desk: Desk) {
    let chosen = untrack(|| chosen_for(desk, Well::Style));
    let chance = js_sys::Math::random();
    desk.take_sample(Well::Style, samples::surprise(chosen.as_deref(), chance));
}

/// Returns the file of the sample that is chosen for `well`.
fn chosen_for(desk: Desk, well: Well) -> Option<String> {
    let preselected = || (well == Well::Style).then(|| PRESELECTED.file.to_owned());
    desk.thumbnail(well).map(|shown| shown.name).or_else(preselected)
}

/// How two paintings are blended.
#[component]
fn Blend(
    /// Holds the weights.
    desk: Desk,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let remove = move |_| {
        desk.remove_second_style();
        // The button goes with the picture; what remains is the place to fill again.
        browser::focus(well_input_id(Well::SecondStyle));
    };
    view! {
        <BlendSlider
            share=recipe(desk, |recipe| recipe.loss_weights.style_shares(2)[1])
            on_change=weigh(desk, |loss_weights, share: f32| {
                loss_weights.styles[..2].copy_from_slice(&[1.0 - share, share]);
            })
            words=words
        />
        <button type="button" class="quiet" on:click=remove>{words.remove_second}</button>
    }
}

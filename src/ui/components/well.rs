use leptos::ev::DragEvent;
use leptos::html;
use leptos::prelude::*;
use web_sys::{File, HtmlImageElement};

use crate::pixels::ImageSize;
use crate::ui::intake::Well;
use crate::ui::pictures::{Thumbnail, files_in, files_of};
use crate::words::page::PageWords;

/// Id of the control by which `well` is filled.
pub const fn well_input_id(well: Well) -> &'static str {
    match well {
        Well::Content => "content-picture",
        Well::Style => "style-picture",
        Well::SecondStyle => "second-style-picture",
    }
}

/// A place for one picture, filled by file dialogue or by dropping a file on it.
#[component]
pub fn PictureWell(
    /// The slot.
    well: Well,
    /// Its name.
    name: &'static str,
    /// What belongs in it, in a few words.
    hint: &'static str,
    /// What it shows.
    #[prop(into)]
    thumbnail: Signal<Option<Thumbnail>>,
    /// Name of the file that is on its way.
    #[prop(into)]
    reading: Signal<Option<String>>,
    /// The person has brought files.
    on_files: Callback<Vec<File>>,
    /// The browser has drawn the thumbnail of this address, of a picture of this size.
    on_drawn: Callback<(String, ImageSize)>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let over = RwSignal::new(false);
    let undrawable = RwSignal::new(None);
    let drawable = move || {
        thumbnail
            .get()
            .and_then(|shown| shown.url)
            .filter(|url| undrawable.with(|broken| broken.as_ref() != Some(url)))
    };
    let caption = move || match (reading.get(), thumbnail.get()) {
        (Some(name), _) => (words.reading)(&name),
        (None, Some(shown)) => shown.name,
        (None, None) => words.ways_in.to_owned(),
    };
    let hint_id = format!("{}-hint", well.key());
    let picked = move |_| {
        let Some(input) = input.get_untracked() else { return };
        on_files.run(files_of(input.files()));
        // So that picking the same file again is news.
        input.set_value("");
    };
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        event.stop_propagation();
        over.set(false);
        on_files.run(files_in(event.data_transfer()));
    };
    view! {
        <label
            class="well"
            class:over=over
            class:filled=move || thumbnail.with(Option::is_some)
            data-well=well.key()
            on:dragenter=move |_| over.set(true)
            on:dragover=move |event| event.prevent_default()
            on:dragleave=move |_| over.set(false)
            on:drop=dropped
        >
            <span class="well-title">{name}</span>
            <input
                class="visually-hidden"
                type="file"
                id=well_input_id(well)
                accept="image/*"
                aria-label=name
                aria-describedby=hint_id.clone()
                node_ref=input
                on:change=picked
            />
            <span class="well-face">
                {move || {
                    drawable()
                        .map(|url| {
                            let (broken, drawn) = (Some(url.clone()), url.clone());
                            view! {
                                <img
                                    src=url
                                    alt=""
                                    draggable="false"
                                    on:error=move |_| undrawable.set(broken.clone())
                                    on:load=move |event| on_drawn.run(
                                        (drawn.clone(), natural_size(&event_target(&event)))
                                    )
                                />
                            }
                        })
                }}
                <span class="well-hint">
                    {move || match (drawable().is_some(), thumbnail.with(Option::is_some)) {
                        (true, _) => "",
                        (false, true) => words.no_preview,
                        (false, false) => hint,
                    }}
                </span>
            </span>
            <span class="well-name" id=hint_id>
                {caption}
            </span>
        </label>
    }
}

fn natural_size(image: &HtmlImageElement) -> ImageSize {
    ImageSize::new(image.natural_width(), image.natural_height())
}

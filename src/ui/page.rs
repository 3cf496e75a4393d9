//! The page: each component gets its part of the state, and its callbacks go to the desk.

mod inputs;
mod output;
mod technique;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use self::inputs::Inputs;
use self::output::{Output, Transport};
use self::technique::Technique;
use super::components::{Masthead, TROUBLE_ID};
use super::desk::Desk;
use super::intake::Well;
use super::pictures::{ResultImages, files_in};
use super::settings::Settings;
use super::studio::{Errand, Run, Studio};
use super::{browser, labels};
use crate::recipe::Recipe;

/// The whole page.
#[component]
pub fn Page() -> impl IntoView {
    let desk = Desk::open();
    listen(desk);
    paint(desk);
    reveal_trouble(desk);
    view! {
        <Masthead device=part(desk, labels::device_line) hint=part(desk, labels::device_hint) />
        <main>
            <Inputs desk=desk />
            <Technique desk=desk />
            <Transport desk=desk />
            <Output desk=desk />
        </main>
        <footer>
            <p>"Your pictures never leave this device: everything is computed here, in this page."</p>
            <p>"The network is VGG-19 by Karen Simonyan and Andrew Zisserman, University of Oxford \
                (CC BY 4.0)."</p>
        </footer>
    }
}

/// Returns a part of the studio's state that notifies only when it changes.
fn part<T: PartialEq + Send + Sync + 'static>(
    desk: Desk,
    read: impl Fn(&Studio) -> T + Send + Sync + 'static,
) -> Memo<T> {
    Memo::new(move |_| desk.studio().with(&read))
}

/// Returns a callback that changes the studio.
fn set<T: 'static>(
    desk: Desk,
    change: impl Fn(&mut Settings, T) + Send + Sync + 'static,
) -> Callback<T> {
    Callback::new(move |value| {
        desk.act(|studio| {
            studio.set(|settings| change(settings, value));
            None
        });
    })
}

/// Returns a part of the recipe of the next run.
fn recipe<T: PartialEq + Send + Sync + 'static>(desk: Desk, read: fn(&Recipe) -> T) -> Memo<T> {
    part(desk, move |studio| read(&studio.settings().recipe))
}

/// Returns a callback that changes the recipe of the next run.
fn set_recipe<T: 'static>(desk: Desk, change: fn(&mut Recipe, T)) -> Callback<T> {
    set(desk, move |settings, value| change(&mut settings.recipe, value))
}

/// Whether both input slots are empty.
fn is_untouched(desk: Desk) -> bool {
    [Well::Content, Well::Style].into_iter().all(|well| desk.thumbnail(well).is_none())
}

/// Whether the current run has no image yet.
fn is_preparing(desk: Desk) -> bool {
    let shown = desk.result_images().with(|result_images: &ResultImages| {
        result_images.shown.as_ref().map(|result_image| result_image.origin.run)
    });
    desk.studio().with(|studio| {
        let prepares = |run: &Run| {
            run.phase.is_live() && shown != Some(run.id) && !matches!(run.errand, Errand::Cell(_))
        };
        studio.run().is_some_and(prepares)
    })
}

/// Draws the shown result whenever it changes.
fn paint(desk: Desk) {
    Effect::new(move || {
        let Some(canvas) = desk.canvas().get() else { return };
        let painted = desk.result_images().with(|result_images| {
            result_images.shown.as_ref().map_or(Ok(()), |result_image| result_image.paint(&canvas))
        });
        if let Err(error) = painted {
            desk.report_unpainted(&error);
        }
    });
}

/// Scrolls an error into view: on a narrow page it may be far from where the person acted.
fn reveal_trouble(desk: Desk) {
    let trouble = part(desk, |studio| studio.trouble().cloned());
    Effect::new(move || {
        if trouble.with(Option::is_some) {
            // After layout.
            request_animation_frame(|| browser::reveal(TROUBLE_ID));
        }
    });
}

/// Handles events anywhere on the page: files dropped beside the slots, pasted pictures, Escape,
/// and leaving.
fn listen(desk: Desk) {
    drop(window_event_listener(leptos::ev::dragover, |event| event.prevent_default()));
    drop(window_event_listener(leptos::ev::drop, move |event| {
        event.prevent_default();
        desk.take_files(None, files_in(event.data_transfer()));
    }));
    drop(window_event_listener(leptos::ev::paste, move |event| {
        let files = files_in(event.clipboard_data());
        if !files.is_empty() {
            event.prevent_default();
            desk.take_files(focused_well(), files);
        }
    }));
    drop(window_event_listener(leptos::ev::beforeunload, move |event| {
        // The browser asks for confirmation then.
        if desk.has_something_to_lose() {
            event.prevent_default();
        }
    }));
    drop(window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() && is_for_the_run(&event) {
            desk.act(Studio::cancel);
        }
    }));
}

/// Whether a key is meant for the run: the focus is on its buttons or on nothing. Elsewhere Escape
/// closes a menu or reverts a movement, and must not end a run of minutes.
fn is_for_the_run(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_none_or(|element| element.matches("body, .actions *").unwrap_or(false))
}

/// Returns the slot that has the focus.
fn focused_well() -> Option<Well> {
    let key = document()
        .active_element()
        .and_then(|element| element.closest("[data-well]").ok().flatten())?;
    let key = Element::get_attribute(&key, "data-well")?;
    Well::from_key(&key)
}

//! The page: each component gets its part of the state, and its callbacks go to the desk.

mod inside;
mod keys;
mod look;
mod pictures;
mod stage;

use leptos::html;
use leptos::prelude::*;
use web_sys::Element;

use self::look::LookPanel;
use self::pictures::PicturesPanel;
use self::stage::StageSection;
use super::components::{KeysDialog, Masthead, TROUBLE_ID, dialog, panel_id, well_input_id};
use super::desk::Desk;
use super::intake::Well;
use super::panels::{Panel, Panels};
use super::pictures::{ResultImages, files_in};
use super::settings::Settings;
use super::stage::Stage;
use super::studio::{Errand, Run, Studio};
use super::{browser, labels};
use crate::recipe::{LossWeights, Recipe};
use crate::words::notices;
use crate::words::page::{ENGLISH, PageWords};

/// What is seen, beside the state of the studio.
#[derive(Clone, Copy)]
pub struct View {
    stage: RwSignal<Stage>,
    panels: RwSignal<Panels>,
    keys: NodeRef<html::Dialog>,
    words: &'static PageWords,
}

impl View {
    fn new() -> Self {
        Self {
            stage: RwSignal::new(Stage::default()),
            panels: RwSignal::new(Panels::new(browser::is_narrow())),
            keys: NodeRef::new(),
            words: &ENGLISH,
        }
    }

    /// Makes room for the picture of a run that begins, and shows it whole.
    fn make_room(self) {
        self.panels.update(Panels::make_room);
        self.stage.update(|stage| {
            stage.fit();
            stage.compare(0.0);
        });
    }

    /// Starts painting; without a photo it says so and leads there.
    fn paint(self, desk: Desk) {
        if desk.thumbnail(Well::Content).is_none() && desk.reading(Well::Content).is_none() {
            if !self.panels.with_untracked(|panels| panels.is_open(Panel::Pictures)) {
                self.panels.update(|panels| panels.toggle(Panel::Pictures));
            }
            desk.act(|studio| {
                studio.notify(notices::photo_first());
                None
            });
            request_animation_frame(|| browser::focus(well_input_id(Well::Content)));
            return;
        }
        self.make_room();
        desk.act(|studio| {
            studio.dismiss_notice();
            None
        });
        desk.paint();
    }

    fn open_keys(self) {
        dialog::open(self.keys);
    }
}

/// The whole page.
#[component]
pub fn Page() -> impl IntoView {
    let (desk, view) = (Desk::open(), View::new());
    listen(desk, view);
    keys::listen(desk, view);
    paint(desk);
    reveal_trouble(desk);
    let words = view.words;
    let panel = move |panel: Panel, name, children: AnyView| {
        view! {
            <aside
                id=panel_id(panel)
                class="panel"
                aria-label=name
                hidden=move || !view.panels.with(|panels| panels.is_open(panel))
            >
                {children}
            </aside>
        }
    };
    view! {
        <div
            class="app"
            class:picture-only=move || view.panels.with(|panels| panels.is_picture_only())
            class:pictures-open=move || view.panels.with(|panels| panels.is_open(Panel::Pictures))
            class:look-open=move || view.panels.with(|panels| panels.is_open(Panel::Look))
        >
            <Masthead
                device=part(desk, labels::device_line)
                hint=part(desk, labels::device_hint)
                on_keys=Callback::new(move |()| view.open_keys())
                words=words
            />
            <main>
                {panel(
                    Panel::Pictures,
                    words.pictures,
                    view! { <PicturesPanel desk=desk view=view /> }.into_any(),
                )}
                <StageSection desk=desk view=view />
                {panel(
                    Panel::Look,
                    words.look,
                    view! { <LookPanel desk=desk view=view /> }.into_any(),
                )}
            </main>
            <KeysDialog
                dialog=view.keys
                single=part(desk, |studio| !studio.settings().single_keys_off)
                on_switch=set(desk, |settings, on: bool| settings.single_keys_off = !on)
                words=words
            />
        </div>
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
fn recipe<T: PartialEq + Send + Sync + 'static>(
    desk: Desk,
    read: impl Fn(&Recipe) -> T + Send + Sync + 'static,
) -> Memo<T> {
    part(desk, move |studio| read(&studio.settings().recipe))
}

/// Returns a callback that changes the recipe of the next run.
fn set_recipe<T: 'static>(desk: Desk, change: fn(&mut Recipe, T)) -> Callback<T> {
    set(desk, move |settings, value| change(&mut settings.recipe, value))
}

/// Returns a callback that changes the weights of the loss terms, also of the live run.
fn weigh<T: 'static>(desk: Desk, change: fn(&mut LossWeights, T)) -> Callback<T> {
    Callback::new(move |value| desk.adjust(|loss_weights| change(loss_weights, value)))
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

/// Draws the shown result, or the moment on view, whenever it changes.
fn paint(desk: Desk) {
    let looks_back = Memo::new(move |_| desk.moment_on_view());
    Effect::new(move || {
        let Some(canvas) = desk.canvas().get() else { return };
        if looks_back.get().is_some() {
            return desk.draw_moment(canvas);
        }
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

/// Handles events anywhere on the page: files dropped beside the slots, pasted pictures, leaving.
fn listen(desk: Desk, view: View) {
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
    drop(window_event_listener(leptos::ev::resize, move |_| {
        view.panels.update(|panels| panels.set_narrow(browser::is_narrow()));
    }));
    drop(window_event_listener(leptos::ev::beforeunload, move |event| {
        // The browser asks for confirmation then.
        if desk.has_something_to_lose() {
            event.prevent_default();
        }
    }));
}

/// Returns the slot that has the focus.
fn focused_well() -> Option<Well> {
    let key = document()
        .active_element()
        .and_then(|element| element.closest("[data-well]").ok().flatten())?;
    let key = Element::get_attribute(&key, "data-well")?;
    Well::from_key(&key)
}

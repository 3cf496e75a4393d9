//! Keys anywhere on the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::{View, pictures};
use crate::ui::browser;
use crate::ui::components::well_input_id;
use crate::ui::desk::Desk;
use crate::ui::intake::Well;
use crate::ui::keys::{Focus, Shortcut, shortcut};
use crate::ui::panels::{Panel, Panels};
use crate::ui::stage::{Stage, ZOOM_STEP};
use crate::ui::studio::Studio;

/// Fields and lists.
const FIELDS: &str = "select, textarea, input:not([type=range], [type=checkbox], [type=radio], \
                      [type=file])";
/// Controls that take the space bar.
const BUTTONS: &str = "button, a, summary, input:not([type=range])";

/// Handles keys.
pub(super) fn listen(desk: Desk, view: View) {
    drop(window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.default_prevented() || event.alt_key() || is_in_dialog(&event) {
            return;
        }
        let ctrl = event.ctrl_key() || event.meta_key();
        if event.key() == "Escape" && !ctrl {
            return escape(desk, view, &event);
        }
        let single = desk.studio().with_untracked(|studio| !studio.settings().single_keys_off);
        if let Some(found) = shortcut(&event.key(), ctrl, focus_of(&event), single) {
            event.prevent_default();
            act(found, desk, view);
        }
    }));
    drop(window_event_listener(leptos::ev::keyup, move |event: KeyboardEvent| {
        if event.key().eq_ignore_ascii_case("p") {
            view.stage.update(|stage| stage.hold(false));
        }
    }));
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target().and_then(|target| target.dyn_into::<Element>().ok())
}

fn is_in_dialog(event: &KeyboardEvent) -> bool {
    target(event).is_some_and(|element| element.closest("dialog").ok().flatten().is_some())
}

fn focus_of(event: &KeyboardEvent) -> Focus {
    let Some(element) = target(event) else { return Focus::Elsewhere };
    let is = |selector| element.matches(selector).unwrap_or(false);
    if is(FIELDS) {
        Focus::Field
    } else if is(BUTTONS) {
        Focus::Button
    } else if is("input[type=range]") {
        Focus::Slider
    } else {
        Focus::Elsewhere
    }
}

/// Closes what lies over the stage, or else stops the run; in a control it stays the control's own.
fn escape(desk: Desk, view: View, event: &KeyboardEvent) {
    let panels = view.panels.get_untracked();
    if desk.studio().with_untracked(|studio| studio.film().is_some()) {
        desk.stop();
    } else if panels.shows_inside() {
        view.panels.update(|panels| panels.show_inside(false));
    } else if panels.is_picture_only() {
        view.panels.update(|panels| panels.set_picture_only(false));
    } else if target(event)
        .is_none_or(|element| element.matches("body, .viewport, .actions *").unwrap_or(false))
    {
        desk.stop();
    }
}

fn act(shortcut: Shortcut, desk: Desk, view: View) {
    let stage = |change: fn(&mut Stage)| view.stage.update(change);
    let panels = |change: fn(&mut Panels)| view.panels.update(change);
    match shortcut {
        Shortcut::Paint => view.paint(desk),
        Shortcut::Pause => desk.act(Studio::toggle_pause),
        Shortcut::Save => desk.download(),
        Shortcut::ChoosePhoto => browser::click(well_input_id(Well::Content)),
        Shortcut::ChoosePainting => browser::click(well_input_id(Well::Style)),
        Shortcut::SeePhoto => stage(|stage| stage.compare(100.0)),
        Shortcut::SeeHalf => stage(|stage| stage.compare(50.0)),
        Shortcut::SeePicture => stage(|stage| stage.compare(0.0)),
        Shortcut::SeeBoth => stage(Stage::see_both),
        Shortcut::Hold => stage(|stage| stage.hold(true)),
        Shortcut::ZoomIn => stage(|stage| stage.zoom_to(stage.percent() * ZOOM_STEP)),
        Shortcut::ZoomOut => stage(|stage| stage.zoom_to(stage.percent() / ZOOM_STEP)),
        Shortcut::Fit => stage(Stage::fit),
        Shortcut::Actual => stage(|stage| stage.zoom_to(100.0)),
        Shortcut::PictureOnly => {
            panels(|panels| panels.set_picture_only(!panels.is_picture_only()));
        }
        Shortcut::Pictures => panels(|panels| panels.toggle(Panel::Pictures)),
        Shortcut::Look => panels(|panels| panels.toggle(Panel::Look)),
        Shortcut::Surprise => pictures::surprise(desk),
        Shortcut::Keys => view.open_keys(),
    }
}

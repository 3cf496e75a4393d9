use leptos::ev::{KeyboardEvent, PointerEvent, WheelEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, HtmlImageElement, ResizeObserver};

use crate::ui::stage::{OnStage, PAN_STEP, Pair, Stage};
use crate::words::page::PageWords;

/// Zoom of one notch of a wheel, as an exponent per CSS px.
const WHEEL: f64 = 0.0016;

/// The stage: the picture, and the photo over its left part.
#[component]
pub fn StageView(
    /// Where the picture lies.
    stage: RwSignal<Stage>,
    /// What is shown.
    #[prop(into)]
    shown: Signal<OnStage>,
    /// Description of the picture.
    #[prop(into)]
    description: Signal<String>,
    /// Name of the image on top.
    #[prop(into)]
    original: Signal<&'static str>,
    /// The canvas of the result; painted from outside, never drawn anew.
    canvas: NodeRef<html::Canvas>,
    /// Words of the page.
    words: &'static PageWords,
    /// What stands on the empty stage.
    children: ChildrenFn,
) -> impl IntoView {
    let viewport = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let Some(viewport) = viewport.get() {
            observe(viewport.unchecked_into(), stage);
        }
    });
    let px = move |read: fn(&Stage) -> f64| move || format!("{:.3}px", stage.with(read));
    let share = move |read: fn(&Stage) -> f64| move || format!("{:.4}%", 100.0 * stage.with(read));
    let measure = move |event: leptos::ev::Event| {
        if shown.with_untracked(OnStage::is_measured_by_photo) {
            let image = event_target::<HtmlImageElement>(&event);
            let size = [image.natural_width(), image.natural_height()].map(f64::from);
            stage.update(|stage| stage.show(size));
        }
    };
    let image = move |class, url: fn(&OnStage) -> Option<String>, alt: Signal<&'static str>| {
        let url = Memo::new(move |_| shown.with(url));
        move || {
            url.get().map(
                |url| view! { <img class=class src=url alt=alt draggable="false" on:load=measure /> },
            )
        }
    };
    let keys = move |event: KeyboardEvent| pan_by_key(&event, stage);
    let pointers = Pointers::new(stage, viewport);
    view! {
        <div
            class="viewport"
            class:pixelated=move || stage.with(Stage::is_pixelated)
            class:compared=move || shown.with(OnStage::is_compared)
            class:beside=move || shown.with(OnStage::is_compared) && stage.with(Stage::is_beside)
            class:preparing=move || shown.with(|shown| matches!(shown, OnStage::Preparing(_)))
            role="group"
            aria-label=words.stage
            tabindex="0"
            node_ref=viewport
            on:keydown=keys
            on:wheel=move |event| zoom_by_wheel(&event, stage, viewport)
            on:pointerdown=move |event| pointers.down(&event)
            on:pointermove=move |event| pointers.moved(&event)
            on:pointerup=move |event| pointers.up(&event)
            on:pointercancel=move |event| pointers.up(&event)
            on:dblclick=move |event| zoom_by_double(&event, stage, viewport)
        >
            <div
                class="images"
                style=("--left", px(|stage| stage.picture().at[0]))
                style=("--top", px(|stage| stage.picture().at[1]))
                style=("--width", px(|stage| stage.picture().size[0]))
                style=("--height", px(|stage| stage.picture().size[1]))
                style=("--seen-left", px(|stage| stage.visible().at[0]))
                style=("--seen-top", px(|stage| stage.visible().at[1]))
                style=("--seen-width", px(|stage| stage.visible().size[0]))
                style=("--seen-height", px(|stage| stage.visible().size[1]))
                style=("--room", px(|stage| stage.room()[0]))
                style=("--beyond-left", share(|stage| stage.beyond()[0]))
                style=("--beyond-right", share(|stage| stage.beyond()[1]))
                style=("--cut", share(Stage::cut))
                style=("--line", move || format!("{:.4}", stage.with(Stage::compared) / 100.0))
            >
                <canvas
                    role="img"
                    aria-label=description
                    class="image"
                    hidden=move || !shown.with(OnStage::is_result)
                    node_ref=canvas
                    width="1"
                    height="1"
                >
                </canvas>
                {image("image", OnStage::below, Signal::stored(words.sample_picture))}
                {image("image photo", OnStage::above, original)}
                <Show when=move || shown.with(OnStage::is_compared) && !stage.with(Stage::is_beside)>
                    <CompareSlider stage=stage words=words />
                </Show>
            </div>
            {children()}
        </div>
    }
}

/// The slider between photo and picture. Its handle alone takes the pointer, so that elsewhere the
/// picture can be moved.
#[component]
fn CompareSlider(
    /// Holds the share.
    stage: RwSignal<Stage>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let percent = move || stage.with(Stage::compared);
    let moved = move |event| {
        if let Ok(percent) = event_target_value(&event).parse() {
            stage.update(|stage| stage.compare(percent));
        }
    };
    view! {
        <span class="compare-line" aria-hidden="true"></span>
        <input
            type="range"
            class="compare"
            min="0"
            max="100"
            step="1"
            aria-label=words.compare
            aria-valuetext=move || (words.compared)(percent())
            prop:value=move || format!("{:.0}", percent())
            on:input=moved
            on:keydown=move |event: KeyboardEvent| event.stop_propagation()
            on:pointerdown=move |event: PointerEvent| event.stop_propagation()
            on:dblclick=move |event| event.stop_propagation()
        />
    }
}

/// Tells `stage` the size of `viewport` whenever it changes.
fn observe(viewport: Element, stage: RwSignal<Stage>) {
    let measured = viewport.clone();
    let changed = Closure::<dyn FnMut()>::new(move || {
        let size = [measured.client_width(), measured.client_height()].map(f64::from);
        let ratio = window().device_pixel_ratio();
        stage.update(|stage| stage.lay_out(size, ratio));
    });
    if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
        observer.observe(&viewport);
        // It lives as long as the page.
        changed.forget();
    }
}

fn pan_by_key(event: &KeyboardEvent, stage: RwSignal<Stage>) {
    let by = match event.key().as_str() {
        "ArrowLeft" => [PAN_STEP, 0.0],
        "ArrowRight" => [-PAN_STEP, 0.0],
        "ArrowUp" => [0.0, PAN_STEP],
        "ArrowDown" => [0.0, -PAN_STEP],
        _ => return,
    };
    event.prevent_default();
    stage.update(|stage| stage.pan(by));
}

fn zoom_by_wheel(event: &WheelEvent, stage: RwSignal<Stage>, viewport: NodeRef<html::Div>) {
    event.prevent_default();
    let lines = if event.delta_mode() == WheelEvent::DOM_DELTA_LINE { 30.0 } else { 1.0 };
    let factor = (-event.delta_y() * lines * WHEEL).exp();
    if let Some(point) = point_of(event.client_x(), event.client_y(), viewport) {
        stage.update(|stage| stage.zoom_by(factor, point));
    }
}

fn zoom_by_double(
    event: &leptos::ev::MouseEvent,
    stage: RwSignal<Stage>,
    viewport: NodeRef<html::Div>,
) {
    if let Some(point) = point_of(event.client_x(), event.client_y(), viewport) {
        stage.update(|stage| {
            if stage.fits() {
                stage.zoom_by(2.0, point);
            } else {
                stage.fit();
            }
        });
    }
}

/// Returns the point on the stage at a point of the window.
fn point_of(x: i32, y: i32, viewport: NodeRef<html::Div>) -> Option<Pair> {
    let bounds = viewport.get_untracked()?.get_bounding_client_rect();
    Some([f64::from(x) - bounds.left(), f64::from(y) - bounds.top()])
}

/// Pointers that are down on the stage: one moves the picture, two zoom it.
#[derive(Clone, Copy)]
struct Pointers {
    stage: RwSignal<Stage>,
    viewport: NodeRef<html::Div>,
    down: StoredValue<Vec<(i32, Pair)>>,
}

impl Pointers {
    fn new(stage: RwSignal<Stage>, viewport: NodeRef<html::Div>) -> Self {
        Self { stage, viewport, down: StoredValue::new(Vec::new()) }
    }

    fn down(self, event: &PointerEvent) {
        let on_a_control = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|target| target.closest("button, a, input").ok().flatten().is_some());
        let Some(point) = point_of(event.client_x(), event.client_y(), self.viewport) else {
            return;
        };
        if on_a_control {
            return;
        }
        if let Some(viewport) = self.viewport.get_untracked() {
            // A pointer that cannot be captured is followed while it stays on the stage.
            drop(viewport.set_pointer_capture(event.pointer_id()));
        }
        self.down.update_value(|down| down.push((event.pointer_id(), point)));
    }

    fn moved(self, event: &PointerEvent) {
        let Some(point) = point_of(event.client_x(), event.client_y(), self.viewport) else {
            return;
        };
        let before = self.down.get_value();
        let Some(index) = before.iter().position(|&(id, _)| id == event.pointer_id()) else {
            return;
        };
        let mut after = before.clone();
        after[index].1 = point;
        self.stage.update(|stage| match (before.as_slice(), after.as_slice()) {
            ([(_, from)], [(_, to)]) => stage.pan([to[0] - from[0], to[1] - from[1]]),
            ([(_, a), (_, b)], [(_, c), (_, d)]) => {
                let (from, to) = (middle(*a, *b), middle(*c, *d));
                stage.pan([to[0] - from[0], to[1] - from[1]]);
                stage.zoom_by(apart(*c, *d) / apart(*a, *b).max(1.0), to);
            }
            _ => {}
        });
        self.down.set_value(after);
    }

    fn up(self, event: &PointerEvent) {
        self.down.update_value(|down| down.retain(|&(id, _)| id != event.pointer_id()));
    }
}

fn middle(one: Pair, other: Pair) -> Pair {
    [(one[0] + other[0]) / 2.0, (one[1] + other[1]) / 2.0]
}

fn apart(one: Pair, other: Pair) -> f64 {
    (one[0] - other[0]).hypot(one[1] - other[1])
}

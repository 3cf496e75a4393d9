//! The page put together: each component gets its part of the desk's state, and its wishes go back to the desk.

use leptos::prelude::*;
use web_sys::{Element, KeyboardEvent};

use super::components::{
    Actions, BalanceSlider, BorderSwitch, DeviceSwitch, LossPlot, Masthead, Messages, OptimizerSwitch, PictureWell, PoolingSwitch,
    ResultFrame, RunProgress, SampleStrip, SizeChoice, SmoothnessSlider, StepsInput,
};
use super::desk::{Desk, RESULT_ID};
use super::labels;
use super::pictures::{Plates, Well, files_in};
use super::samples::{PAINTINGS, PHOTOS};
use super::settings::sizes_on;
use super::studio::{Phase, Studio};

/// The whole page.
#[component]
pub fn Page() -> impl IntoView {
    let desk = Desk::open();
    listen(desk);
    paint(desk);
    view! {
        <Masthead device=part(desk, labels::device_line) hint=part(desk, labels::device_hint) />
        <main>
            <Bench desk=desk />
            <Technique desk=desk />
            <Transport desk=desk />
            <Wall desk=desk />
        </main>
        <footer>
            <p>"Your pictures never leave this device: everything is computed here, in this page."</p>
            <p>"The network is VGG-19 by Karen Simonyan and Andrew Zisserman, University of Oxford (CC BY 4.0)."</p>
        </footer>
    }
}

/// One part of the studio's state, which wakes its readers only when it changes.
fn part<T: PartialEq + Send + Sync + 'static>(desk: Desk, read: fn(&Studio) -> T) -> Memo<T> {
    Memo::new(move |_| desk.studio().with(read))
}

/// A callback that changes the studio.
fn set<T: 'static>(desk: Desk, change: fn(&mut super::settings::Settings, T)) -> Callback<T> {
    Callback::new(move |value| {
        desk.act(|studio| {
            studio.set(|settings| change(settings, value));
            None
        });
    })
}

/// The two pictures that go in.
#[component]
fn Bench(
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
                on_files=Callback::new(move |files| desk.take_files(Some(well), files))
            />
        }
    };
    view! {
        <section class="bench" aria-label="Pictures">
            <div class="side">
                {well(Well::Content, "Content picture", "Content", "a photo")}
                <SampleStrip
                    name="Sample photos"
                    samples=&PHOTOS
                    on_pick=Callback::new(move |sample| desk.take_sample(Well::Content, sample))
                />
            </div>
            <Show when=move || !is_untouched(desk)>
                <button type="button" class="swap" aria-label="Swap pictures" title="Swap pictures" on:click=move |_| desk.swap_pictures()>
                    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 8h15m-4-4 4 4-4 4M20 16H5m4-4-4 4 4 4"></path></svg>
                </button>
            </Show>
            <div class="side">
                {well(Well::Style, "Style picture", "Style", "a painting")}
                <SampleStrip
                    name="Sample paintings"
                    samples=&PAINTINGS
                    on_pick=Callback::new(move |sample| desk.take_sample(Well::Style, sample))
                />
            </div>
        </section>
    }
}

/// How it is to be painted.
#[component]
fn Technique(
    /// Holds the settings.
    desk: Desk,
) -> impl IntoView {
    view! {
        <section class="technique" aria-label="Settings">
            <BalanceSlider
                content_weight=part(desk, |studio| studio.settings().emphasis.content_weight)
                on_change=Callback::new(move |weight| desk.adjust(|emphasis| emphasis.content_weight = weight))
            />
            <div class="pair">
                <SizeChoice
                    sizes=part(desk, |studio| sizes_on(studio.report()))
                    size=part(desk, |studio| studio.settings().size_on(studio.report()))
                    on_change=set(desk, |settings, size| settings.size = Some(size))
                />
                <StepsInput
                    steps=part(desk, |studio| studio.settings().steps_on(studio.report()))
                    on_change=set(desk, |settings, steps| settings.steps = Some(steps))
                />
            </div>
            <details class="advanced">
                <summary>"Advanced"</summary>
                <SmoothnessSlider
                    tv_weight=part(desk, |studio| studio.settings().emphasis.tv_weight)
                    on_change=Callback::new(move |weight| desk.adjust(|emphasis| emphasis.tv_weight = weight))
                />
                <div class="pair">
                    <OptimizerSwitch
                        optimizer=part(desk, |studio| studio.settings().optimizer)
                        on_change=set(desk, |settings, optimizer| settings.optimizer = optimizer)
                    />
                    <PoolingSwitch
                        pooling=part(desk, |studio| studio.settings().reading.pooling)
                        on_change=set(desk, |settings, pooling| settings.reading.pooling = pooling)
                    />
                </div>
                <div class="pair">
                    <BorderSwitch
                        border=part(desk, |studio| studio.settings().reading.border)
                        on_change=set(desk, |settings, border| settings.reading.border = border)
                    />
                    <DeviceSwitch
                        choice=part(desk, |studio| studio.settings().device)
                        on_change=Callback::new(move |choice| desk.act(|studio| studio.choose_device(choice)))
                    />
                </div>
            </details>
        </section>
    }
}

/// The buttons of a run.
#[component]
fn Transport(
    /// Acts on them.
    desk: Desk,
) -> impl IntoView {
    let plates = desk.plates();
    view! {
        <Actions
            phase=part(desk, Studio::phase)
            ready=Memo::new(move |_| desk.is_ready())
            has_result=Memo::new(move |_| plates.with(|plates| plates.shown.is_some()))
            has_previous=Memo::new(move |_| plates.with(|plates| plates.previous.is_some()))
            on_stylise=Callback::new(move |()| desk.stylise())
            on_pause=Callback::new(move |()| desk.act(Studio::toggle_pause))
            on_cancel=Callback::new(move |()| desk.act(Studio::cancel))
            on_download=Callback::new(move |()| desk.download())
            on_previous=Callback::new(move |()| desk.swap_results())
        />
    }
}

/// The result and the news of its making.
#[component]
fn Wall(
    /// Holds the result.
    desk: Desk,
) -> impl IntoView {
    let plates = desk.plates();
    let status = move || desk.studio().with(labels::status_line).unwrap_or_else(|| idle_line(desk));
    let time_left = |studio: &Studio| {
        let run = studio.run().filter(|run| run.phase.is_stepping());
        run.and_then(labels::time_left_ms).map(labels::time_left_line).unwrap_or_default()
    };
    let curve = move |(width, height)| {
        desk.studio().with(|studio| studio.run().map(|run| run.history.polyline(run.steps, width, height)).unwrap_or_default())
    };
    view! {
        <section class="wall" id=RESULT_ID aria-label="The painted picture">
            <Messages
                trouble=part(desk, |studio| studio.trouble().cloned())
                notice=part(desk, |studio| studio.notice().cloned())
                on_retry=Callback::new(move |()| desk.stylise())
                on_dismiss_trouble=Callback::new(move |()| desk.act(|studio| { studio.dismiss_trouble(); None }))
                on_dismiss_notice=Callback::new(move |()| desk.act(|studio| { studio.dismiss_notice(); None }))
            />
            <ResultFrame
                canvas=desk.canvas()
                size=Memo::new(move |_| plates.with(|plates| plates.shown.as_ref().map(|plate| plate.size)))
                content_url=Memo::new(move |_| desk.content_url())
                preparing=Memo::new(move |_| is_preparing(desk))
                untouched=Memo::new(move |_| is_untouched(desk))
                on_try=Callback::new(move |()| desk.try_samples())
            />
            <RunProgress
                status=Memo::new(move |_| status())
                announcement=part(desk, |studio| labels::announcement(studio).unwrap_or_default())
                time_left=part(desk, time_left)
                fraction=part(desk, labels::fraction_done)
                busy=part(desk, |studio| studio.phase().is_some_and(Phase::is_live))
            />
            <LossPlot
                curve=Callback::new(curve)
                description=part(desk, labels::curve_line)
                losses=part(desk, |studio| studio.run().and_then(|run| run.losses))
            />
        </section>
    }
}

fn idle_line(desk: Desk) -> String {
    labels::idle_line(desk.thumbnail(Well::Content).is_some(), desk.thumbnail(Well::Style).is_some()).to_owned()
}

/// Whether both wells are empty.
fn is_untouched(desk: Desk) -> bool {
    [Well::Content, Well::Style].into_iter().all(|well| desk.thumbnail(well).is_none())
}

/// Whether the current run has no picture of its own yet.
fn is_preparing(desk: Desk) -> bool {
    let shown = desk.plates().with(|plates: &Plates| plates.shown.as_ref().map(|plate| plate.origin.run));
    desk.studio().with(|studio| studio.run().is_some_and(|run| run.phase.is_live() && shown != Some(run.id)))
}

/// Paints the result on view whenever it changes.
fn paint(desk: Desk) {
    Effect::new(move || {
        let Some(canvas) = desk.canvas().get() else { return };
        let painted = desk.plates().with(|plates| plates.shown.as_ref().map_or(Ok(()), |plate| plate.paint(&canvas)));
        if let Err(error) = painted {
            desk.report_unpainted(&error);
        }
    });
}

/// What is heard wherever on the page it happens: files dropped beside the wells, pasted pictures, Escape.
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
    drop(window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() {
            desk.act(Studio::cancel);
        }
    }));
}

/// The well in which the focus is.
fn focused_well() -> Option<Well> {
    let key = document().active_element().and_then(|element| element.closest("[data-well]").ok().flatten())?;
    let key = Element::get_attribute(&key, "data-well")?;
    [Well::Content, Well::Style].into_iter().find(|well| well.key() == key)
}

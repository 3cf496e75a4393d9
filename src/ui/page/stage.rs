//! The stage: the picture, what is said of it, and the buttons of a run.

use leptos::html;
use leptos::prelude::*;

use super::inside::Inside;
use super::{View, is_preparing, is_untouched, part};
use crate::ui::components::{
    Actions, Invitation, Looking, MAIN_ACTION_ID, Messages, MomentSlider, RunProgress, StageBar,
    StageView, well_input_id,
};
use crate::ui::desk::{Desk, RESULT_ID};
use crate::ui::intake::Well;
use crate::ui::pictures::ResultImages;
use crate::ui::stage::OnStage;
use crate::ui::studio::{Errand, Phase, Studio};
use crate::ui::{browser, labels, video};
use crate::words::page::PageWords;
use crate::words::{figures, status};

/// The stage with its bar and the buttons of a run.
#[component]
pub fn StageSection(
    /// Holds the result.
    desk: Desk,
    /// What is seen.
    view: View,
) -> impl IntoView {
    let words = view.words;
    let shown = Memo::new(move |_| on_stage(desk));
    let result_images = desk.result_images();
    Effect::new(move || {
        let size = result_images.with(|images| images.shown.as_ref().map(|shown| shown.size));
        if let Some(size) = size.filter(|_| shown.with(OnStage::is_result)) {
            view.stage.update(|stage| stage.show([size.width, size.height].map(f64::from)));
        }
    });
    let canvas: NodeRef<html::Canvas> = desk.canvas();
    view! {
        <section class="stage" id=RESULT_ID aria-label=words.stage>
            <Messages
                trouble=part(desk, |studio| studio.trouble().cloned())
                notice=part(desk, |studio| studio.notice().cloned())
                on_remedy=Callback::new(move |remedy| desk.help(remedy))
                on_dismiss_trouble=dismiss(desk, Studio::dismiss_trouble)
                on_dismiss_notice=dismiss(desk, Studio::dismiss_notice)
                words=words
            />
            <StageView
                stage=view.stage
                shown=shown
                description=Memo::new(move |_| description(desk, words))
                original=Memo::new(move |_| desk.original().map_or(words.photo, |original| original.title))
                canvas=canvas
                words=words
            >
                <Show when=move || is_untouched(desk) && shown.with(|on| *on == OnStage::Sample)>
                    <Invitation
                        words=words
                        on_choose=Callback::new(move |()| browser::click(well_input_id(Well::Content)))
                        on_try=Callback::new(move |()| desk.try_samples())
                    />
                </Show>
            </StageView>
            <Show when=move || view.panels.with(|panels| panels.shows_inside())>
                <Inside desk=desk view=view />
            </Show>
            <Show when=move || view.panels.with(|panels| panels.is_picture_only())>
                <button
                    type="button"
                    class="leave"
                    on:click=move |_| view.panels.update(|panels| panels.set_picture_only(false))
                >
                    {words.leave_picture_only}
                </button>
            </Show>
            <StageBar
                stage=view.stage
                panels=view.panels
                compared=Memo::new(move |_| shown.with(OnStage::is_compared))
                strength=Memo::new(move |_| strength(desk))
                on_strength=Callback::new(move |percent| desk.set_strength(percent))
                words=words
            />
            <Transport desk=desk view=view />
        </section>
    }
}

/// Returns what the stage shows.
fn on_stage(desk: Desk) -> OnStage {
    let original = || desk.original().and_then(|original| Some(original.url?.as_str().to_owned()));
    if is_preparing(desk) {
        return OnStage::Preparing(original());
    }
    if desk.result_images().with(|images| images.shown.is_some()) {
        return OnStage::Result(original());
    }
    match desk.thumbnail(Well::Content) {
        Some(photo) => OnStage::Photo(photo.url),
        None => OnStage::Sample,
    }
}

/// Returns the strength of a picture that is done and on view.
fn strength(desk: Desk) -> Option<u8> {
    let rests = !desk.studio().with(Studio::is_live) && desk.moment_on_view().is_none();
    desk.strength().filter(|_| rests)
}

/// Returns the moments to look back at.
fn looking(desk: Desk) -> Looking {
    let run = desk.shown_run();
    let now = desk.studio().with(|studio| {
        let of_run = studio.run().filter(|of| Some(of.id) == run);
        of_run.map_or(0, |run| run.step)
    });
    desk.moments().with(|moments| Looking {
        steps: moments.of(run).iter().map(|moment| moment.step).collect(),
        chosen: moments.chosen_number(run),
        now,
    })
}

/// Describes the picture, as in "Picture, 512 × 341, Step 12 of 200".
fn description(desk: Desk, words: &PageWords) -> String {
    let size = desk.result_images().with(|images| images.shown.as_ref().map(|shown| shown.size));
    let status = desk.studio().with(labels::announcement).unwrap_or_default();
    size.map_or_else(
        || words.stage.to_owned(),
        |size| format!("{}, {} × {}, {status}", words.stage, size.width, size.height),
    )
}

/// How a run goes, and its buttons.
#[component]
fn Transport(
    /// Acts on them.
    desk: Desk,
    /// What is seen.
    view: View,
) -> impl IntoView {
    let words = view.words;
    let result_images = desk.result_images();
    let looking = Memo::new(move |_| looking(desk));
    let has_moments = Memo::new(move |_| looking.with(|looking| looking.steps.len() > 1));
    let fraction = part(desk, labels::fraction_done);
    let filming = part(desk, |studio| studio.film().is_some());
    let filmable = Memo::new(move |_| has_moments.get() && desk.moment_on_view().is_none());
    let film_buttons =
        [filmable.into(), Signal::derive(move || filmable.get() && video::is_there())];
    let time = |studio: &Studio| {
        if !studio.is_live() {
            return studio.estimate_ms().map(status::estimate).unwrap_or_default();
        }
        let run = studio.run().filter(|run| run.phase == Phase::Running);
        run.and_then(labels::time_left_ms).map(figures::time_left).unwrap_or_default()
    };
    let waiting = part(desk, Studio::waiting_changes);
    view! {
        <div class="transport">
            <RunProgress
                status=Memo::new(move |_| status(desk))
                announcement=part(desk, |studio| labels::announcement(studio).unwrap_or_default())
                time=part(desk, time)
                waiting=Memo::new(move |_| (words.waiting)(waiting.get()))
                fraction=fraction
                busy=part(desk, Studio::is_live)
                words=words
            >
                <Show when=move || has_moments.get()>
                    <MomentSlider
                        looking=looking
                        fraction=fraction
                        on_change=Callback::new(move |number| desk.look_back(number))
                        words=words
                    />
                </Show>
            </RunProgress>
            <Actions
                phase=part(desk, Studio::phase)
                has_result=Memo::new(
                    move |_| result_images.with(|images| images.shown.is_some())
                )
                has_previous=Memo::new(
                    move |_| result_images.with(|images| images.previous.is_some())
                )
                swapped=Memo::new(move |_| result_images.with(ResultImages::are_swapped))
                ready=Memo::new(move |_| desk.is_ready_for(Errand::GoOn))
                reading=Memo::new(move |_| desk.is_reading())
                filmable=film_buttons
                filming=filming
                looking_back=Memo::new(move |_| desk.moment_on_view().is_some())
                on_paint=Callback::new(move |()| view.paint(desk))
                on_pause=Callback::new(move |()| desk.act(Studio::toggle_pause))
                on_stop=Callback::new(move |()| {
                    desk.stop();
                    browser::focus(MAIN_ACTION_ID);
                })
                on_save=Callback::new(move |()| desk.download())
                on_previous=Callback::new(move |()| desk.swap_results())
                on_go_on=Callback::new(move |()| desk.go_on())
                on_now=Callback::new(move |()| {
                    desk.look_back(usize::MAX);
                    browser::focus(MAIN_ACTION_ID);
                })
                on_film=Callback::new(move |as_video| desk.save_film(as_video))
                words=words
            />
        </div>
    }
}

/// Returns a callback that takes a message off view. Its button goes with it, so the focus moves on
/// to what comes next: a run.
fn dismiss(desk: Desk, change: fn(&mut Studio)) -> Callback<()> {
    Callback::new(move |()| {
        desk.act(|studio| {
            change(studio);
            None
        });
        browser::focus(MAIN_ACTION_ID);
    })
}

/// Returns the line of the status.
fn status(desk: Desk) -> String {
    if let Some(step) = desk.moment_on_view() {
        return status::looking_back(step);
    }
    let has_photo = desk.thumbnail(Well::Content).is_some();
    desk.studio().with(|studio| match studio.film() {
        Some(film) => status::filming(film.done, film.of),
        None => labels::status_line(studio).unwrap_or_else(|| status::idle(has_photo).to_owned()),
    })
}

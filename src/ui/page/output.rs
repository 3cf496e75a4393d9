//! The buttons of a run, its result, and the news of its making.

use leptos::prelude::*;

use super::{is_preparing, is_untouched, part};
use crate::ui::components::{
    Actions, GridSheet, LossPlot, MAIN_ACTION_ID, Messages, ResultFrame, RunProgress,
};
use crate::ui::desk::{Desk, GRID_ID, RESULT_ID};
use crate::ui::intake::Well;
use crate::ui::pictures::ResultImages;
use crate::ui::studio::{Errand, Phase, Studio};
use crate::ui::{browser, labels};
use crate::words::{figures, status};

/// The buttons of a run.
#[component]
pub fn Transport(
    /// Acts on them.
    desk: Desk,
) -> impl IntoView {
    let result_images = desk.result_images();
    view! {
        <Actions
            phase=part(desk, Studio::phase)
            ready=Memo::new(move |_| desk.is_ready_for(Errand::Repaint))
            has_result=Memo::new(
                move |_| result_images.with(|result_images| result_images.shown.is_some())
            )
            has_previous=Memo::new(
                move |_| result_images.with(|result_images| result_images.previous.is_some())
            )
            swapped=Memo::new(move |_| result_images.with(ResultImages::are_swapped))
            on_stylise=Callback::new(move |()| desk.stylise())
            on_pause=Callback::new(move |()| desk.act(Studio::toggle_pause))
            on_cancel=Callback::new(move |()| desk.act(Studio::cancel))
            on_download=Callback::new(move |()| desk.download())
            on_previous=Callback::new(move |()| desk.swap_results())
            on_go_on=Callback::new(move |()| desk.go_on())
        />
    }
}

/// The result and the news of its making.
#[component]
pub fn Output(
    /// Holds the result.
    desk: Desk,
) -> impl IntoView {
    let result_images = desk.result_images();
    let status = move || desk.studio().with(labels::status_line).unwrap_or_else(|| idle_line(desk));
    let time_left = |studio: &Studio| {
        let run = studio.run().filter(|run| run.phase == Phase::Running);
        run.and_then(labels::time_left_ms).map(figures::time_left).unwrap_or_default()
    };
    let is_painting = part(desk, |studio| {
        studio.run().is_some_and(|run| matches!(run.errand, Errand::Cell(_)) && run.phase.is_live())
    });
    let has_grid =
        Memo::new(move |_| is_painting.get() || desk.cells().with(|cells| !cells.is_empty()));
    let curve = move |(width, height)| {
        desk.studio().with(|studio| {
            studio
                .run()
                .map(|run| run.history.polyline(run.steps, width, height))
                .unwrap_or_default()
        })
    };
    view! {
        <section class="wall" id=RESULT_ID aria-label="The painted picture">
            <Messages
                trouble=part(desk, |studio| studio.trouble().cloned())
                notice=part(desk, |studio| studio.notice().cloned())
                on_remedy=Callback::new(move |remedy| desk.help(remedy))
                on_dismiss_trouble=dismiss(desk, Studio::dismiss_trouble)
                on_dismiss_notice=dismiss(desk, Studio::dismiss_notice)
            />
            <ResultFrame
                canvas=desk.canvas()
                size=Memo::new(
                    move |_| result_images.with(
                        |result_images| result_images.shown.as_ref().map(
                            |result_image| result_image.size
                        )
                    )
                )
                original_url=Memo::new(move |_| Some(desk.original()?.url?.as_str().to_owned()))
                original_title=Memo::new(
                    move |_| desk.original().map_or("photo", |original| original.title)
                )
                preparing=Memo::new(move |_| is_preparing(desk))
                untouched=Memo::new(move |_| is_untouched(desk))
                on_try=Callback::new(move |()| desk.try_samples())
            />
            <RunProgress
                status=Memo::new(move |_| status())
                announcement=part(desk, |studio| labels::announcement(studio).unwrap_or_default())
                time_left=part(desk, time_left)
                fraction=part(desk, labels::fraction_done)
                busy=part(desk, Studio::is_live)
            />
            <LossPlot
                curve=Callback::new(curve)
                description=part(desk, labels::curve_line)
                losses=part(
                    desk, |studio| studio.run().filter(|run| !matches!(run.errand, Errand::Cell(_))).and_then(|run| run.losses)
                )
            />
            <Show when=move || has_grid.get()>
                <GridSheet
                    id=GRID_ID
                    cells=desk.cells()
                    taken=Callback::new(
                        move |number| desk.studio().with(|studio| studio.is_cell_taken(number))
                    )
                    on_take=Callback::new(move |number| desk.act(|studio| studio.take_cell(number)))
                />
            </Show>
        </section>
    }
}

/// A callback that takes a message off view. Its button goes with it, so the focus moves on to what
/// comes next: a run.
fn dismiss(desk: Desk, change: fn(&mut Studio)) -> Callback<()> {
    Callback::new(move |()| {
        desk.act(|studio| {
            change(studio);
            None
        });
        browser::focus(MAIN_ACTION_ID);
    })
}

fn idle_line(desk: Desk) -> String {
    status::idle(desk.thumbnail(Well::Content).is_some(), desk.thumbnail(Well::Style).is_some())
        .to_owned()
}

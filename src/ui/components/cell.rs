use leptos::html;
use leptos::prelude::*;

use super::dialog;
use super::grid::cell_name;
use crate::ui::pictures::ResultImage;
use crate::words::page::PageWords;

/// A cell of the grid, enlarged.
#[component]
pub fn CellDialog(
    /// The dialog, opened from outside.
    dialog: NodeRef<html::Dialog>,
    /// The pictures.
    cells: ReadSignal<Vec<ResultImage>, LocalStorage>,
    /// Number of the one that is enlarged.
    #[prop(into)]
    number: Signal<usize>,
    /// Take its settings over.
    on_use: Callback<usize>,
    /// Save it.
    on_save: Callback<usize>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move || {
        let (Some(canvas), number) = (canvas.get(), number.get()) else { return };
        // A cell that cannot be shown stays empty; the result would say why.
        cells.with(|cells| cells.get(number).map(|result_image| result_image.paint(&canvas)));
    });
    let use_settings = move |_| {
        on_use.run(number.get_untracked());
        dialog::close(dialog);
    };
    view! {
        <dialog class="cell-large" aria-labelledby="cell-title" node_ref=dialog>
            <h2 id="cell-title">{move || cell_name(number.get(), words.in_workshop)}</h2>
            <canvas node_ref=canvas width="1" height="1"></canvas>
            <div class="actions">
                <button type="button" class="primary" on:click=use_settings>
                    {words.use_settings}
                </button>
                <button type="button" on:click=move |_| on_save.run(number.get_untracked())>
                    {words.save}
                </button>
                <button type="button" on:click=move |_| dialog::close(dialog)>{words.close}</button>
            </div>
        </dialog>
    }
}

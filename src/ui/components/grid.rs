use leptos::html;
use leptos::prelude::*;

use crate::ui::grid::{COLUMNS, ROWS, column_label, row_label};
use crate::ui::pictures::ResultImage;
use crate::words::page::PageWords;
use crate::words::workshop::WorkshopWords;

/// Returns the name of a cell, after its row and its column.
pub fn cell_name(number: usize, words: &WorkshopWords) -> String {
    let (row, column) = (number / COLUMNS.len(), number % COLUMNS.len());
    format!("{}, {}", row_label(row, words), column_label(column, words))
}

/// The grid: style layers downwards, content to the right. A press on a picture enlarges it.
#[component]
pub fn GridSheet(
    /// Id of the element.
    id: &'static str,
    /// The pictures, as far as they are painted, row by row.
    cells: ReadSignal<Vec<ResultImage>, LocalStorage>,
    /// Whether the settings are those of a picture, by its number.
    taken: Callback<usize, bool>,
    /// The person has pressed a picture.
    on_enlarge: Callback<usize>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let cell = move |row: usize, column: usize| {
        let number = row * COLUMNS.len() + column;
        let canvas = NodeRef::<html::Canvas>::new();
        Effect::new(move || {
            let Some(canvas) = canvas.get() else { return };
            // A cell that cannot be shown stays empty; the result would say why.
            cells.with(|cells| cells.get(number).map(|result_image| result_image.paint(&canvas)));
        });
        let is_painted = Memo::new(move |_| cells.with(|cells| cells.len() > number));
        view! {
            <td>
                <Show
                    when=move || is_painted.get()
                    fallback=|| view! { <span class="cell"></span> }
                >
                    <button
                        type="button"
                        class="cell"
                        aria-label=(words.enlarge)(&cell_name(number, words.in_workshop))
                        aria-pressed=move || taken.run(number).to_string()
                        on:click=move |_| on_enlarge.run(number)
                    >
                        <canvas node_ref=canvas width="1" height="1"></canvas>
                    </button>
                </Show>
            </td>
        }
    };
    let row = move |row: usize| {
        view! {
            <tr>
                <th scope="row">{row_label(row, words.in_workshop)}</th>
                {(0..COLUMNS.len()).map(|column| cell(row, column)).collect_view()}
            </tr>
        }
    };
    view! {
        <table class="grid" id=id>
            <caption>{words.grid_caption}</caption>
            <thead>
                <tr>
                    <td></td>
                    {
                        (0..COLUMNS.len()).map(|column| view! { <th scope="col">{column_label(column, words.in_workshop)}</th> }).collect_view()
                    }
                </tr>
            </thead>
            <tbody>{(0..ROWS).map(row).collect_view()}</tbody>
        </table>
    }
}

//! Inside the network: what its layers see, and the paper's grid.

use leptos::html;
use leptos::prelude::*;

use super::{View, part, set};
use crate::ui::components::{Action, CellDialog, Choice, GridSheet, StyleLayers, dialog};
use crate::ui::desk::{Desk, GRID_ID};
use crate::ui::grid::CELLS;
use crate::ui::menus;
use crate::ui::reconstruction::ReconstructionOf;
use crate::ui::studio::{Errand, Studio};
use crate::words::page::PageWords;

/// Reconstructions and the grid, over the stage.
#[component]
pub fn Inside(
    /// Paints them.
    desk: Desk,
    /// What is seen.
    view: View,
) -> impl IntoView {
    let words = view.words;
    let close = move |_| view.panels.update(|panels| panels.show_inside(false));
    let is_painting = part(desk, |studio| {
        studio.run().is_some_and(|run| matches!(run.errand, Errand::Cell(_)) && run.phase.is_live())
    });
    let (dialog, number) = (NodeRef::<html::Dialog>::new(), RwSignal::new(0));
    let enlarge = move |cell| {
        number.set(cell);
        dialog::open(dialog);
    };
    let has_grid =
        Memo::new(move |_| is_painting.get() || desk.cells().with(|cells| !cells.is_empty()));
    view! {
        <section class="inside" aria-labelledby="inside-title">
            <div class="inside-head">
                <h2 id="inside-title">{words.inside}</h2>
                <button type="button" on:click=close>{words.close}</button>
            </div>
            <p class="hint">
                {words.inside_about}
            </p>
            <div class="inside-parts">
                <Reconstruct desk=desk view=view />
                <Grid desk=desk words=words />
            </div>
            <Show when=move || has_grid.get()>
                <GridSheet
                    id=GRID_ID
                    cells=desk.cells()
                    taken=Callback::new(
                        move |number| desk.studio().with(|studio| studio.is_cell_taken(number))
                    )
                    on_enlarge=Callback::new(enlarge)
                    words=words
                />
            </Show>
            <CellDialog
                dialog=dialog
                cells=desk.cells()
                number=number
                on_use=Callback::new(move |number| desk.act(|studio| studio.take_cell(number)))
                on_save=Callback::new(move |number| desk.save_cell(number))
                words=words
            />
        </section>
    }
}

/// One picture from what layers of the network know of it.
#[component]
fn Reconstruct(
    /// Holds what is to be shown.
    desk: Desk,
    /// What is seen.
    view: View,
) -> impl IntoView {
    let words = view.words;
    let reconstruction = part(desk, |studio| studio.settings().reconstruction);
    let live = part(desk, Studio::is_live);
    let enabled =
        move || !live.get() && desk.is_ready_for(Errand::Reconstruct(reconstruction.get()));
    let of_content = move || reconstruction.get().subject == ReconstructionOf::Content;
    let show = move |()| {
        view.make_room();
        desk.reconstruct();
    };
    view! {
        <div class="inside-part">
            <p class="hint">
                {words.reconstruct_about}
            </p>
            <div class="pair">
                <Choice
                    id="subject"
                    label=words.reconstruction_of
                    items=menus::subjects(words.menus)
                    chosen=Memo::new(move |_| reconstruction.get().subject)
                    on_change=set(desk, |settings, subject| settings.reconstruction.subject = subject)
                />
                <Show when=of_content>
                    <Choice
                        id="seen-layer"
                        label=words.from_layer
                        items=menus::layers()
                        chosen=Memo::new(move |_| reconstruction.get().content_layer)
                        on_change=set(
                            desk, |settings, layer| settings.reconstruction.content_layer = layer
                        )
                    />
                </Show>
            </div>
            <Show when=move || !of_content()>
                <StyleLayers
                    weights=Memo::new(move |_| reconstruction.get().style_layers)
                    without=words.reconstruct_needs_layer
                    words=words
                    on_change=set(
                        desk, |settings, layers| settings.reconstruction.style_layers = layers
                    )
                />
            </Show>
            <Action enabled=Signal::derive(enabled) on_press=Callback::new(show)>
                {words.reconstruct}
            </Action>
        </div>
    }
}

/// Many small pictures at once.
#[component]
fn Grid(
    /// Paints them.
    desk: Desk,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let live = part(desk, Studio::is_live);
    let enabled = move || !live.get() && desk.is_ready_for(Errand::Cell(0));
    view! {
        <div class="inside-part">
            <p class="hint">
                {(words.grid_about)(CELLS)}
            </p>
            <Action enabled=Signal::derive(enabled) on_press=Callback::new(move |()| desk.paint_grid())>
                {words.paint_grid}
            </Action>
        </div>
    }
}

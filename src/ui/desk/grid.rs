//! The grid's pictures.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{Desk, RunInputs};
use crate::pixels::ImageSize;
use crate::ui::pictures::ResultImage;
use crate::ui::studio::{Errand, Studio};
use crate::ui::{browser, labels};

impl Desk {
    /// Begins to paint the grid.
    pub fn paint_grid(self) {
        self.begin(Errand::Cell(0), Studio::paint_grid);
    }

    /// The grid's pictures, as far as it is painted.
    pub fn cells(self) -> ReadSignal<Vec<ResultImage>, LocalStorage> {
        self.cells.read_only()
    }

    /// Saves a cell.
    pub fn save_cell(self, number: usize) {
        let cell = self.cells.with_untracked(|cells| cells.get(number).cloned());
        let Some(cell) = cell else { return };
        let name = labels::cell_name(&cell.origin.file_name, number + 1);
        self.encode(&cell, move |_, png| browser::save(png, &name));
    }

    /// What the grid is made of: what is in the wells when its first cell is begun.
    pub(super) fn pictures_of_grid(self, number: usize) -> Option<RunInputs> {
        if number == 0 {
            self.cells.set(Vec::new());
            self.grid_of.set_value(self.pictures_to_repaint(None));
        }
        self.grid_of.with_value(Clone::clone)
    }

    /// Shows the cell under work. Cells come in order, so it is the last one that is there, or the
    /// next.
    pub(super) fn show_cell(self, number: usize, size: ImageSize, bytes: &JsValue) {
        if let Some(result_image) = self.result_image(size, bytes) {
            self.cells.update(|cells| {
                cells.truncate(number);
                cells.push(result_image);
            });
        }
    }
}

//! The grid: the paper's fig. 3, cell by cell at a small size, so that the effect of layers and
//! weights shows before a large run.

use super::settings::content_position;
use crate::layer::Layer;
use crate::recipe::{self, Cell, Recipe};
use crate::words::workshop::WorkshopWords;

/// Content weights of the columns: ends and middle of the slider, most style at the left.
pub const COLUMNS: [f32; 3] = [16.0, 500.0, 16_000.0];
/// Rows: the paper's style layers, one more in each.
pub const ROWS: usize = Layer::STYLE.len();
/// Number of cells.
pub const CELLS: usize = ROWS * COLUMNS.len();

/// Longer side of a cell on a GPU, px.
const FAST_EDGE: u32 = 128;
/// Longer side of a cell where a step is slow, px.
const SLOW_EDGE: u32 = 64;

/// Returns the cells, row by row. All but size, style layers and content weight is as in `own`.
pub fn cells(own: &Recipe, fast: bool) -> Vec<Cell> {
    let edge = if fast { FAST_EDGE } else { SLOW_EDGE };
    recipe::grid(&Recipe { size: own.size.min(edge), ..own.clone() }, &COLUMNS).collect()
}

/// Returns the label of a row.
pub fn row_label(row: usize, words: &WorkshopWords) -> String {
    let (first, last) = (Layer::STYLE[0].name(), Layer::STYLE[row.min(ROWS - 1)].name());
    if row == 0 { first.to_owned() } else { (words.up_to)(last) }
}

/// Returns the label of a column.
pub fn column_label(column: usize, words: &WorkshopWords) -> String {
    (words.style_share)(content_position(COLUMNS[column.min(COLUMNS.len() - 1)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Sizes;
    use crate::words::workshop::ENGLISH as WORDS;

    #[test]
    fn cells_are_small_and_otherwise_as_set() {
        let own = Recipe { size: 512, steps: 33, sizes: Sizes::Doubling(2), ..Recipe::default() };
        let fast = cells(&own, true);
        assert_eq!(
            (fast.len(), fast[0].recipe.size, cells(&own, false)[0].recipe.size),
            (CELLS, 128, 64)
        );
        assert!(fast.iter().all(|cell| cell.recipe.validate().is_ok()
            && cell.recipe.steps == 33
            && cell.recipe.sizes == own.sizes));
        assert_eq!(
            cells(&Recipe { size: 32, ..own }, true)[0].recipe.size,
            32,
            "never larger than asked for"
        );
    }

    #[test]
    fn axes_are_labelled_as_the_controls_are() {
        assert_eq!(
            (0..ROWS).map(|row| row_label(row, &WORDS)).collect::<Vec<_>>(),
            ["conv1_1", "to conv2_1", "to conv3_1", "to conv4_1", "to conv5_1"]
        );
        assert_eq!(
            (0..3).map(|column| column_label(column, &WORDS)).collect::<Vec<_>>(),
            ["100 % style", "50 % style", "0 % style"]
        );
    }
}

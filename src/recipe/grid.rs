//! The paper's fig. 3: more style layers against more content weight.

use super::{LayerWeights, LossUnits, Recipe};
use crate::layer::Layer;

/// A cell of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Row: the style layers up to this one count.
    pub row: usize,
    /// Column: the content weight.
    pub column: usize,
    /// The recipe of the cell.
    pub recipe: Recipe,
}

/// Returns the cells, row by row: a row per style layer, a column per content weight. All else is
/// as in `recipe`. Layers weigh evenly in units of activations, finest first in units of the
/// painting.
pub fn grid(recipe: &Recipe, content_weights: &[f32]) -> impl Iterator<Item = Cell> {
    let units = recipe.features.units;
    #[expect(clippy::cast_precision_loss, reason = "a few layers")]
    let subset = move |row: usize| match units {
        LossUnits::Activation => LayerWeights::even(&Layer::STYLE[..=row], 1.0 / (row + 1) as f32),
        LossUnits::Painting => LayerWeights::finest_first(&Layer::STYLE[..=row]),
    };
    (0..Layer::STYLE.len()).flat_map(move |row| {
        content_weights.iter().enumerate().map(move |(column, &content_weight)| {
            let mut recipe = recipe.clone();
            recipe.loss_weights.style_layers = subset(row);
            recipe.loss_weights.content_weight = content_weight;
            Cell { row, column, recipe }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{FeatureOptions, LossWeights};

    #[test]
    fn rows_add_layers_and_columns_add_content() {
        let cells: Vec<Cell> =
            grid(&Recipe::default(), &[16.0, LossWeights::default().content_weight]).collect();
        assert_eq!(cells.len(), 10);
        let last = &cells[9];
        assert_eq!((last.row, last.column), (4, 1));
        assert_eq!(last.recipe, Recipe::default());
        let third = &cells[2];
        assert_eq!(
            (third.row, third.column, third.recipe.loss_weights.content_weight),
            (1, 0, 16.0)
        );
        assert_eq!(
            third.recipe.loss_weights.style_layers,
            LayerWeights::finest_first(&Layer::STYLE[..2])
        );
        let plain = Recipe { features: FeatureOptions::before_version_3(), ..Recipe::default() };
        let third = grid(&plain, &[16.0]).nth(1).unwrap();
        assert_eq!(
            third.recipe.loss_weights.style_layers,
            LayerWeights::even(&Layer::STYLE[..2], 0.5)
        );
    }
}

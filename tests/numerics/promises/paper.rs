//! What the paper shows.

use impasto::layer::Layer;
use impasto::recipe::{LayerWeights, Network, Pooling, Start, grid};

use super::{painted, pictures, recipe, squared_distance, with};

#[test]
fn reconstructions_lose_detail_with_depth() {
    let errors = [Layer::Conv1_1, Layer::Conv3_1, Layer::Conv5_1].map(|layer| {
        let mut recipe = with(|emphasis| {
            emphasis.content_layers = LayerWeights::even(&[layer], 1.0);
            emphasis.style_layers = LayerWeights::default();
        });
        recipe.start = Start::NOISE;
        let pictures = pictures(&[], &recipe);
        squared_distance(&painted(&pictures, &recipe).0, &pictures.photo)
    });
    assert!(errors.is_sorted() && errors[0] < 0.3 * errors[2], "{errors:?}");
}

#[test]
fn more_weight_on_content_means_less_content_loss_and_more_style_loss() {
    let weights = [16.0, 160.0, 1600.0];
    let recipe = recipe();
    let cells = grid(&recipe, &weights).filter(|cell| cell.row == Layer::STYLE.len() - 1);
    let losses: Vec<(f32, f32)> = cells
        .map(|cell| {
            let (_, losses) = painted(&pictures(&["painting-night.jpg"], &cell.recipe), &cell.recipe);
            (losses.content / weights[cell.column], losses.style)
        })
        .collect();
    assert_eq!(losses.len(), 3);
    assert!(losses.is_sorted_by(|a, b| a.0 > b.0 && a.1 < b.1), "{losses:?}");
}

#[test]
fn one_setting_looks_about_the_same_whatever_the_network() {
    let readings =
        [Network::Raw, Network::Normalised].into_iter().flat_map(|network| Pooling::ALL.map(|pooling| (network, pooling)));
    let changes: Vec<f32> = readings
        .map(|(network, pooling)| {
            let mut recipe = recipe();
            (recipe.reading.network, recipe.reading.pooling) = (network, pooling);
            let pictures = pictures(&["painting-night.jpg"], &recipe);
            let result = painted(&pictures, &recipe).0;
            squared_distance(&result, &pictures.photo)
        })
        .collect();
    // Max pooling takes more steps to come as far. Without the networks' scales there would be a factor of thousands.
    assert!(changes.iter().all(|change| (0.15..2.5).contains(&(change / changes[0]))), "{changes:?}");
}

//! Compares arrays with their reference.

use impasto::engine::Array;
use impasto::recipe::{FeatureOptions, Filters};

use crate::fixture::Fixture;

/// Relative L2 tolerance of features. f32 differs from float64 by 1e-7 at conv1_1 to 7e-7 at
/// conv5_1.
const FEATURE_GATE: f64 = 5e-6;
/// Tolerance of Gram matrices and losses, which differ by up to 8e-7.
const GRAM_AND_LOSS_GATE: f64 = 5e-6;
/// Tolerance of gradients, which differ by up to 6e-7.
const GRADIENT_GATE: f64 = 1e-5;
/// Rows and columns of a Gram matrix in a fixture.
const GRAM_BLOCK: usize = 64;

/// A quantity of a case, ours and the reference's.
#[derive(Debug)]
#[expect(dead_code, reason = "the fields are for the failure's message")]
pub struct Comparison {
    case: String,
    quantity: String,
    distance: f64,
    gate: f64,
}

impl Comparison {
    fn new(case: &Fixture, quantity: &str, ours: &[f64], reference: &[f64], gate: f64) -> Self {
        assert_eq!(ours.len(), reference.len(), "{} {quantity}: number of values", case.name);
        Self {
            case: case.name.clone(),
            quantity: quantity.to_owned(),
            distance: relative_l2(ours, reference),
            gate,
        }
    }

    /// Whether the distance is within the tolerance; NaN is not.
    pub fn agrees(&self) -> bool {
        self.distance <= self.gate
    }
}

/// Returns `‖ours − reference‖ / ‖reference‖`.
fn relative_l2(ours: &[f64], reference: &[f64]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| {
        values.map(|value| value * value).sum::<f64>().sqrt()
    };
    norm(&mut ours.iter().zip(reference).map(|(a, b)| a - b)) / norm(&mut reference.iter().copied())
}

/// Compares all of `arrays` for which `case` has a reference.
///
/// # Panics
/// When the case lacks the gradients, the losses, or all features.
pub fn compare(case: &Fixture, features: FeatureOptions, arrays: &[Array]) -> Vec<Comparison> {
    // References hold outputs and Gram matrices of the raw network alone; the losses and gradients
    // of the normalised one follow from them.
    let (answers, rest) = (
        ["feat.", "gram."],
        ["loss.content", "loss.E", "loss.tv", "grad.content", "grad.style", "grad.tv"],
    );
    let compared = |name: &str| {
        features.filters == Filters::Published
            || !answers.iter().any(|answer| name.starts_with(answer))
    };
    let arrays = arrays.iter().filter(|array| compared(&array.name));
    let comparisons: Vec<Comparison> =
        arrays.flat_map(|array| compare_array(case, features, array)).collect();
    for needed in answers.iter().chain(&rest).filter(|needed| compared(needed)) {
        assert!(
            comparisons.iter().any(|c| c.quantity.starts_with(needed)),
            "{} has nothing for {needed}",
            case.name
        );
    }
    comparisons
}

fn compare_array(case: &Fixture, features: FeatureOptions, array: &Array) -> Vec<Comparison> {
    let pool = features.pooling.name();
    let ours: Vec<f64> = array.values.iter().map(|&value| f64::from(value)).collect();
    let name = array.name.as_str();
    let network = match features.filters {
        Filters::Published => "raw",
        Filters::Normalised => "norm",
    };
    if let Some(layer) = name.strip_prefix("gram.") {
        return compare_gram(case, pool, layer, array.shape[0], &ours);
    }
    // Quantities before the first pooling, and total variation, are stored once for both poolings.
    let keys = [name.to_owned(), format!("{pool}.{name}"), format!("{pool}.{network}.{name}")];
    let gate = if name.starts_with("feat.") {
        FEATURE_GATE
    } else if name.starts_with("grad.") {
        GRADIENT_GATE
    } else {
        GRAM_AND_LOSS_GATE
    };
    keys.iter()
        .filter_map(|key| case.get(key))
        .map(|(shape, reference)| {
            assert_eq!(shape, array.shape, "{} {name}: shape", case.name);
            Comparison::new(case, name, &ours, &reference, gate)
        })
        .collect()
}

/// A fixture holds every `N/64`-th row and column, and a product with a known vector that checks
/// the rest.
fn compare_gram(
    case: &Fixture,
    pool: &str,
    layer: &str,
    channels: usize,
    ours: &[f64],
) -> Vec<Comparison> {
    let stride = channels / GRAM_BLOCK;
    let block: Vec<f64> = (0..GRAM_BLOCK * GRAM_BLOCK)
        .map(|i| ours[(i / GRAM_BLOCK) * stride * channels + (i % GRAM_BLOCK) * stride])
        .collect();
    let probe = |column: usize| f64::from(u8::try_from(1 + column % 7).expect("at most 7"));
    let product: Vec<f64> = ours
        .chunks_exact(channels)
        .map(|row| row.iter().enumerate().map(|(k, value)| value * probe(k)).sum())
        .collect();
    let quantity = format!("gram.{layer}");
    [("gram_x", block), ("gram_x_probe", product)]
        .into_iter()
        .filter_map(|(kind, ours)| {
            let keys = [format!("{kind}.{layer}"), format!("{pool}.{kind}.{layer}")];
            let (_, reference) = keys.iter().find_map(|key| case.get(key))?;
            Some(Comparison::new(case, &quantity, &ours, &reference, GRAM_AND_LOSS_GATE))
        })
        .collect()
}

#[test]
fn a_small_difference_is_measured_relative_to_the_reference() {
    assert!((relative_l2(&[3.0, 4.05], &[3.0, 4.0]) - 0.01).abs() < 1e-12);
    assert!(relative_l2(&[f64::NAN], &[1.0]).is_nan());
}

//! Statistics of style layers, in value and gradient, against
//! `tests/fixtures/statistics.safetensors`.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use impasto::engine::loss::StyleLoss;
use impasto::engine::{FeatureMap, FeatureMaps, Moments};
use impasto::layer::Layer;
use impasto::recipe::{FeatureOptions, LayerStatistics, Statistic, named};

use crate::fixture::Fixture;
use crate::{cpu, gpu};

const VALUE_GATE: f64 = 1e-3;
const GRADIENT_GATE: f64 = 5e-3;

/// Returns a map `[1, C, H, W]` of the file.
fn map(fixture: &Fixture, key: &str, device: &Device) -> Tensor<4> {
    let (shape, values) = fixture.get(key).unwrap_or_else(|| panic!("the file lacks {key}"));
    #[expect(clippy::cast_possible_truncation, reason = "kept as f32")]
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    Tensor::from_data(TensorData::new(values, [1, shape[0], shape[1], shape[2]]), device)
}

/// Returns the relative errors of value and gradient.
fn errors(fixture: &Fixture, case: &str, name: &str, device: &Device) -> [f64; 2] {
    let statistic: Statistic = named(name).expect("a statistic of this name");
    let features = FeatureOptions {
        statistics: LayerStatistics::by(|_| statistic),
        ..FeatureOptions::default()
    };
    let [own, target] =
        ["own", "target"].map(|kind| map(fixture, &format!("{case}.{kind}"), device));
    let mut style = StyleLoss::new(1, std::iter::empty(), features);
    style.add(0, [(Layer::Conv1_1, Moments::of(&FeatureMap::new(target), statistic))].into());
    style.set_shares(&[1.0]);

    let own = own.autodiff().require_grad();
    let maps = FeatureMaps::of([(Layer::Conv1_1, FeatureMap::new(own.clone()))]);
    let loss = style.layer_loss(&maps, Layer::Conv1_1, 1.0);
    let mut gradients = loss.backward();
    let gradient =
        own.grad_remove(&mut gradients).expect("the loss depends on the map").into_data();
    let gradient = gradient.try_into_vec::<f32>().expect("the engine computes in f32");

    let expected = fixture.values(&format!("{case}.{name}.value"))[0];
    let value = f64::from(loss.into_scalar::<f32>());
    let expected_gradient = fixture.values(&format!("{case}.{name}.gradient"));
    let squares =
        |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let apart = squares(
        &mut gradient
            .iter()
            .zip(&expected_gradient)
            .map(|(&found, expected)| f64::from(found) - expected),
    );
    [
        (value / expected - 1.0).abs(),
        (apart / squares(&mut expected_gradient.iter().copied())).sqrt(),
    ]
}

#[test]
fn statistics_agree_with_float64_also_where_a_covariance_is_singular_or_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statistics.safetensors");
    let fixture = Fixture::open(&path);
    for device in [cpu(), gpu()] {
        for case in ["ordinary", "few_positions", "nearly_singular", "one_colour", "loud"] {
            for name in ["gram", "covariance", "wasserstein"] {
                let [value, gradient] = errors(&fixture, case, name, &device);
                assert!(
                    value <= VALUE_GATE && gradient <= GRADIENT_GATE,
                    "{case}, {name}: {value:.1e}, gradient {gradient:.1e}"
                );
            }
        }
    }
}

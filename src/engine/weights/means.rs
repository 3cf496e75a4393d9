//! Channel means of the paper's normalised network: each filter's mean activation.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::{WeightsError, floats, tensor};
use crate::engine::arrays::Array;
use crate::layer::Layer;
use crate::recipe::Pooling;

/// Mean activation of each filter over images and positions, by pooling and layer.
///
/// - **Shape:** `[C]` each.
/// - **Units:** activation, above 0.
/// - **Source:** Gatys et al. 2015, section "Methods": filters scaled to a mean activation of 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelMeans(pub(in crate::engine) BTreeMap<(Pooling, Layer), Vec<f32>>);

impl ChannelMeans {
    /// Returns the means of this build.
    ///
    /// # Panics
    /// Never in a build whose tests pass: one of them reads the file.
    pub fn built_in() -> Self {
        Self::parse(include_bytes!("../../../weights/channel_means.safetensors"))
            .expect("the committed means are valid")
    }

    /// Reads a safetensors file of `<pooling>.<layer>` (f32 `[C]`), as in `avg.conv4_2`.
    ///
    /// # Errors
    /// Any [`WeightsError`] of content; [`WeightsError::NotPositive`] for a mean that nothing can
    /// be divided by.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = SafeTensors::deserialize(bytes)?;
        let means = keys()
            .map(|key| Ok((key, read_means(&file, key)?)))
            .collect::<Result<BTreeMap<_, _>, WeightsError>>()?;
        if let Some(stranger) =
            file.names().into_iter().find(|stranger| !keys().any(|key| name(key) == **stranger))
        {
            return Err(WeightsError::Unexpected(stranger.to_owned()));
        }
        Ok(Self(means))
    }

    /// Serialises the means for [`Self::parse`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let array = |(&key, means): (&_, &Vec<f32>)| Array {
            name: name(key),
            shape: vec![means.len()],
            values: means.clone(),
        };
        Array::to_safetensors(&self.0.iter().map(array).collect::<Vec<_>>())
    }

    /// Returns the means of `layer` after `pooling`, `[C]`.
    pub fn of(&self, pooling: Pooling, layer: Layer) -> &[f32] {
        &self.0[&(pooling, layer)]
    }
}

/// Returns every pooling with every layer.
pub fn keys() -> impl Iterator<Item = (Pooling, Layer)> {
    Pooling::ALL
        .into_iter()
        .flat_map(|pooling| Layer::ALL.into_iter().map(move |layer| (pooling, layer)))
}

fn name((pooling, layer): (Pooling, Layer)) -> String {
    format!("{}.{}", pooling.name(), layer.name())
}

fn read_means(file: &SafeTensors<'_>, key: (Pooling, Layer)) -> Result<Vec<f32>, WeightsError> {
    let means = floats(&tensor(file, name(key), Dtype::F32, &[key.1.channels()])?);
    if means.iter().all(|mean| mean.is_finite() && *mean > 0.0) {
        Ok(means)
    } else {
        Err(WeightsError::NotPositive(name(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(
        change: impl FnOnce(&mut BTreeMap<(Pooling, Layer), Vec<f32>>),
    ) -> Result<ChannelMeans, WeightsError> {
        let mut means = ChannelMeans::built_in().0;
        change(&mut means);
        ChannelMeans::parse(&ChannelMeans(means).to_bytes())
    }

    #[test]
    fn the_committed_means_are_whole_and_survive_a_round_trip() {
        assert_eq!(changed(|_| ()).unwrap(), ChannelMeans::built_in());
    }

    #[test]
    fn a_missing_misshapen_or_impossible_mean_is_named() {
        let key = (Pooling::Max, Layer::Conv4_2);
        let missing = changed(|means| drop(means.remove(&key)));
        assert!(matches!(missing, Err(WeightsError::Missing(name)) if name == "max.conv4_2"));
        let short = changed(|means| means.get_mut(&key).unwrap().truncate(9));
        assert!(
            matches!(short, Err(WeightsError::Misshapen { name, .. }) if name == "max.conv4_2")
        );
        for impossible in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let bad = changed(|means| means.get_mut(&key).unwrap()[7] = impossible);
            assert!(matches!(bad, Err(WeightsError::NotPositive(name)) if name == "max.conv4_2"));
        }
    }
}

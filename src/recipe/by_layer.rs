//! A value per layer, serialised as a map without default values.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::layer::Layer;

/// A value per layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByLayer<T>(pub [T; Layer::ALL.len()]);

impl<T: Copy> ByLayer<T> {
    /// Returns the value of `layer`.
    pub fn of(&self, layer: Layer) -> T {
        self.0[layer as usize]
    }
}

impl<T: Copy + Default + PartialEq + Serialize> Serialize for ByLayer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            Layer::ALL.into_iter().zip(self.0).filter(|(_, value)| *value != T::default()),
        )
    }
}

impl<'de, T: Copy + Default + Deserialize<'de>> Deserialize<'de> for ByLayer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Layers(PhantomData))
    }
}

struct Layers<T>(PhantomData<T>);

impl<'de, T: Copy + Default + Deserialize<'de>> Visitor<'de> for Layers<T> {
    type Value = ByLayer<T>;

    fn expecting(&self, text: &mut fmt::Formatter) -> fmt::Result {
        text.write_str("a map by layers")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<ByLayer<T>, M::Error> {
        let mut values = [T::default(); Layer::ALL.len()];
        while let Some((layer, value)) = map.next_entry::<Layer, T>()? {
            values[layer as usize] = value;
        }
        Ok(ByLayer(values))
    }
}

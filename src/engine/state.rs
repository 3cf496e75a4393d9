//! The saved state of a run: named arrays in a safetensors file, exact to the bit.

use std::collections::BTreeMap;

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use thiserror::Error;

use super::ops::readback::read_back;
use crate::pixels::{ImageSize, Pixels};

/// Error in reading a saved state.
#[derive(Debug, Error)]
pub enum StateError {
    /// Bytes that are not a safetensors file.
    #[error("not the state of a run: {0}")]
    Container(#[from] SafeTensorError),
    /// Entry that is missing, or has another type or shape.
    #[error("not the whole state of a run: {0} is missing or misshapen")]
    Part(String),
}

/// Type, shape and bytes of an entry.
type Part = (Dtype, Vec<usize>, Vec<u8>);

/// Entries of a saved state, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State(BTreeMap<String, Part>);

impl State {
    /// Parses the format of [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`StateError::Container`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let file = SafeTensors::deserialize(bytes)?;
        let part = |(name, view): (String, TensorView<'_>)| {
            (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        };
        Ok(Self(file.tensors().into_iter().map(part).collect()))
    }

    /// Serialises the state as a safetensors file.
    ///
    /// # Panics
    /// Never: each entry is as long as its shape says.
    pub fn to_bytes(&self) -> Vec<u8> {
        let views = self.0.iter().map(|(name, (dtype, shape, bytes))| {
            (
                name,
                TensorView::new(*dtype, shape.clone(), bytes)
                    .expect("a part is as long as its shape says"),
            )
        });
        safetensors::serialize(views, None).expect("every part has a name of its own")
    }

    /// Stores a tensor as f32.
    ///
    /// # Errors
    /// If the device fails or is lost.
    pub async fn put_tensor<const D: usize>(
        &mut self,
        name: &str,
        tensor: &Tensor<D>,
    ) -> Result<(), ExecutionError> {
        let shape = tensor.dims().to_vec();
        let bytes =
            read_back(tensor.clone()).await?.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.0.insert(name.to_owned(), (Dtype::F32, shape, bytes));
        Ok(())
    }

    /// Returns a stored tensor, on `device`.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn tensor<const D: usize>(
        &self,
        name: &str,
        device: &Device,
    ) -> Result<Tensor<D>, StateError> {
        let (shape, _) = self.part(name, Dtype::F32)?;
        let shape: [usize; D] = shape.try_into().map_err(|_| StateError::Part(name.to_owned()))?;
        Ok(Tensor::from_data(TensorData::new(self.values(name)?, shape), device))
    }

    /// Returns the values of a stored tensor, row-major.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn values(&self, name: &str) -> Result<Vec<f32>, StateError> {
        let (_, bytes) = self.part(name, Dtype::F32)?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// Stores numbers, including NaN and ±∞.
    pub fn put_numbers(&mut self, name: &str, numbers: &[f64]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.0.insert(name.to_owned(), (Dtype::F64, vec![numbers.len()], bytes));
    }

    /// Returns stored numbers, of any count.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, StateError> {
        let (_, bytes) = self.part(name, Dtype::F64)?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }

    /// Returns stored numbers, exactly `N` of them.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn exact_numbers<const N: usize>(&self, name: &str) -> Result<[f64; N], StateError> {
        self.numbers(name)?.try_into().map_err(|_| StateError::Part(name.to_owned()))
    }

    /// Stores a text.
    pub fn put_text(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), (Dtype::U8, vec![text.len()], text.as_bytes().to_vec()));
    }

    /// Returns a stored text.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn text(&self, name: &str) -> Result<String, StateError> {
        let (_, bytes) = self.part(name, Dtype::U8)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| StateError::Part(name.to_owned()))
    }

    /// Stores an image.
    pub fn put_picture(&mut self, name: &str, picture: &Pixels) {
        let ImageSize { width, height } = picture.size();
        self.0.insert(
            name.to_owned(),
            (Dtype::U8, vec![height as usize, width as usize, 4], picture.rgba().to_vec()),
        );
    }

    /// Returns a stored image.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn picture(&self, name: &str) -> Result<Pixels, StateError> {
        let picture = match self.part(name, Dtype::U8)? {
            (&[height, width, 4], bytes) => {
                let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok());
                sides.and_then(|(width, height)| {
                    Pixels::new(ImageSize::new(width, height), bytes.to_vec())
                })
            }
            _ => None,
        };
        picture.ok_or_else(|| StateError::Part(name.to_owned()))
    }

    /// Returns the images stored as `name.0`, `name.1` and so on.
    ///
    /// # Errors
    /// [`StateError::Part`].
    pub fn pictures(&self, name: &str) -> Result<Vec<Pixels>, StateError> {
        (0..)
            .map(|index| format!("{name}.{index}"))
            .take_while(|name| self.has(name))
            .map(|name| self.picture(&name))
            .collect()
    }

    /// Whether the state has an entry of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn part(&self, name: &str, dtype: Dtype) -> Result<(&[usize], &[u8]), StateError> {
        match self.0.get(name) {
            Some((found, shape, bytes)) if *found == dtype => Ok((shape, bytes)),
            _ => Err(StateError::Part(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;

    #[test]
    fn every_kind_of_entry_round_trips_bit_for_bit() {
        let device = Device::flex();
        let mut state = State::default();
        block_on(state.put_tensor(
            "tensor",
            &Tensor::<2>::from_data([[0.1, f32::MIN_POSITIVE], [-0.0, 3e38]], &device),
        ))
        .unwrap();
        state.put_numbers("numbers", &[0.1, f64::NAN, f64::INFINITY]);
        state.put_text("text", "grün");
        let picture = Pixels::new(ImageSize::new(1, 2), (0..8).collect()).unwrap();
        state.put_picture("picture.0", &picture);
        let back = State::from_bytes(&state.to_bytes()).unwrap();
        assert_eq!(back, state);
        let bits = |tensor: Tensor<2>| {
            tensor
                .to_data()
                .try_into_vec::<f32>()
                .unwrap()
                .iter()
                .map(|v| v.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            bits(back.tensor("tensor", &device).unwrap()),
            [0.1_f32, f32::MIN_POSITIVE, -0.0, 3e38].map(f32::to_bits)
        );
        let [tenth, nan, infinity] = back.exact_numbers("numbers").unwrap();
        assert!(tenth.to_bits() == 0.1_f64.to_bits() && nan.is_nan() && infinity == f64::INFINITY);
        assert_eq!(
            (back.text("text").unwrap().as_str(), back.pictures("picture").unwrap()),
            ("grün", vec![picture])
        );
    }

    #[test]
    fn errors_name_the_bad_entry_and_other_files_are_refused() {
        let mut state = State::default();
        state.put_numbers("numbers", &[1.0]);
        let named =
            |error: StateError| matches!(error, StateError::Part(name) if name == "numbers");
        assert!(named(state.exact_numbers::<2>("numbers").unwrap_err()));
        assert!(named(state.text("numbers").unwrap_err()));
        assert!(named(State::default().numbers("numbers").unwrap_err()));
        assert!(matches!(State::from_bytes(b"a text"), Err(StateError::Container(_))));
    }
}

//! The file format of `torch.save` before PyTorch 1.6: five pickles (magic number, protocol,
//! system, objects, names of the storages), then for each storage its number of elements (`i64`)
//! and its elements, little-endian.

use std::collections::HashMap;

use thiserror::Error;

use super::pickle::{self, PickleError, Value};

const MAGIC_NUMBER: i128 = 0x1950_a86a_20f9_469c_fc6c;
const PROTOCOL: i128 = 1001;

/// Type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// `torch.uint8`
    U8,
    /// `torch.float32`
    F32,
}

impl ElementType {
    fn of_storage(class: &str) -> Option<Self> {
        match class {
            "torch ByteStorage" => Some(Self::U8),
            "torch FloatStorage" => Some(Self::F32),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F32 => 4,
        }
    }
}

/// A tensor: contiguous elements, the last axis fastest, little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorchTensor {
    /// Type of the elements.
    pub element: ElementType,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// The elements' bytes.
    pub bytes: Vec<u8>,
}

/// Reason why a file is not a dictionary of tensors in this format.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum TorchFileError {
    /// One of the pickles cannot be read, or the storages end too early.
    #[error(transparent)]
    Pickle(#[from] PickleError),
    /// Another format, or another version of it.
    #[error("this is no legacy torch.save file: {0}")]
    Format(&'static str),
    /// An entry of the dictionary is not a contiguous tensor of bytes or floats that fills its
    /// storage.
    #[error("`{name}` is not a plain tensor: {reason}")]
    Tensor {
        /// Key of the entry.
        name: String,
        /// Unsupported property.
        reason: &'static str,
    },
}

/// Reads the dictionary of tensors that `torch.save` wrote.
///
/// # Errors
/// [`TorchFileError`], also for trailing bytes.
pub fn read(mut bytes: &[u8]) -> Result<HashMap<String, TorchTensor>, TorchFileError> {
    let bytes = &mut bytes;
    if pickle::read(bytes)? != Value::Int(MAGIC_NUMBER) {
        return Err(TorchFileError::Format("the magic number is another"));
    }
    if pickle::read(bytes)? != Value::Int(PROTOCOL) {
        return Err(TorchFileError::Format("the protocol is another"));
    }
    pickle::read(bytes)?;
    let Value::Dict(objects) = pickle::read(bytes)? else {
        return Err(TorchFileError::Format("it holds no dictionary"));
    };
    let tensors = objects.into_iter().map(Reference::read).collect::<Result<Vec<_>, _>>()?;
    let Value::List(storages) = pickle::read(bytes)? else {
        return Err(TorchFileError::Format("the storages have no list"));
    };
    let mut storages = read_storages(bytes, &storages, &tensors)?;
    tensors.into_iter().map(|tensor| tensor.resolve(&mut storages)).collect()
}

fn read_storages<'a>(
    bytes: &mut &'a [u8],
    names: &[Value],
    tensors: &[Reference],
) -> Result<HashMap<String, &'a [u8]>, TorchFileError> {
    let mut storages = HashMap::new();
    for name in names {
        let tensor = tensors.iter().find(|tensor| Value::Text(tensor.storage.clone()) == *name);
        let tensor = tensor.ok_or(TorchFileError::Format("a storage belongs to no tensor"))?;
        let count = pickle::take(bytes, 8)?
            .iter()
            .rev()
            .fold(0_u64, |count, &byte| count << 8 | u64::from(byte));
        let length =
            usize::try_from(count).ok().and_then(|count| count.checked_mul(tensor.element.bytes()));
        storages.insert(
            tensor.storage.clone(),
            pickle::take(bytes, length.ok_or(PickleError::CutShort)?)?,
        );
    }
    if !bytes.is_empty() {
        return Err(TorchFileError::Format("bytes follow its end"));
    }
    Ok(storages)
}

/// A tensor of the dictionary before its storage is read.
struct Reference {
    name: String,
    element: ElementType,
    storage: String,
    shape: Vec<usize>,
}

impl Reference {
    /// Parses `name: _rebuild_tensor_v2(('storage', class, key, location, count, view), offset,
    /// shape, strides, …)`.
    fn read((name, object): (Value, Value)) -> Result<Self, TorchFileError> {
        let Value::Text(name) = name else {
            return Err(TorchFileError::Format("a key is no string"));
        };
        let odd = |reason| TorchFileError::Tensor { name: name.clone(), reason };
        let Value::Call(call) = object else { return Err(odd("nothing rebuilds it")) };
        let (Value::Global(function), Value::Tuple(arguments)) = *call else {
            return Err(odd("nothing rebuilds it"));
        };
        if function != "torch._utils _rebuild_tensor_v2" {
            return Err(odd("another function rebuilds it"));
        }
        let [Value::Persistent(storage), offset, shape, strides, ..] = &arguments[..] else {
            return Err(odd("it has no storage"));
        };
        let Value::Tuple(storage) = &**storage else { return Err(odd("its storage has no name")) };
        let [_, Value::Global(class), Value::Text(key), ..] = &storage[..] else {
            return Err(odd("its storage has no name"));
        };
        let element = ElementType::of_storage(class)
            .ok_or_else(|| odd("its elements are of another type"))?;
        let shape = lengths(shape).ok_or_else(|| odd("its shape is no shape"))?;
        if *offset != Value::Int(0) || lengths(strides) != Some(contiguous_strides(&shape)) {
            return Err(odd("it is a view"));
        }
        let storage = key.clone();
        Ok(Self { name, element, storage, shape })
    }

    fn resolve(
        self,
        storages: &mut HashMap<String, &[u8]>,
    ) -> Result<(String, TorchTensor), TorchFileError> {
        let odd = |reason| TorchFileError::Tensor { name: self.name.clone(), reason };
        let bytes = storages
            .remove(&self.storage)
            .ok_or_else(|| odd("its storage is missing or shared"))?;
        if bytes.len() != self.shape.iter().product::<usize>() * self.element.bytes() {
            return Err(odd("it does not fill its storage"));
        }
        Ok((
            self.name,
            TorchTensor { element: self.element, shape: self.shape, bytes: bytes.to_vec() },
        ))
    }
}

fn lengths(tuple: &Value) -> Option<Vec<usize>> {
    let Value::Tuple(items) = tuple else { return None };
    items
        .iter()
        .map(
            |item| if let Value::Int(length) = item { usize::try_from(*length).ok() } else { None },
        )
        .collect()
}

fn contiguous_strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds the output of `torch.save({'w': tensor}, …, _use_new_zipfile_serialization=False)`
    /// for a 2×3 tensor, with `strides` and `storage` left open.
    fn file(class: &str, strides: [u8; 2], storage: &[u8]) -> Vec<u8> {
        let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
        file.extend(b"\x80\x02}(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n");
        file.extend(class.as_bytes());
        file.extend(b"\nX\x02\x00\x00\x0042X\x03\x00\x00\x00cpuK\x06NtQK\x00(K\x02K\x03t(K");
        file.extend([strides[0], b'K', strides[1]]);
        file.extend(b"t\x89ccollections\nOrderedDict\n)RtRu.");
        file.extend(b"\x80\x02](X\x02\x00\x00\x0042e.");
        file.extend(storage);
        file
    }

    const SIX_BYTES: &[u8] = b"\x06\0\0\0\0\0\0\0abcdef";

    #[test]
    fn a_tensor_comes_out_with_its_shape_and_bytes() {
        let tensors = read(&file("ByteStorage", [3, 1], SIX_BYTES)).unwrap();
        let expected =
            TorchTensor { element: ElementType::U8, shape: vec![2, 3], bytes: b"abcdef".to_vec() };
        assert_eq!(tensors, HashMap::from([("w".to_owned(), expected)]));

        let mut floats = b"\x06\0\0\0\0\0\0\0".to_vec();
        floats.extend((1..=6_u8).flat_map(|value| f32::from(value).to_le_bytes()));
        let tensors = read(&file("FloatStorage", [3, 1], &floats)).unwrap();
        assert_eq!(
            (tensors["w"].element, &tensors["w"].bytes[..4]),
            (ElementType::F32, &1_f32.to_le_bytes()[..])
        );
    }

    #[test]
    fn what_is_no_plain_tensor_is_refused_by_name() {
        let reason = |file: &[u8]| match read(file) {
            Err(TorchFileError::Tensor { name, reason }) if name == "w" => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(&file("ByteStorage", [1, 2], SIX_BYTES)), "it is a view");
        assert_eq!(
            reason(&file("HalfStorage", [3, 1], SIX_BYTES)),
            "its elements are of another type"
        );
        assert_eq!(
            reason(&file("ByteStorage", [3, 1], b"\x05\0\0\0\0\0\0\0abcde")),
            "it does not fill its storage"
        );
    }

    #[test]
    fn cut_and_overlong_files_are_refused() {
        let whole = file("ByteStorage", [3, 1], SIX_BYTES);
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), Err(PickleError::CutShort.into()), "{length} bytes");
        }
        assert_eq!(
            read(&[&whole[..], b"x"].concat()),
            Err(TorchFileError::Format("bytes follow its end"))
        );
        assert_eq!(
            read(b"\x80\x02K\x01."),
            Err(TorchFileError::Format("the magic number is another"))
        );
    }
}

//! Python's pickle, as far as `torch.save` of a dictionary of tensors uses it. Nothing is ever
//! called: a function with its arguments stays a value. (The library for this, serde-pickle,
//! rejects the persistent ids by which tensors name their storage.)

use std::collections::HashMap;

use thiserror::Error;

/// A pickled value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An integer of up to 16 bytes.
    Int(i128),
    /// A string.
    Text(String),
    /// A class or function, as `module name`.
    Global(String),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A list.
    List(Vec<Value>),
    /// A dictionary, in its order.
    Dict(Vec<(Value, Value)>),
    /// Reference to data that the writer stored elsewhere, under this id.
    Persistent(Box<Value>),
    /// A function and the tuple of its arguments, not called.
    Call(Box<(Value, Value)>),
}

/// Reason why bytes are not a supported pickle.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum PickleError {
    /// The bytes end before the pickle does.
    #[error("the pickle is cut short")]
    CutShort,
    /// An instruction that `torch.save` of tensors does not use.
    #[error("pickle instruction {0:#04x} is not supported")]
    Unsupported(u8),
    /// An instruction without the operands it needs.
    #[error("pickle instruction {0:#04x} has not the operands it needs")]
    Operands(u8),
}

/// Reads one pickle from the front of `bytes` and advances `bytes` past it.
///
/// # Errors
/// [`PickleError`] for anything that `torch.save` does not write.
pub fn read(bytes: &mut &[u8]) -> Result<Value, PickleError> {
    let mut machine = Machine::default();
    loop {
        let opcode = take(bytes, 1)?[0];
        if opcode == b'.' {
            return machine.pop(opcode);
        }
        machine.execute(opcode, bytes)?;
    }
}

/// Takes the first `count` bytes and advances `bytes` past them.
///
/// # Errors
/// When fewer remain.
pub fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], PickleError> {
    let (front, rest) = bytes.split_at_checked(count).ok_or(PickleError::CutShort)?;
    *bytes = rest;
    Ok(front)
}

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    /// Heights of the stack at each `MARK`.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl Machine {
    fn execute(&mut self, opcode: u8, bytes: &mut &[u8]) -> Result<(), PickleError> {
        match opcode {
            b'\x80' => drop(take(bytes, 1)?),
            b'(' => self.marks.push(self.stack.len()),
            b'q' => self.put(opcode, u32::from(take(bytes, 1)?[0]))?,
            b'r' => self.put(opcode, u32_le(bytes)?)?,
            b'h' => self.get(opcode, u32::from(take(bytes, 1)?[0]))?,
            b'j' => self.get(opcode, u32_le(bytes)?)?,
            b'R' => self.reduce(opcode)?,
            b'Q' => {
                let name = self.pop(opcode)?;
                self.stack.push(Value::Persistent(Box::new(name)));
            }
            b'u' => self.set_items(opcode)?,
            b'e' => self.append(opcode)?,
            b't' => {
                let items = self.pop_to_mark(opcode)?;
                self.stack.push(Value::Tuple(items));
            }
            b'\x85' => {
                let item = self.pop(opcode)?;
                self.stack.push(Value::Tuple(vec![item]));
            }
            _ => self.stack.push(literal(opcode, bytes)?),
        }
        Ok(())
    }

    fn pop(&mut self, opcode: u8) -> Result<Value, PickleError> {
        self.stack.pop().ok_or(PickleError::Operands(opcode))
    }

    fn pop_to_mark(&mut self, opcode: u8) -> Result<Vec<Value>, PickleError> {
        let mark = self
            .marks
            .pop()
            .filter(|&mark| mark <= self.stack.len())
            .ok_or(PickleError::Operands(opcode))?;
        Ok(self.stack.split_off(mark))
    }

    fn put(&mut self, opcode: u8, slot: u32) -> Result<(), PickleError> {
        let value = self.stack.last().ok_or(PickleError::Operands(opcode))?;
        self.memo.insert(slot, value.clone());
        Ok(())
    }

    /// Pushes an entry of the memo. Rejects lists and dictionaries: the memo holds copies from
    /// before such a container was filled.
    fn get(&mut self, opcode: u8, slot: u32) -> Result<(), PickleError> {
        match self.memo.get(&slot) {
            None | Some(Value::List(_) | Value::Dict(_)) => Err(PickleError::Operands(opcode)),
            Some(value) => {
                self.stack.push(value.clone());
                Ok(())
            }
        }
    }

    fn reduce(&mut self, opcode: u8) -> Result<(), PickleError> {
        let arguments = self.pop(opcode)?;
        let function = self.pop(opcode)?;
        self.stack.push(Value::Call(Box::new((function, arguments))));
        Ok(())
    }

    fn set_items(&mut self, opcode: u8) -> Result<(), PickleError> {
        let items = self.pop_to_mark(opcode)?;
        let Some(Value::Dict(dict)) = self.stack.last_mut() else {
            return Err(PickleError::Operands(opcode));
        };
        let mut items = items.into_iter();
        while let Some(key) = items.next() {
            dict.push((key, items.next().ok_or(PickleError::Operands(opcode))?));
        }
        Ok(())
    }

    fn append(&mut self, opcode: u8) -> Result<(), PickleError> {
        let items = self.pop_to_mark(opcode)?;
        let Some(Value::List(list)) = self.stack.last_mut() else {
            return Err(PickleError::Operands(opcode));
        };
        list.extend(items);
        Ok(())
    }
}

fn literal(opcode: u8, bytes: &mut &[u8]) -> Result<Value, PickleError> {
    Ok(match opcode {
        b'}' => Value::Dict(Vec::new()),
        b']' => Value::List(Vec::new()),
        b')' => Value::Tuple(Vec::new()),
        b'N' => Value::None,
        b'\x88' => Value::Bool(true),
        b'\x89' => Value::Bool(false),
        b'K' => Value::Int(i128::from(take(bytes, 1)?[0])),
        b'M' => Value::Int(int_le(take(bytes, 2)?) & 0xffff),
        b'J' => Value::Int(int_le(take(bytes, 4)?)),
        b'\x8a' => match usize::from(take(bytes, 1)?[0]) {
            length @ 1..=16 => Value::Int(int_le(take(bytes, length)?)),
            _ => return Err(PickleError::Unsupported(opcode)),
        },
        b'X' => {
            let length = u32_le(bytes)? as usize;
            Value::Text(text(take(bytes, length)?))
        }
        b'c' => Value::Global(format!("{} {}", line(bytes)?, line(bytes)?)),
        _ => return Err(PickleError::Unsupported(opcode)),
    })
}

fn u32_le(bytes: &mut &[u8]) -> Result<u32, PickleError> {
    let four = take(bytes, 4)?;
    Ok(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// Parses a little-endian two's complement integer of up to 16 bytes.
fn int_le(bytes: &[u8]) -> i128 {
    let negative = bytes.last().is_some_and(|&top| top >= 0x80);
    let mut wide = if negative { [0xff; 16] } else { [0; 16] };
    wide[..bytes.len()].copy_from_slice(bytes);
    i128::from_le_bytes(wide)
}

fn line(bytes: &mut &[u8]) -> Result<String, PickleError> {
    let length = bytes.iter().position(|&byte| byte == b'\n').ok_or(PickleError::CutShort)?;
    let line = text(take(bytes, length)?);
    take(bytes, 1)?;
    Ok(line)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of Python's `pickle.dumps({'a': (1, -2, None), 'b': [True, 70000]}, 2)` without the
    /// memo.
    const DICT: &[u8] = b"\x80\x02}(X\x01\x00\x00\x00a(K\x01J\xfe\xff\xff\xffNtX\x01\x00\x00\x00b](\x88J\x70\x11\x01\x00eu.rest";

    #[test]
    fn a_dictionary_is_read_and_what_follows_it_is_left() {
        let mut bytes = DICT;
        let text = |name: &str| Value::Text(name.to_owned());
        let tuple = Value::Tuple(vec![Value::Int(1), Value::Int(-2), Value::None]);
        let list = Value::List(vec![Value::Bool(true), Value::Int(70000)]);
        assert_eq!(read(&mut bytes), Ok(Value::Dict(vec![(text("a"), tuple), (text("b"), list)])));
        assert_eq!(bytes, b"rest");
    }

    #[test]
    fn the_memo_gives_back_what_was_put() {
        let expected = Value::Tuple(vec![Value::Int(7), Value::Int(7)]);
        assert_eq!(read(&mut &b"(K\x07q\x05h\x05t."[..]), Ok(expected));
        assert_eq!(read(&mut &b"h\x05."[..]), Err(PickleError::Operands(b'h')));
        assert_eq!(
            read(&mut &b"}q\x05h\x05."[..]),
            Err(PickleError::Operands(b'h')),
            "a dictionary may still be filled"
        );
    }

    #[test]
    fn calls_and_persistent_ids_stay_values() {
        let call = Value::Call(Box::new((
            Value::Global("os system".into()),
            Value::Tuple(vec![Value::Int(1)]),
        )));
        assert_eq!(read(&mut &b"cos\nsystem\nK\x01\x85R."[..]), Ok(call));
        assert_eq!(read(&mut &b"K\x03Q."[..]), Ok(Value::Persistent(Box::new(Value::Int(3)))));
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = &DICT[..DICT.len() - b"rest".len()];
        for length in 0..whole.len() {
            assert_eq!(read(&mut &whole[..length]), Err(PickleError::CutShort), "{length} bytes");
        }
    }

    #[test]
    fn malformed_programs_are_refused() {
        assert_eq!(read(&mut &b"\xff."[..]), Err(PickleError::Unsupported(0xff)));
        assert_eq!(read(&mut &b"t."[..]), Err(PickleError::Operands(b't')));
        assert_eq!(read(&mut &b"}(K\x01u."[..]), Err(PickleError::Operands(b'u')));
        assert_eq!(read(&mut &b"."[..]), Err(PickleError::Operands(b'.')));
    }
}

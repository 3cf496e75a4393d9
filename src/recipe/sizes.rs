//! Sizes to paint at.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{RecipeError, within};

/// Sizes to paint at, coarse to fine. The coarser the first, the larger the forms taken from the
/// painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizes {
    /// The result's size alone.
    One,
    /// At most this many sizes, each twice the one before, with equal shares of the steps.
    Doubling(u32),
    /// Sizes from this longer side, px, each about √2 times the one before, with three fifths of
    /// its steps.
    Growing(u32),
}

impl Sizes {
    /// Numbers of sizes allowed.
    pub const COUNT: RangeInclusive<u32> = 1..=5;
    /// First sizes allowed, px of the longer side.
    pub const FIRST: RangeInclusive<u32> = 64..=4096;

    /// Checks each value against its range.
    pub(super) fn validate(self) -> Result<(), RecipeError> {
        match self {
            Self::One => Ok(()),
            Self::Doubling(count) => within("number of sizes", count, &Self::COUNT),
            Self::Growing(first) => within("first size", first, &Self::FIRST),
        }
    }
}

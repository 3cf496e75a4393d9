//! The sizes that a picture is painted at.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{RecipeError, within};

/// The sizes that a picture is painted at, coarse to fine: the coarser the first, the larger the
/// forms that are taken from the painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizes {
    /// The result's own alone.
    One,
    /// At most as many, each twice the one before, with equal shares of the steps.
    Doubling(u32),
    /// From this longer side on, px, each about √2 times the one before, with three fifths of its
    /// steps.
    Growing(u32),
}

impl Sizes {
    /// Numbers of sizes allowed.
    pub const COUNT: RangeInclusive<u32> = 1..=5;
    /// First sizes allowed, px of the longer side.
    pub const FIRST: RangeInclusive<u32> = 64..=4096;

    /// Holds each value against its range.
    pub(super) fn validate(self) -> Result<(), RecipeError> {
        match self {
            Self::One => Ok(()),
            Self::Doubling(count) => within("number of sizes", count, &Self::COUNT),
            Self::Growing(first) => within("first size", first, &Self::FIRST),
        }
    }
}

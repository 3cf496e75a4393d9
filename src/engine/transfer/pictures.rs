//! The input images of a run, and the errors of a style transfer.

use burn::tensor::ExecutionError;
use thiserror::Error;

use crate::engine::StateError;
use crate::losses::Losses;
use crate::pixels::{ImageSize, Pixels};
use crate::recipe::{MAX_STYLES, RecipeError};

/// Error that keeps a style transfer from starting or continuing.
#[derive(Debug, Error)]
pub enum TransferError {
    /// Invalid recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// More style images than a recipe has weights for.
    #[error("there are {0} style pictures; {MAX_STYLES} can be blended")]
    TooManyStyles(usize),
    /// Number of masks that is neither zero nor the number of style images.
    #[error(
        "masks: {masks}, style pictures: {paintings}; each style picture needs a mask of its own, \
         or none has any"
    )]
    Masks {
        /// Number of masks.
        masks: usize,
        /// Number of style images.
        paintings: usize,
    },
    /// Mask or earlier result whose size differs from the photo's.
    #[error(
        "a picture of {}×{} px does not lie over a photo of {}×{} px",
        .0.width,
        .0.height,
        .1.width,
        .1.height
    )]
    Sizes(ImageSize, ImageSize),
    /// Bytes that are not the saved state of a run.
    #[error(transparent)]
    State(#[from] StateError),
    /// Failure or loss of the device.
    #[error("the device failed: {0}")]
    Device(#[from] ExecutionError),
    /// Loss or gradient that is no longer finite, with the number of steps done.
    #[error("losses or gradient are not finite at step {1}: {0:?}")]
    Diverged(Losses, u32),
}

/// Input images, each at its working size.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// Content image.
    pub photo: Pixels,
    /// Style images; none if content alone counts.
    pub paintings: Vec<Pixels>,
    /// Greyscale masks of the photo's size, one for the region of each painting; none to blend all
    /// paintings everywhere.
    pub masks: Vec<Pixels>,
    /// Earlier result, of the photo's size, that replaces the recipe's start image.
    pub earlier: Option<Pixels>,
}

impl Pictures {
    /// Creates inputs without masks, so that all paintings blend everywhere.
    pub fn new(photo: Pixels, paintings: Vec<Pixels>) -> Self {
        Self { photo, paintings, masks: Vec::new(), earlier: None }
    }

    /// Checks that the numbers and sizes of the images fit together.
    ///
    /// # Errors
    /// [`TransferError::TooManyStyles`], [`TransferError::Masks`], [`TransferError::Sizes`].
    pub(super) fn check(&self) -> Result<(), TransferError> {
        let (paintings, masks) = (self.paintings.len(), self.masks.len());
        if paintings > MAX_STYLES {
            return Err(TransferError::TooManyStyles(paintings));
        }
        if masks > 0 && masks != paintings {
            return Err(TransferError::Masks { masks, paintings });
        }
        let size = self.photo.size();
        match self.masks.iter().chain(&self.earlier).map(Pixels::size).find(|&other| other != size)
        {
            Some(other) => Err(TransferError::Sizes(other, size)),
            None => Ok(()),
        }
    }
}

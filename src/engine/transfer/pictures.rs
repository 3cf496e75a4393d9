//! The pictures of a run, and why it cannot begin or go on.

use burn::tensor::ExecutionError;
use thiserror::Error;

use crate::engine::StateError;
use crate::losses::Losses;
use crate::pixels::{ImageSize, Pixels};
use crate::recipe::{MAX_STYLES, RecipeError};

/// Why a style transfer cannot begin or go on.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The recipe does not make sense.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// More style pictures than a recipe has weights for.
    #[error("there are {0} style pictures; {MAX_STYLES} can be blended")]
    TooManyStyles(usize),
    /// Neither no masks nor one for each painting.
    #[error(
        "masks: {masks}, style pictures: {paintings}; each style picture needs a mask of its own, \
         or none has any"
    )]
    Masks {
        /// Masks.
        masks: usize,
        /// Style pictures.
        paintings: usize,
    },
    /// A mask or an earlier result of another size than the photo's.
    #[error(
        "a picture of {}×{} px does not lie over a photo of {}×{} px",
        .0.width,
        .0.height,
        .1.width,
        .1.height
    )]
    Sizes(ImageSize, ImageSize),
    /// Bytes that are not the state of a run.
    #[error(transparent)]
    State(#[from] StateError),
    /// The device failed or is lost.
    #[error("the device failed: {0}")]
    Device(#[from] ExecutionError),
    /// A loss, or its gradient, is not a finite number any more.
    #[error("losses or gradient are not finite at step {1}: {0:?}")]
    Diverged(Losses, u32),
}

/// The pictures that go in, each at the size to work at.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// For what the result shows.
    pub photo: Pixels,
    /// For how it is painted; may be none, where content alone counts.
    pub paintings: Vec<Pixels>,
    /// Where on the photo each painting belongs, grey pictures of the photo's size: one for each
    /// painting, or none.
    pub masks: Vec<Pixels>,
    /// An earlier result, of the photo's size, to begin with instead of what the recipe says.
    pub earlier: Option<Pixels>,
}

impl Pictures {
    /// Paintings blended all over the photo.
    pub fn new(photo: Pixels, paintings: Vec<Pixels>) -> Self {
        Self { photo, paintings, masks: Vec::new(), earlier: None }
    }

    /// Whether they go together.
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

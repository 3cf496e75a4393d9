//! Why what the page asked for failed.

use thiserror::Error;

use crate::codec::DecodeError;
use crate::engine::TransferError;
use crate::engine::weights::WeightsError;

/// Which of the pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The photo.
    Content,
    /// A painting.
    Style,
    /// The result of an earlier run.
    Earlier,
    /// A file that the person has just chosen; the page knows its name.
    Chosen,
}

/// Why a run failed.
#[derive(Debug, Error)]
pub enum RunError {
    /// A picture cannot be read from the browser.
    #[error("the file cannot be read: {1}")]
    Unreadable(Role, String),
    /// A picture's file is no picture to work with.
    #[error("{1}")]
    Picture(Role, #[source] DecodeError),
    /// The weights could not be had.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The weights are not the ones.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The optimisation failed.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// No device is open: the page asked in the wrong order.
    #[error("no device is open")]
    NoDevice,
}

impl RunError {
    /// Whether the worker is of no further use.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Transfer(TransferError::Device(_)))
    }
}

/// Why the pack could not be downloaded.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// No answer at all.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// An answer other than the pack.
    #[error("the server answered {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The connection broke. What had arrived is kept for the next attempt.
    #[error("the connection broke after {received} of {total} bytes: {reason}")]
    Dropped {
        /// Bytes kept.
        received: u64,
        /// Bytes in all.
        total: u64,
        /// The browser's word.
        reason: String,
    },
}

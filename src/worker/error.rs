//! Errors of the worker, and the faults that the page is told.

use thiserror::Error;

use crate::codec::DecodeError;
use crate::engine::TransferError;
use crate::engine::device::DeviceError;
use crate::engine::weights::WeightsError;
use crate::fault::{DeviceFault, DownloadFault, Fault, Role, WeightsFault};

/// Why a run failed.
#[derive(Debug, Error)]
pub enum RunError {
    /// The browser does not give the bytes of a file.
    #[error("the file cannot be read: {1}")]
    Unreadable(Role, String),
    /// A file is no image to work with.
    #[error("{1}")]
    Picture(Role, #[source] DecodeError),
    /// The weights cannot be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The bytes are not the weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The optimisation failed.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// No device is open.
    #[error("no device is open")]
    NoDevice,
}

impl RunError {
    /// Returns the fault that the page is told.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreadable(role, reason) => {
                Fault::Unreadable { role: *role, detail: reason.clone() }
            }
            Self::Picture(role, error) => {
                Fault::Picture { role: *role, fault: error.fault(), detail: error.causes() }
            }
            Self::Download(error) => Fault::Download(error.fault()),
            Self::Weights(error) => weights(error),
            Self::Transfer(error) => transfer(error),
            Self::NoDevice => Fault::NoDevice,
        }
    }

    /// Whether the worker is unusable.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Transfer(TransferError::Device(_)))
    }
}

/// Why the pack could not be downloaded.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// No response.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// A response without the pack.
    #[error("the server answered {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The connection broke. The bytes received are kept for the next attempt.
    #[error("the connection broke after {received} of {total} bytes: {reason}")]
    Dropped {
        /// Bytes kept.
        received: u64,
        /// Bytes in all.
        total: u64,
        /// The browser's words.
        reason: String,
    },
}

impl DownloadError {
    fn fault(&self) -> DownloadFault {
        match self {
            Self::Unreachable(reason) => DownloadFault::Unreachable { detail: reason.clone() },
            Self::Refused { status } => DownloadFault::Refused { status: *status },
            Self::Dropped { received, total, reason } => DownloadFault::Dropped {
                received: *received,
                total: *total,
                detail: reason.clone(),
            },
        }
    }
}

fn weights(error: &WeightsError) -> Fault {
    let fault = match error {
        WeightsError::Truncated { .. } => WeightsFault::Truncated,
        WeightsError::WebPage => WeightsFault::WebPage,
        WeightsError::TooLong { .. } | WeightsError::Altered { .. } => WeightsFault::Altered,
        WeightsError::Container(_)
        | WeightsError::Missing(_)
        | WeightsError::Unexpected(_)
        | WeightsError::Misshapen { .. }
        | WeightsError::NotPositive(_) => WeightsFault::Foreign,
    };
    Fault::Weights { fault, detail: error.to_string() }
}

fn transfer(error: &TransferError) -> Fault {
    let detail = error.to_string();
    match error {
        TransferError::Recipe(recipe) => Fault::Recipe { detail: recipe.to_string() },
        TransferError::TooManyStyles(_) => Fault::TooManyStyles { detail },
        TransferError::Masks { .. } | TransferError::Sizes(..) | TransferError::State(_) => {
            Fault::Mismatched { detail }
        }
        TransferError::Device(cause) => Fault::DeviceLost { detail: cause.to_string() },
        TransferError::Diverged(..) => Fault::Diverged { detail },
    }
}

/// Returns the fault of a device that could not be opened.
pub fn unopened(error: &DeviceError) -> Fault {
    let fault = match error {
        DeviceError::NoAdapter(_) => DeviceFault::NoAdapter,
        DeviceError::Unfit(_) => DeviceFault::Unfit,
        DeviceError::NotBuiltIn => DeviceFault::NotBuiltIn,
    };
    Fault::Unopened { fault, detail: error.to_string() }
}

/// Returns the fault that a panic's message implies: Burn and wgpu panic when memory or device are
/// gone.
pub fn panicked(message: &str) -> Fault {
    let (lower, detail) = (message.to_lowercase(), message.to_owned());
    if lower.contains("memory") {
        Fault::OutOfMemory { detail }
    } else if lower.contains("device") && lower.contains("lost")
        || lower.contains("poison")
        || lower.contains("destroyed")
    {
        Fault::DeviceLost { detail }
    } else {
        Fault::Panicked { detail }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::ExecutionError;

    use super::*;

    #[test]
    fn a_panic_is_told_by_what_it_is_about() {
        assert!(matches!(panicked("Out of Memory"), Fault::OutOfMemory { .. }));
        assert!(matches!(panicked("Device was lost"), Fault::DeviceLost { .. }));
        assert!(matches!(panicked("a poisoned lock"), Fault::DeviceLost { .. }));
        assert!(matches!(panicked("index out of bounds"), Fault::Panicked { .. }));
    }

    #[test]
    fn a_failing_device_is_a_lost_one_and_fatal() {
        let cause = ExecutionError::WithContext { reason: "gone".into() };
        let error = RunError::Transfer(TransferError::Device(cause));
        assert!(matches!(error.fault(), Fault::DeviceLost { .. }) && error.is_fatal());
    }

    #[test]
    fn a_fault_keeps_role_values_and_causes() {
        let dropped = DownloadError::Dropped { received: 4, total: 13, reason: "reset".into() };
        let (received, total) = (4, 13);
        assert_eq!(
            RunError::Download(dropped).fault(),
            Fault::Download(DownloadFault::Dropped { received, total, detail: "reset".into() })
        );
        let error = crate::codec::decode(&[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', 0])
            .unwrap_err();
        let Fault::Picture { role, detail, .. } = RunError::Picture(Role::Style, error).fault()
        else {
            panic!("another fault");
        };
        assert_eq!(role, Role::Style);
        assert!(!detail.is_empty());
    }
}

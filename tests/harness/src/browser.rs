//! Real browsers: the supported ones, their drivers, the page as a user sees it, and the site that
//! it comes from.

#[cfg(feature = "browsers")]
#[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
pub mod driver;
#[cfg(feature = "browsers")]
#[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
pub mod page;
#[cfg(feature = "browsers")]
#[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
pub mod site;

use serde::{Deserialize, Serialize};

/// A browser that can be driven: two independent implementations of WebGPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Browser {
    /// Chromium; on SwiftShader without a GPU.
    Chromium,
    /// Firefox; on llvmpipe without a GPU.
    Firefox,
}

impl Browser {
    /// Returns its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }
}

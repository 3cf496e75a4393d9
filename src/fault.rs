//! Faults as codes and values. They cross from worker to page; [`crate::words`] turns them into
//! sentences.

use serde::{Deserialize, Serialize};

use crate::pixels::ImageSize;

/// What went wrong, or is worth a notice, as far as words for people need to know.
///
/// `detail` is the technical cause in the words of the browser, the driver or a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// A painting's frame is left out. A notice.
    FrameLeftOut,
    /// The pack cannot be stored for the next visit. A notice.
    Unstored {
        /// The browser's words.
        detail: String,
    },
    /// The browser does not give a file's bytes.
    Unreadable {
        /// Which file.
        role: Role,
        /// The browser's words.
        detail: String,
    },
    /// A file is no image to work with.
    Picture {
        /// Which file.
        role: Role,
        /// Why.
        fault: PictureFault,
        /// The decoder's words.
        detail: String,
    },
    /// The pack cannot be downloaded.
    Download(DownloadFault),
    /// The pack's bytes are not the pack.
    Weights {
        /// In what way.
        fault: WeightsFault,
        /// The check's words.
        detail: String,
    },
    /// A value of the recipe is out of range.
    Recipe {
        /// Which, and its range.
        detail: String,
    },
    /// More style images than a run blends.
    TooManyStyles {
        /// How many.
        detail: String,
    },
    /// Images, masks or a saved state that do not fit each other.
    Mismatched {
        /// Which.
        detail: String,
    },
    /// Losses or gradient are no longer finite.
    Diverged {
        /// The losses, and the step.
        detail: String,
    },
    /// A run is asked for before a device is open.
    NoDevice,
    /// The device cannot be opened.
    Unopened {
        /// At which stage.
        fault: DeviceFault,
        /// The browser's words.
        detail: String,
    },
    /// The device is lost.
    DeviceLost {
        /// The driver's words.
        detail: String,
    },
    /// An allocation failed.
    OutOfMemory {
        /// The allocator's words.
        detail: String,
    },
    /// The worker panicked.
    Panicked {
        /// The panic's message.
        detail: String,
    },
    /// The worker's script did not start.
    WorkerUnstarted {
        /// The browser's words.
        detail: String,
    },
    /// The worker stopped without a word.
    WorkerStopped {
        /// The browser's words.
        detail: String,
    },
}

/// Which of the files a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The content image.
    Content,
    /// A style image.
    Style,
    /// The result of an earlier run.
    Earlier,
    /// A file just chosen; the page knows its name.
    Chosen,
}

/// Why a file is no image to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureFault {
    /// No bytes at all.
    Empty,
    /// Neither a format that is read nor one that is known.
    NotAPicture,
    /// A format that is known but not read.
    Foreign(ForeignFormat),
    /// The file ends before its image does.
    Truncated(PictureFormat),
    /// The file contradicts its format.
    Damaged(PictureFormat),
    /// A variety of the format that the decoder lacks.
    Variety(PictureFormat),
    /// More pixels than are read.
    TooLarge {
        /// Size of the image, px.
        size: ImageSize,
        /// Most pixels that are read.
        most_pixels: u64,
    },
    /// Nothing that the network could see.
    TooSmall,
}

/// The image formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the formats' own")]
pub enum PictureFormat {
    Bmp,
    Gif,
    Jpeg,
    Png,
    Tiff,
    WebP,
}

/// What people take for an image file and choose, though it cannot be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the formats' own")]
pub enum ForeignFormat {
    Avif,
    CameraRaw,
    Heic,
    JpegXl,
    Pdf,
    Photoshop,
    Svg,
    Video,
    WebPage,
    /// A raster format too rare to be carried.
    Rare,
}

/// Why the pack cannot be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DownloadFault {
    /// No response.
    Unreachable {
        /// The browser's words.
        detail: String,
    },
    /// A response without the pack.
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// The connection broke. The bytes received are kept for the next attempt.
    Dropped {
        /// Bytes kept.
        received: u64,
        /// Bytes in all.
        total: u64,
        /// The browser's words.
        detail: String,
    },
}

/// In what way bytes are not the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightsFault {
    /// Fewer bytes than the pack has.
    Truncated,
    /// A web page came instead.
    WebPage,
    /// Other bytes, or more of them.
    Altered,
    /// A whole pack of another version.
    Foreign,
}

/// At which stage opening a device failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceFault {
    /// The browser or the system offers no adapter.
    NoAdapter,
    /// The adapter gives no device that fits.
    Unfit,
    /// This program was built for another device.
    NotBuiltIn,
}

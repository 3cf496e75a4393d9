//! Files to give to the page, made on the spot.

use std::path::PathBuf;

use tempfile::TempDir;

/// Size of the content picture, px: small, so that a step is quick on an emulated GPU.
pub const CONTENT: (u32, u32) = (40, 32);

/// Size of the style picture, px.
pub const STYLE: (u32, u32) = (48, 36);

/// A folder of files, which goes when this does.
pub struct Pictures {
    folder: TempDir,
}

impl Pictures {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder can be made") }
    }

    /// A small photo: smooth shades with an edge.
    pub fn content(&self) -> PathBuf {
        self.photo("photo.png", CONTENT)
    }

    /// Such a photo of another size, px.
    pub fn other_content(&self, size: (u32, u32)) -> PathBuf {
        self.photo("other.png", size)
    }

    fn photo(&self, name: &str, (width, height): (u32, u32)) -> PathBuf {
        let shade = |x, y| {
            if x > y {
                [230, 180, 90]
            } else {
                [byte(160 * x / width), byte(160 * y / height), 120]
            }
        };
        self.save(name, width, height, shade)
    }

    /// A square photo of this side, px: the small one's shades.
    pub fn large_content(&self, side: u32) -> PathBuf {
        self.save("large.png", side, side, |x, y| {
            if x > y { [230, 180, 90] } else { [byte(x / 16), byte(y / 8), 120] }
        })
    }

    /// A small painting: busy stripes.
    pub fn style(&self) -> PathBuf {
        let (width, height) = STYLE;
        self.save("painting.png", width, height, |x, y| {
            if (x / 3 + y / 2) % 2 == 0 { [20, 40, 160] } else { [250, 220, 40] }
        })
    }

    /// Another painting: blots.
    pub fn second_style(&self) -> PathBuf {
        self.save("second.png", 40, 40, |x, y| {
            if (x / 7) * (y / 5) % 3 == 0 { [180, 30, 40] } else { [240, 235, 220] }
        })
    }

    /// A file of these bytes.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("the file can be written");
        path
    }

    fn save(
        &self,
        name: &str,
        width: u32,
        height: u32,
        colour: impl Fn(u32, u32) -> [u8; 3],
    ) -> PathBuf {
        let path = self.folder.path().join(name);
        let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb(colour(x, y)));
        image.save(&path).expect("the picture can be written");
        path
    }
}

fn byte(value: u32) -> u8 {
    u8::try_from(value).expect("the pictures are small")
}

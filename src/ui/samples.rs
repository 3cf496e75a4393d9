//! The sample pictures that are served beside the page; `www/samples/CREDITS.md` tells of each.

/// A sample picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// File below `samples/`.
    pub file: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// Whose work it is.
    pub credit: &'static str,
}

/// Photos, for the content; the first is the one of "Try a sample".
pub const PHOTOS: [Sample; 3] = [
    Sample { file: "photo-astronaut.jpg", title: "Astronaut", credit: "NASA, public domain" },
    Sample { file: "photo-coffee.jpg", title: "Coffee", credit: "Rachel Michetti, CC0" },
    Sample { file: "photo-cat.jpg", title: "Cat", credit: "Stéfan van der Walt, CC0" },
];

/// Paintings, for the style; the first is the one of "Try a sample".
pub const PAINTINGS: [Sample; 3] = [
    Sample { file: "painting-swirls.jpg", title: "Swirls", credit: "Impasto" },
    Sample { file: "painting-tiles.jpg", title: "Tiles", credit: "Impasto" },
    Sample { file: "painting-strokes.jpg", title: "Strokes", credit: "Impasto" },
];

//! Words of the menus' entries, in the order in which the menus list them.

/// Words of the menus in one language.
#[derive(Debug)]
pub struct MenuWords {
    /// Scales of the painting, from fine to large.
    pub strokes: [&'static str; 5],
    /// Whose colours: the painting's, the photo's, matched.
    pub palettes: [&'static str; 3],
    /// Start images: photo, recoloured photo, that with noise, noise, painting.
    pub starts: [&'static str; 5],
    /// One size alone.
    pub at_full_size: &'static str,
    /// Sizes from this one up, px.
    pub from_size: fn(u32) -> String,
    /// A number of sizes.
    pub in_sizes: fn(u32) -> String,
    /// No layer.
    pub no_layer: &'static str,
    /// What is reconstructed: the photo, the painting.
    pub subjects: [&'static str; 2],
    /// L-BFGS, Adam.
    pub optimizers: [&'static str; 2],
    /// Average, maximum.
    pub poolings: [&'static str; 2],
    /// Continued, zeros.
    pub borders: [&'static str; 2],
    /// Automatic, graphics card, processor.
    pub devices: [&'static str; 3],
    /// Ample, sparing.
    pub memory: [&'static str; 2],
    /// Behind a size that is painted in tiles.
    pub in_tiles: &'static str,
    /// Behind a size beyond the photo's own, px.
    pub photo_has: fn(u32) -> String,
}

/// English.
pub static ENGLISH: MenuWords = MenuWords {
    strokes: ["Fine (×0.5)", "Finer (×0.7)", "As painted", "Larger (×1.5)", "Large (×2)"],
    palettes: ["The painting's", "The photo's", "Matched to the photo's"],
    starts: [
        "The photo as it is",
        "The photo, recoloured",
        "Recoloured, with noise",
        "Noise (paper)",
        "The painting",
    ],
    at_full_size: "At full size",
    from_size: |size| format!("From {size} px up"),
    in_sizes: |count| format!("In {count} sizes, if it has them"),
    no_layer: "None",
    subjects: ["The photo", "The painting"],
    optimizers: ["L-BFGS", "Adam (lighter)"],
    poolings: ["Average", "Max"],
    borders: ["Continued", "Zeros (paper)"],
    devices: ["Automatic", "Graphics card (WebGPU)", "Processor"],
    memory: ["Ample (faster)", "Sparing (slower)"],
    in_tiles: ", in tiles",
    photo_has: |edge| format!(" (the photo has {edge})"),
};

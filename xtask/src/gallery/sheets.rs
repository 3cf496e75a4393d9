//! Definitions of the sheets that [`super`] paints.

/// A sheet of images that differ in one option.
#[derive(Debug)]
pub struct Sheet {
    /// File name without its ending.
    pub name: &'static str,
    /// Caption, a sentence.
    pub about: &'static str,
    /// Pairs of images. Each fills a row of cells.
    pub rows: &'static [Pair],
    pub cells: &'static [Cell],
    /// Multiplier of the usual number of steps: a start from noise takes longer.
    pub times: u32,
}

/// File names of a sample photo and a sample painting.
pub type Pair = (&'static str, &'static str);

/// Caption of an image, and the words of the command line that paint it. A name in braces stands
/// for a path that [`super`] knows.
pub type Cell = (&'static str, &'static [&'static str]);

/// Command that repaints the photo.
pub const STYLIZE: &str = "stylize";
/// Command that shows what layers represent.
pub const RECONSTRUCT: &str = "reconstruct";
/// Command that paints a sheet by itself.
pub const GRID: &str = "grid";

/// Pair of most sheets.
const ONE: &[Pair] = &[("photo-cat.jpg", "painting-orchard.jpg")];
/// Pairs that have little in common.
const THREE: &[Pair] = &[
    ONE[0],
    ("photo-astronaut.jpg", "painting-night.jpg"),
    ("photo-coffee.jpg", "painting-window.jpg"),
];

/// Start images of a run.
const STARTS: &[Cell] = &[
    ("the photo", &[STYLIZE]),
    ("the same at one size", &[STYLIZE, "--sizes=one"]),
    ("the photo, recoloured", &[STYLIZE, "--start=recoloured"]),
    ("recoloured, with noise", &[STYLIZE, "--start=recoloured=0.7,noise=0.3"]),
    ("noise", &[STYLIZE, "--start=noise"]),
    ("the painting", &[STYLIZE, "--start=painting"]),
];

/// Multiplier of the steps for sheets that begin with noise.
const OUT_OF_NOISE: u32 = 5;

/// All sheets, in the order of the index.
pub const SHEETS: [Sheet; 19] = [
    Sheet {
        name: "presets",
        about: "The presets.",
        rows: THREE,
        cells: &[
            ("Balanced", &[STYLIZE]),
            ("Closer to the photo", &[STYLIZE, "--preset=closer_to_the_photo"]),
            ("Bolder strokes", &[STYLIZE, "--preset=bolder_strokes"]),
            ("Colours of the photo", &[STYLIZE, "--preset=colours_of_the_photo"]),
            ("Paper, 2015", &[STYLIZE, "--preset=paper"]),
        ],
        times: OUT_OF_NOISE,
    },
    Sheet {
        name: "balance",
        about: "From content to style: the content weight.",
        rows: ONE,
        cells: &[
            ("16000", &[STYLIZE, "--content-weight=16000"]),
            ("3000", &[STYLIZE, "--content-weight=3000"]),
            ("500", &[STYLIZE]),
            ("90", &[STYLIZE, "--content-weight=90"]),
            ("16", &[STYLIZE, "--content-weight=16"]),
        ],
        times: 1,
    },
    Sheet {
        name: "colours",
        about: "Whose colours the result has.",
        rows: ONE,
        cells: &[
            ("the painting's", &[STYLIZE]),
            ("the photo's", &[STYLIZE, "--palette=photo"]),
            ("the photo's, in linear light", &[STYLIZE, "--palette=photo", "--linear-light"]),
            ("matched", &[STYLIZE, "--palette=matched"]),
            ("matched, in linear light", &[STYLIZE, "--palette=matched", "--linear-light"]),
        ],
        times: 1,
    },
    Sheet {
        name: "strokes",
        about: "Stroke size: the scale of the painting.",
        rows: ONE,
        cells: &[
            ("×0.5", &[STYLIZE, "--style-scale=0.5"]),
            ("×0.7", &[STYLIZE, "--style-scale=0.7"]),
            ("×1", &[STYLIZE]),
            ("×1.5", &[STYLIZE, "--style-scale=1.5"]),
            ("×2", &[STYLIZE, "--style-scale=2"]),
        ],
        times: 1,
    },
    Sheet {
        name: "grain",
        about: "Fine to coarse: which style layers count most.",
        rows: ONE,
        cells: &[
            ("-1", &[STYLIZE, "--grain=-1"]),
            ("-0.5", &[STYLIZE, "--grain=-0.5"]),
            ("0", &[STYLIZE]),
            ("0.5", &[STYLIZE, "--grain=0.5"]),
            ("1", &[STYLIZE, "--grain=1"]),
        ],
        times: 1,
    },
    Sheet {
        name: "start",
        about: "What the optimisation begins with, and at how many sizes it paints.",
        rows: ONE,
        cells: STARTS,
        times: OUT_OF_NOISE,
    },
    Sheet {
        name: "first_steps",
        about: "The same starts after few steps.",
        rows: ONE,
        cells: STARTS,
        times: 1,
    },
    Sheet {
        name: "layers",
        about: "Style from fewer layers, repainting the photo.",
        rows: ONE,
        cells: &[
            ("conv1_1", &[STYLIZE, "--style-layers=conv1_1"]),
            ("to conv2_1", &[STYLIZE, "--style-layers=conv1_1,conv2_1"]),
            ("to conv3_1", &[STYLIZE, "--style-layers=conv1_1,conv2_1,conv3_1"]),
            ("to conv4_1", &[STYLIZE, "--style-layers=conv1_1,conv2_1,conv3_1,conv4_1"]),
            ("to conv5_1", &[STYLIZE]),
        ],
        times: 1,
    },
    Sheet {
        name: "content_layer",
        about: "Which layer's content is kept, at a content weight of 8000.",
        rows: ONE,
        cells: &[
            ("conv2_2", &[STYLIZE, "--content-weight=8000", "--content-layers=conv2_2"]),
            ("conv3_2", &[STYLIZE, "--content-weight=8000", "--content-layers=conv3_2"]),
            ("conv4_2", &[STYLIZE, "--content-weight=8000"]),
            ("conv5_1", &[STYLIZE, "--content-weight=8000", "--content-layers=conv5_1"]),
        ],
        times: 1,
    },
    Sheet {
        name: "blend",
        about: "Two paintings, from the one to the other.",
        rows: ONE,
        cells: &[
            ("1 : 0", &[STYLIZE, "{night}", "--style-weights=1,0"]),
            ("3 : 1", &[STYLIZE, "{night}", "--style-weights=3,1"]),
            ("1 : 1", &[STYLIZE, "{night}", "--style-weights=1,1"]),
            ("1 : 3", &[STYLIZE, "{night}", "--style-weights=1,3"]),
            ("0 : 1", &[STYLIZE, "{night}", "--style-weights=0,1"]),
        ],
        times: 1,
    },
    Sheet {
        name: "regions",
        about: "Each painting in its own region.",
        rows: ONE,
        cells: &[
            ("the first on the left", &[STYLIZE, "--mask={left}"]),
            ("the first on the right", &[STYLIZE, "--mask={right}"]),
            (
                "the first on the left, the second on the right",
                &[STYLIZE, "{night}", "--mask={left}", "--mask={right}"],
            ),
            ("the other way round", &[STYLIZE, "{night}", "--mask={right}", "--mask={left}"]),
        ],
        times: 1,
    },
    Sheet {
        name: "network",
        about: "How the network reads: its filters as published or each as loud as the others, and \
                its pooling.",
        rows: ONE,
        cells: &[
            ("raw, average pooling", &[STYLIZE]),
            ("raw, max pooling", &[STYLIZE, "--pooling=max"]),
            ("normalised, average pooling", &[STYLIZE, "--network=normalised"]),
            ("normalised, max pooling", &[STYLIZE, "--network=normalised", "--pooling=max"]),
        ],
        times: 1,
    },
    Sheet {
        name: "border",
        about: "What lies beyond the border.",
        rows: ONE,
        cells: &[
            ("the picture continued", &[STYLIZE, "--content-weight=16"]),
            ("zeros", &[STYLIZE, "--content-weight=16", "--border=zero"]),
        ],
        times: 1,
    },
    Sheet {
        name: "smoothness",
        about: "Smoothness: the weight of total variation.",
        rows: ONE,
        cells: &[
            ("0", &[STYLIZE]),
            ("1000", &[STYLIZE, "--tv-weight=1000"]),
            ("10000", &[STYLIZE, "--tv-weight=10000"]),
            ("100000", &[STYLIZE, "--tv-weight=100000"]),
        ],
        times: 1,
    },
    Sheet {
        name: "optimizer",
        about: "The optimiser, after as many steps.",
        rows: ONE,
        cells: &[("L-BFGS", &[STYLIZE]), ("Adam", &[STYLIZE, "--optimizer=adam"])],
        times: 1,
    },
    Sheet {
        name: "seed",
        about: "The seed, from noise, at a smoothness of 1000.",
        rows: ONE,
        cells: &[
            ("0", &[STYLIZE, "--start=noise", "--tv-weight=1000"]),
            ("1", &[STYLIZE, "--start=noise", "--tv-weight=1000", "--seed=1"]),
            ("2", &[STYLIZE, "--start=noise", "--tv-weight=1000", "--seed=2"]),
        ],
        times: OUT_OF_NOISE,
    },
    Sheet {
        name: "content",
        about: "What a layer knows of the photo: its content alone, out of noise.",
        rows: ONE,
        cells: &[
            ("conv1_1", &[RECONSTRUCT, "--content=conv1_1"]),
            ("conv2_1", &[RECONSTRUCT, "--content=conv2_1"]),
            ("conv3_1", &[RECONSTRUCT, "--content=conv3_1"]),
            ("conv4_1", &[RECONSTRUCT, "--content=conv4_1"]),
            ("conv5_1", &[RECONSTRUCT, "--content=conv5_1"]),
        ],
        times: OUT_OF_NOISE,
    },
    Sheet {
        name: "style",
        about: "What layers know of the painting: their style alone, out of noise.",
        rows: ONE,
        cells: &[
            ("conv1_1", &[RECONSTRUCT, "--style=conv1_1"]),
            ("to conv2_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1"]),
            ("to conv3_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1,conv3_1"]),
            ("to conv4_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1,conv3_1,conv4_1"]),
            ("to conv5_1", &[RECONSTRUCT, "--style=conv1_1,conv2_1,conv3_1,conv4_1,conv5_1"]),
        ],
        times: OUT_OF_NOISE,
    },
    Sheet {
        name: "grid",
        about: "The paper's grid: style from more and more layers downwards, more and more content \
                to the right.",
        rows: ONE,
        cells: &[("content weights of 16, 500 and 16000", &[GRID, "--weights=16,500,16000"])],
        times: 1,
    },
];

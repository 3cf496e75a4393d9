//! Words of the Workshop: the field's own.

/// Words of the expert's controls in one language.
#[derive(Debug)]
pub struct WorkshopWords {
    /// Group of the style layers.
    pub style_layers: &'static str,
    /// Said where no style layer counts.
    pub no_style_layer: &'static str,
    /// Said where the layers do not weigh alike.
    pub uneven_layers: &'static str,
    /// Menu of the content layer.
    pub content_layer: &'static str,
    /// Menu of the optimiser.
    pub optimizer: &'static str,
    /// Menu of the device.
    pub device: &'static str,
    /// Menu of the memory.
    pub memory: &'static str,
    /// Menu of the sizes.
    pub build_up: &'static str,
    /// Menu of the start image.
    pub start: &'static str,
    /// Menu of the pooling.
    pub pooling: &'static str,
    /// Menu of the border.
    pub border: &'static str,
    /// Box of linear light.
    pub linear_light: &'static str,
    /// Box of a painting's frame.
    pub keep_frame: &'static str,
    /// Saves the settings.
    pub save_recipe: &'static str,
    /// What it saves.
    pub save_recipe_about: &'static str,
    /// Loads settings.
    pub load_recipe: &'static str,
    /// The total loss, and its terms.
    pub losses: [&'static str; 4],
    /// A grain between fine and coarse.
    pub balanced: &'static str,
    /// A grain towards fine layers, per cent.
    pub finer: fn(u32) -> String,
    /// A grain towards coarse layers, per cent.
    pub coarser: fn(u32) -> String,
    /// Style layers up to this one.
    pub up_to: fn(&str) -> String,
    /// A share of the painting's style, per cent.
    pub style_share: fn(u32) -> String,
}

/// English.
pub static ENGLISH: WorkshopWords = WorkshopWords {
    style_layers: "Style layers, fine to coarse",
    no_style_layer: "Without a layer the painting does not count: what is painted is the photo.",
    uneven_layers: "They do not weigh alike: the recipe says how much each counts.",
    content_layer: "Content layer",
    optimizer: "Optimiser",
    device: "Compute on",
    memory: "Graphics memory",
    build_up: "Build-up",
    start: "Start from",
    pooling: "Pooling",
    border: "Border",
    linear_light: "Tell colours apart in linear light",
    keep_frame: "Take a painting's frame as part of it",
    save_recipe: "Save recipe",
    save_recipe_about: "All settings as a file, for another day or device",
    load_recipe: "Load recipe",
    losses: ["Loss", "Content", "Style", "Smoothness"],
    balanced: "balanced",
    finer: |percent| format!("{percent} % finer"),
    coarser: |percent| format!("{percent} % coarser"),
    up_to: |layer| format!("to {layer}"),
    style_share: |percent| format!("{percent} % style"),
};

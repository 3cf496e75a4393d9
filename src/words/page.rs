//! Words of the page's controls: what stands on view and what a screen reader says are the same.

use super::menus::{self, MenuWords};
use super::workshop::{self, WorkshopWords};

/// Words of the page in one language.
#[derive(Debug)]
pub struct PageWords {
    /// The product in a sentence.
    pub tagline: &'static str,
    /// Where pictures go, which is nowhere.
    pub privacy: &'static str,
    /// Source and licence of the network.
    pub credit: &'static str,

    /// Panel of the inputs.
    pub pictures: &'static str,
    /// The first input.
    pub photo: &'static str,
    /// The second input.
    pub painting: &'static str,
    /// A painting to blend in.
    pub second_painting: &'static str,
    /// Hint in an empty place of the photo.
    pub photo_hint: &'static str,
    /// Hint in an empty place of a second painting.
    pub blend_hint: &'static str,
    /// Ways to fill a place.
    pub ways_in: &'static str,
    /// A picture that the browser cannot draw.
    pub no_preview: &'static str,
    /// Exchanges photo and painting.
    pub swap: &'static str,
    /// Takes the second painting out.
    pub remove_second: &'static str,
    /// Sample photos.
    pub sample_photos: &'static str,
    /// Paintings to choose from.
    pub shelf: &'static str,
    /// Takes a painting by chance.
    pub surprise: &'static str,
    /// Slider of a blend.
    pub blend: Slider,

    /// Panel of the settings.
    pub look: &'static str,
    /// Settings that match no look.
    pub own_look: &'static str,
    /// Takes a change back.
    pub undo: &'static str,
    /// Slider between photo and painting.
    pub how_much: Slider,
    /// Slider of the outlines.
    pub outlines: Slider,
    /// Slider of the grain.
    pub grain: Slider,
    /// Slider of total variation.
    pub smoothness: Slider,
    /// Group of the controls that the running painting does not follow.
    pub next_time: &'static str,
    /// Longer side of the result.
    pub size: &'static str,
    /// Number of evaluations.
    pub steps: &'static str,
    /// Scale of the painting.
    pub brush: &'static str,
    /// Whose colours.
    pub colours: &'static str,
    /// Drawer of the expert's controls.
    pub workshop: &'static str,
    /// Words of its controls.
    pub in_workshop: &'static WorkshopWords,
    /// Words of the menus' entries.
    pub menus: &'static MenuWords,

    /// The stage.
    pub stage: &'static str,
    /// The photo alone.
    pub see_photo: &'static str,
    /// Half and half.
    pub see_half: &'static str,
    /// The picture alone.
    pub see_picture: &'static str,
    /// Both beside each other.
    pub see_both: &'static str,
    /// Slider between the two.
    pub compare: &'static str,
    /// Group of the comparing buttons.
    pub comparing: &'static str,
    /// Shows the photo while pressed.
    pub hold: &'static str,
    /// Group of the zooming buttons.
    pub zoom: &'static str,
    /// Enlarges.
    pub zoom_in: &'static str,
    /// Makes smaller.
    pub zoom_out: &'static str,
    /// Field of the zoom.
    pub percent: &'static str,
    /// The whole picture.
    pub fit: &'static str,
    /// One picture pixel on each device pixel.
    pub actual: &'static str,
    /// Puts everything but the picture away.
    pub picture_only: &'static str,
    /// Brings it back.
    pub leave_picture_only: &'static str,
    /// Paints with samples.
    pub try_sample: &'static str,
    /// Chooses a photo from the empty stage.
    pub choose_photo: &'static str,
    /// Opens the file dialogue for a painting.
    pub choose_painting: &'static str,
    /// Takes a picture from the clipboard.
    pub paste: &'static str,
    /// Moves the enlarged picture.
    pub pan: &'static str,
    /// The finished sample of the empty stage.
    pub sample_picture: &'static str,

    /// Buttons of a run.
    pub run: &'static str,
    /// Starts.
    pub paint: &'static str,
    /// Rests.
    pub pause: &'static str,
    /// Goes on after a rest.
    pub resume: &'static str,
    /// Ends the run.
    pub stop: &'static str,
    /// Saves the picture.
    pub save: &'static str,
    /// Saves the moment on view.
    pub save_moment: &'static str,
    /// Saves a film as video.
    pub save_film: &'static str,
    /// Saves a film as an animated image.
    pub save_gif: &'static str,
    /// Slider over the making.
    pub moment: &'static str,
    /// Leaves the moment on view.
    pub back_to_now: &'static str,
    /// Slider of the picture over the photo.
    pub strength: &'static str,
    /// Starts from the result.
    pub go_on: &'static str,
    /// Brings the result before back.
    pub previous: &'static str,
    /// Brings the later result back.
    pub latest: &'static str,
    /// Bar of the progress.
    pub progress: &'static str,

    /// List of keys.
    pub keys: &'static str,
    /// Switch of the keys.
    pub single_keys: &'static str,
    /// Closes what is open.
    pub close: &'static str,
    /// What the network is.
    pub inside_about: &'static str,
    /// What a reconstruction is.
    pub reconstruct_about: &'static str,
    /// Menu of what is reconstructed.
    pub reconstruction_of: &'static str,
    /// Menu of the layer to reconstruct from.
    pub from_layer: &'static str,
    /// Said where no layer is chosen to reconstruct from.
    pub reconstruct_needs_layer: &'static str,
    /// Starts a reconstruction.
    pub reconstruct: &'static str,
    /// What the grid is, by the number of its pictures.
    pub grid_about: fn(usize) -> String,
    /// Starts the grid.
    pub paint_grid: &'static str,
    /// Caption of the grid.
    pub grid_caption: &'static str,
    /// Takes the settings of a picture over.
    pub use_settings: &'static str,
    /// Place of the reconstructions and the grid.
    pub inside: &'static str,
    /// The look that was taken.
    pub look_taken: fn(&str) -> String,
    /// Shows or hides the panel of this name.
    pub toggle_panel: fn(&str) -> String,
    /// Enlarges the cell of this name.
    pub enlarge: fn(&str) -> String,
    /// A file under examination.
    pub reading: fn(&str) -> String,
    /// A share of the photo, per cent.
    pub compared: fn(f64) -> String,
    /// A moment of this step, of all.
    pub at_step: fn(u32, u32) -> String,
    /// A share of the second painting, per cent.
    pub second_share: fn(u32) -> String,
    /// A slider at its low end that does nothing.
    pub not_at_all: &'static str,
    /// Technical cause of an error.
    pub details: &'static str,
    /// Takes a message off view.
    pub dismiss: &'static str,
    /// Does the last again.
    pub retry: &'static str,
    /// Leaves the device to the page.
    pub choose_device: &'static str,
    /// A share of painting, per cent.
    pub painted: fn(u32) -> String,
    /// Number of changes that wait.
    pub waiting: fn(usize) -> String,
}

/// Words of a slider: its name and its ends.
#[derive(Clone, Copy, Debug)]
pub struct Slider {
    /// Its name.
    pub name: &'static str,
    /// Words of its low and its high end.
    pub ends: [&'static str; 2],
}

/// English.
pub static ENGLISH: PageWords = PageWords {
    tagline: "Your photo, repainted in the manner of a painting.",
    privacy: "Your pictures never leave this device: everything is computed here, in this page.",
    credit: "The network is VGG-19 by Karen Simonyan and Andrew Zisserman, University of Oxford \
             (CC BY 4.0).",

    pictures: "Pictures",
    photo: "Photo",
    painting: "Painting",
    second_painting: "Second painting",
    photo_hint: "your photo",
    blend_hint: "blend in",
    ways_in: "Choose, drop or paste",
    no_preview: "no preview",
    swap: "Swap photo and painting",
    remove_second: "Remove second painting",
    sample_photos: "Sample photos",
    shelf: "Paintings to choose from",
    surprise: "Surprise me",
    blend: Slider { name: "First or second painting", ends: ["First", "Second"] },

    look: "Look",
    own_look: "Your own",
    undo: "Undo",
    how_much: Slider { name: "How much painting", ends: ["Photo", "Painting"] },
    outlines: Slider { name: "Keep outlines", ends: ["Free", "Firm"] },
    grain: Slider { name: "Fine marks or broad forms", ends: ["Fine", "Broad"] },
    smoothness: Slider { name: "Smooth out speckle", ends: ["Not", "Strongly"] },
    next_time: "Next time",
    size: "Size",
    steps: "Steps",
    brush: "Brush size",
    colours: "Colours",
    workshop: "Workshop",
    in_workshop: &workshop::ENGLISH,
    menus: &menus::ENGLISH,

    stage: "Picture",
    see_photo: "Photo",
    see_half: "Half",
    see_picture: "Picture",
    see_both: "Side by side",
    compare: "Compare",
    comparing: "What is shown",
    hold: "Hold for photo",
    zoom: "Zoom",
    zoom_in: "Zoom in",
    zoom_out: "Zoom out",
    percent: "Zoom, per cent",
    fit: "Fit",
    actual: "Actual pixels",
    picture_only: "Picture only",
    leave_picture_only: "Show everything",
    try_sample: "Try a sample",
    choose_photo: "Choose a photo",
    choose_painting: "Choose a painting",
    paste: "Paste a picture",
    pan: "Move the enlarged picture",
    sample_picture: "A cat, repainted after The Starry Night",

    run: "Painting",
    paint: "Paint",
    pause: "Pause",
    resume: "Resume",
    stop: "Stop",
    save: "Save",
    save_moment: "Keep this moment",
    save_film: "Save film",
    save_gif: "Save GIF",
    moment: "Moment",
    back_to_now: "Back to now",
    strength: "Strength",
    go_on: "Go on painting",
    previous: "Previous result",
    latest: "Latest result",
    progress: "Progress",

    keys: "Keys",
    single_keys: "Single-key shortcuts",
    close: "Close",
    inside_about: "A painting is found by a network, VGG-19, that was trained to name what \
                   photos show. Its first layers see grain and colour, its last ones forms and \
                   things. Here one sees what each of them keeps.",
    reconstruct_about: "One picture, painted out of noise from what layers know of it and nothing \
                        else: the photo's content, or the painting's style. Size and steps are \
                        those of the look.",
    reconstruction_of: "Reconstruction of",
    from_layer: "From layer",
    reconstruct_needs_layer: "Choose at least one layer to paint from.",
    reconstruct: "Reconstruct",
    grid_about: |cells| {
        format!(
            "{cells} small pictures: more and more style layers against more and more content, \
             all else as set. Steps are those of the look."
        )
    },
    paint_grid: "Paint the grid",
    grid_caption: "Grid: style layers downwards, content to the right. Press a picture to enlarge \
                   it.",
    use_settings: "Use its settings",
    inside: "Inside the network",
    look_taken: |look| format!("Look: {look}"),
    toggle_panel: |name| format!("Show or hide {}", name.to_lowercase()),
    enlarge: |cell| format!("Enlarge {cell}"),
    reading: |name| format!("Reading {name} …"),
    compared: |percent| format!("{percent:.0} % photo"),
    at_step: |step, of| format!("step {step} of {of}"),
    second_share: |percent| format!("{percent} % second"),
    not_at_all: "not at all",
    details: "Details",
    dismiss: "Dismiss",
    retry: "Retry",
    choose_device: "Choose automatically",
    painted: |percent| format!("{percent} % painting"),
    waiting: |count| match count {
        0 => String::new(),
        1 => "1 change waits for the next painting".to_owned(),
        count => format!("{count} changes wait for the next painting"),
    },
};

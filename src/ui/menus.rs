//! Menus of the page.

use super::device_choice::DeviceChoice;
use super::reconstruction::ReconstructionOf;
use crate::layer::Layer;
use crate::memory::{DeviceLimits, MemoryUse};
use crate::pixels::ImageSize;
use crate::recipe::pyramid;
use crate::recipe::{Border, LayerWeights, OptimizerKind, Palette, Pooling, Recipe, Sizes, Start};
use crate::words::figures::gigabytes;
use crate::words::menus::MenuWords;

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq)]
pub struct MenuItem<T> {
    /// Its value.
    pub value: T,
    /// Its key in the markup; unique within a menu.
    pub key: String,
    /// Its label.
    pub label: String,
}

/// Returns entries of these values and keys, and their labels.
fn items<T, const N: usize>(
    entries: [(T, &'static str); N],
    labels: [&'static str; N],
) -> Vec<MenuItem<T>> {
    entries.into_iter().zip(labels).map(|((value, key), label)| item(value, key, label)).collect()
}

fn item<T>(value: T, key: impl Into<String>, label: impl Into<String>) -> MenuItem<T> {
    MenuItem { value, key: key.into(), label: label.into() }
}

/// Key of a value that a recipe file brought.
const OWN: &str = "own";

/// Returns `menus` with `own` added if it is none of them.
fn with_own<T: PartialEq>(
    mut menus: Vec<MenuItem<T>>,
    own: T,
    label: impl FnOnce(&T) -> String,
) -> Vec<MenuItem<T>> {
    if menus.iter().all(|item| item.value != own) {
        let label = label(&own);
        menus.push(item(own, OWN, label));
    }
    menus
}

/// Returns `size`, or the first of `fitting` that covers the photo if `size` is larger: both give
/// the same result.
pub fn covering(fitting: &[u32], size: u32, photo: Option<ImageSize>) -> u32 {
    let covers = |&&edge: &&u32| photo.is_some_and(|photo| edge >= photo.long_edge());
    fitting.iter().find(covers).map_or(size, |&covering| size.min(covering))
}

/// Returns sizes of the result, px, up to the first that covers the photo. On a GPU each tells its
/// memory for `recipe`, and whether it is tiled. Without a known shape, photo and paintings count
/// as squares.
pub fn sizes(
    fitting: &[u32],
    own: u32,
    photo: Option<ImageSize>,
    gpu: Option<DeviceLimits>,
    recipe: &Recipe,
    words: &MenuWords,
) -> Vec<MenuItem<u32>> {
    let bounded = |size: u32| match photo {
        Some(photo) if photo.long_edge() < size => (words.photo_has)(photo.long_edge()),
        _ => String::new(),
    };
    let memory = |size: u32, gpu: DeviceLimits| {
        let fitted = photo.unwrap_or(ImageSize::new(size, size)).fit_to_edge(size);
        let ImageSize { width, height } = fitted;
        let tiles = if gpu.sees_whole(width, height) { "" } else { words.in_tiles };
        // A smaller untiled size may take more memory than the tiled result.
        let at = |edge: u32| {
            let ImageSize { width, height } = fitted.fit_to_edge(edge);
            gpu.bytes_to_paint(width, height, recipe.style_edge(edge))
        };
        let most = pyramid::edges(fitted, recipe.sizes).into_iter().map(at).max().unwrap_or(0);
        format!(" · {}{tiles}", gigabytes(most))
    };
    let label = |&size: &u32| {
        format!(
            "{size} px{}{}",
            gpu.map_or_else(String::new, |gpu| memory(size, gpu)),
            bounded(size)
        )
    };
    let useful = fitting.iter().filter(|&&size| covering(fitting, size, photo) == size);
    with_own(
        useful.map(|size| item(*size, size.to_string(), label(size))).collect(),
        covering(fitting, own, photo),
        label,
    )
}

/// Returns the stroke sizes: scales of the painting.
pub fn stroke_sizes(own: f32, words: &MenuWords) -> Vec<MenuItem<f32>> {
    let scales = [(0.5, "0.5"), (0.7, "0.7"), (1.0, "1"), (1.5, "1.5"), (2.0, "2")];
    with_own(items(scales, words.strokes), own, |scale| format!("×{}", two_decimals(*scale)))
}

/// Returns whose colours the result can have.
pub fn palettes(words: &MenuWords) -> Vec<MenuItem<Palette>> {
    let palettes =
        [(Palette::Painting, "painting"), (Palette::Photo, "photo"), (Palette::Matched, "matched")];
    items(palettes, words.palettes)
}

/// Returns the start images.
pub fn starts(own: Start, words: &MenuWords) -> Vec<MenuItem<Start>> {
    let starts = [
        (Start::PHOTO, "photo"),
        (Start::RECOLOURED, "recoloured"),
        (Start::BLEND, "blend"),
        (Start::NOISE, "noise"),
        (Start::PAINTING, "painting"),
    ];
    with_own(items(starts, words.starts), own, |start| mixture(*start))
}

/// First sizes of a build-up, px. Below 160 px the photo's forms are lost.
const FIRST_SIZES: [u32; 3] = [160, 226, 320];

/// Returns the build-ups for a result of `size` px, by their first size; only those that give more
/// than one size for this photo, or for 3:2 if its shape is unknown.
pub fn build_ups(
    own: Sizes,
    size: u32,
    photo: Option<ImageSize>,
    words: &MenuWords,
) -> Vec<MenuItem<Sizes>> {
    let fitted = photo.unwrap_or(ImageSize::new(size, size * 2 / 3)).fit_to_edge(size);
    let grows = |&first: &u32| {
        pyramid::edges(fitted, Sizes::Growing(first)).len() > 1 || own == Sizes::Growing(first)
    };
    let growing = FIRST_SIZES.into_iter().filter(grows);
    let growing = growing.map(|first| {
        item(Sizes::Growing(first), format!("from-{first}"), (words.from_size)(first))
    });
    let menus = [item(Sizes::One, "one", words.at_full_size)].into_iter().chain(growing).collect();
    with_own(menus, own, |sizes| match sizes {
        Sizes::One => words.at_full_size.to_owned(),
        Sizes::Doubling(count) => (words.in_sizes)(*count),
        Sizes::Growing(first) => (words.from_size)(*first),
    })
}

/// Returns the content layers.
pub fn content_layers(own: LayerWeights, words: &MenuWords) -> Vec<MenuItem<LayerWeights>> {
    let menus = Layer::ALL
        .map(|layer| item(LayerWeights::even(&[layer], 1.0), layer.name(), layer.name()))
        .into();
    with_own(menus, own, |layers| match layers.layers()[..] {
        [] => words.no_layer.into(),
        [layer] => format!("{} ×{}", layer.name(), two_decimals(layers.of(layer))),
        ref several => several.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(", "),
    })
}

/// Returns what a reconstruction can show.
pub fn subjects(words: &MenuWords) -> Vec<MenuItem<ReconstructionOf>> {
    let subjects = [(ReconstructionOf::Content, "content"), (ReconstructionOf::Style, "style")];
    items(subjects, words.subjects)
}

/// Returns the layers to reconstruct content from.
pub fn layers() -> Vec<MenuItem<Layer>> {
    Layer::ALL.map(|layer| item(layer, layer.name(), layer.name())).into()
}

/// Describes a start image, as in "70 % photo, 30 % noise".
fn mixture(start: Start) -> String {
    let counted = start.normalised().named().into_iter().filter(|(_, share)| *share > 0.0);
    counted
        .map(|(name, share)| format!("{:.0} % {name}", 100.0 * share))
        .collect::<Vec<_>>()
        .join(", ")
}

fn two_decimals(value: f32) -> String {
    format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns the optimisers.
pub fn optimizers(words: &MenuWords) -> Vec<MenuItem<OptimizerKind>> {
    let optimizers = [(OptimizerKind::Lbfgs, "lbfgs"), (OptimizerKind::Adam, "adam")];
    items(optimizers, words.optimizers)
}

/// Returns the poolings.
pub fn poolings(words: &MenuWords) -> Vec<MenuItem<Pooling>> {
    items([(Pooling::Average, "average"), (Pooling::Max, "max")], words.poolings)
}

/// Returns the borders.
pub fn borders(words: &MenuWords) -> Vec<MenuItem<Border>> {
    items([(Border::Replicate, "replicate"), (Border::Zero, "zero")], words.borders)
}

/// Returns the devices.
pub fn devices(words: &MenuWords) -> Vec<MenuItem<DeviceChoice>> {
    items(DeviceChoice::ALL.map(|choice| (choice, choice.key())), words.devices)
}

/// Returns the uses of memory.
pub fn memory_uses(words: &MenuWords) -> Vec<MenuItem<MemoryUse>> {
    items([(MemoryUse::Ample, "ample"), (MemoryUse::Sparing, "sparing")], words.memory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Preset, Recipe, Sizes};
    use crate::words::menus::ENGLISH as WORDS;

    /// Keys differ, and the default is among the values.
    fn holds<T: PartialEq + std::fmt::Debug>(menus: &[MenuItem<T>], default: &T) {
        for (index, item) in menus.iter().enumerate() {
            assert!(menus[..index].iter().all(|other| other.key != item.key), "{item:?}");
        }
        assert!(menus.iter().any(|item| item.value == *default), "{default:?} is not offered");
    }

    #[test]
    fn every_list_offers_the_default_and_has_keys_of_its_own() {
        let recipe = Recipe::default();
        offered(|own| stroke_sizes(own, &WORDS), recipe.style_scale);
        offered(|own| starts(own, &WORDS), recipe.start);
        offered(|own| build_ups(own, 512, None, &WORDS), recipe.sizes);
        offered(|own| content_layers(own, &WORDS), recipe.loss_weights.content_layers);
        holds(&palettes(&WORDS), &recipe.colours.palette);
        holds(&optimizers(&WORDS), &recipe.optimizer);
        holds(&poolings(&WORDS), &recipe.features.pooling);
        holds(&borders(&WORDS), &recipe.features.border);
        holds(&devices(&WORDS), &DeviceChoice::default());
        holds(&memory_uses(&WORDS), &MemoryUse::default());
        holds(&subjects(&WORDS), &ReconstructionOf::default());
        holds(&layers(), &Layer::CONTENT);
    }

    /// Checks that the value is offered beside others and that keys differ.
    fn offered<T: PartialEq + Copy + std::fmt::Debug>(menus: fn(T) -> Vec<MenuItem<T>>, value: T) {
        holds(&menus(value), &value);
        assert!(
            menus(value).iter().all(|item| item.key != OWN),
            "{value:?} is not offered of itself"
        );
    }

    #[test]
    fn what_presets_choose_is_offered() {
        for preset in Preset::ALL {
            let recipe = preset.applied_to(&Recipe::default());
            offered(|own| stroke_sizes(own, &WORDS), recipe.style_scale);
            offered(|own| starts(own, &WORDS), recipe.start);
            offered(|own| build_ups(own, 512, None, &WORDS), recipe.sizes);
        }
    }

    #[test]
    fn a_recipes_own_values_are_offered_beside_the_usual_ones_and_in_words() {
        fn own<T: PartialEq + Copy + std::fmt::Debug>(
            menus: fn(T) -> Vec<MenuItem<T>>,
            value: T,
        ) -> String {
            let menus = menus(value);
            holds(&menus, &value);
            menus
                .into_iter()
                .find(|item| item.key == OWN)
                .expect("it is offered as one's own")
                .label
        }
        assert_eq!(own(|own| stroke_sizes(own, &WORDS), 0.83), "×0.83");
        assert_eq!(
            own(|own| starts(own, &WORDS), Start { photo: 0.5, noise: 1.0, ..Start::default() }),
            "33 % photo, 67 % noise"
        );
        assert_eq!(
            own(|sizes| build_ups(sizes, 128, None, &WORDS), Sizes::Doubling(3)),
            "In 3 sizes, if it has them"
        );
        let layer = |layer, weight| LayerWeights::default().with(layer, weight);
        assert_eq!(
            own(|own| content_layers(own, &WORDS), layer(Layer::Conv2_1, 0.5)),
            "conv2_1 ×0.5"
        );
        assert_eq!(
            own(
                |own| content_layers(own, &WORDS),
                layer(Layer::Conv2_1, 1.0).with(Layer::Conv4_2, 1.0)
            ),
            "conv2_1, conv4_2"
        );
        assert_eq!(
            own(|size| sizes(&[64, 128], size, None, None, &Recipe::default(), &WORDS), 100),
            "100 px"
        );
    }

    #[test]
    fn a_build_up_is_offered_by_the_size_that_it_begins_at() {
        let labels = |size, photo| {
            build_ups(Sizes::One, size, photo, &WORDS)
                .into_iter()
                .map(|item| item.label)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            labels(512, None),
            ["At full size", "From 160 px up", "From 226 px up", "From 320 px up"]
        );
        assert_eq!(labels(256, None), ["At full size", "From 160 px up"]);
        assert_eq!(labels(128, None), ["At full size"]);
        assert_eq!(
            labels(512, Some(ImageSize::new(150, 512))),
            ["At full size", "From 160 px up", "From 226 px up", "From 320 px up"]
        );
        assert_eq!(labels(512, Some(ImageSize::new(176, 128))), ["At full size"], "not enlarged");
        let default = build_ups(Sizes::Growing(160), 128, None, &WORDS);
        assert_eq!(default[1].label, "From 160 px up", "a choice stays when the size changes");
    }

    #[test]
    fn sizes_end_with_the_first_that_covers_the_photo() {
        let listed = |own, photo| {
            let items = sizes(&[64, 128, 256, 512], own, photo, None, &Recipe::default(), &WORDS);
            items.into_iter().map(|item| item.value).collect::<Vec<_>>()
        };
        let photo = Some(ImageSize::new(150, 100));
        assert_eq!(listed(512, None), [64, 128, 256, 512]);
        assert_eq!(
            listed(512, photo),
            [64, 128, 256],
            "an own size beyond the photo gives no more"
        );
        assert_eq!(listed(100, photo), [64, 128, 256, 100]);
        assert_eq!(covering(&[64, 128, 256, 512], 512, photo), 256);
        assert_eq!(covering(&[64, 128, 256, 512], 64, photo), 64);
        assert_eq!(covering(&[64, 128], 128, Some(ImageSize::new(900, 900))), 128);
    }

    #[test]
    fn on_a_graphics_card_a_size_tells_the_memory_that_it_takes() {
        fn of(photo: Option<ImageSize>, gpu: Option<DeviceLimits>, recipe: &Recipe) -> Vec<String> {
            sizes(&[128, 1024], 128, photo, gpu, recipe, &WORDS)
                .into_iter()
                .map(|item| item.label)
                .collect()
        }
        let labels = |photo, gpu| of(photo, gpu, &Recipe::default());
        let [large, small] =
            [2 << 30, 128 << 20].map(|buffer| Some(DeviceLimits::of_buffers(buffer)));
        assert_eq!(labels(None, None), ["128 px", "1024 px"]);
        assert_eq!(labels(None, large), ["128 px · 0.2 GB", "1024 px · 1.7 GB"]);
        assert_eq!(labels(None, small)[1], "1024 px · 1.2 GB, in tiles");
        assert_eq!(labels(Some(ImageSize::new(1000, 2000)), large)[1], "1024 px · 0.9 GB");
        assert_eq!(
            labels(Some(ImageSize::new(512, 512)), large)[1],
            "1024 px · 0.5 GB (the photo has 512)"
        );
        assert_eq!(
            labels(Some(ImageSize::new(512, 512)), small)[1],
            "1024 px · 0.5 GB (the photo has 512)"
        );
        let large_strokes = Recipe { style_scale: 2.0, ..Recipe::default() };
        assert_eq!(of(None, large, &large_strokes)[1], "1024 px · 2.8 GB");
    }
}

//! Runs in progress, and their start images.

use std::rc::Rc;

use impasto::codec;
use impasto::engine::ops::convolution::{ConvKernel, Strategy};
use impasto::engine::{Pictures, StyleTransfer};
use impasto::layer::Layer;
use impasto::losses::Losses;
use impasto::memory::{DeviceLimits, Precision};
use impasto::pixels::{ImageSize, Pixels};
use impasto::recipe::{
    Colours, LayerWeights, LossWeights, OptimizerKind, Palette, Recipe, Sizes, Start,
};
use pollster::block_on;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use super::{
    STEPS, begin, colour_distance, finish, half, painted, part, pictures, recipe, sample,
    squared_distance, with,
};
use crate::{cpu, gpu, network};

#[test]
fn noise_is_the_seeds_own_to_the_bit() {
    let of = |seed| {
        let recipe = Recipe { start: Start::NOISE, steps: 3, seed, ..recipe() };
        painted(&pictures(&["painting-night.jpg"], &recipe), &recipe).0
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn a_run_begins_with_what_its_shares_say() {
    // L-BFGS spends its first step on evaluating the start.
    let begun = |start| {
        let recipe = Recipe { start, steps: 1, ..recipe() };
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        let painting = codec::resize(&pictures.paintings[0], pictures.photo.size());
        (painted(&pictures, &recipe).0, pictures.photo, painting)
    };
    let (result, photo, painting) = begun(Start::PAINTING);
    let (near, far) = (squared_distance(&result, &painting), squared_distance(&result, &photo));
    assert!(near < 1e-3 && far > 1e-2, "{near} from the painting, {far} from the photo");

    let (result, photo, painting) =
        begun(Start { photo: 0.5, painting: 1.0, noise: 0.5, ..Start::default() });
    let [result, photo, painting] =
        [result, photo, painting].map(|picture| picture.composited_rgb());
    let rest: Vec<f32> = result
        .iter()
        .zip(photo.iter().zip(&painting))
        .map(|(x, (p, q))| x - 0.25 * p - 0.5 * q)
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of values")]
    let average = |value: fn(f32) -> f32| {
        rest.iter().map(|&rest| value(rest)).sum::<f32>() / rest.len() as f32
    };
    let (mean, square) = (average(|rest| rest), average(|rest| rest * rest));
    // Uniform noise, 0 to a quarter.
    assert!(
        (mean - 0.125).abs() < 5e-3 && (square - 0.25_f32.powi(2) / 3.0).abs() < 2e-3,
        "{mean}, {square}"
    );
}

#[test]
fn a_recoloured_photo_spares_the_search_for_the_paintings_colours() {
    let reached = |start, steps| {
        let recipe = Recipe { start, steps, ..recipe() };
        painted(&pictures(&["painting-night.jpg"], &recipe), &recipe).1.total()
    };
    let (recoloured, as_it_is) =
        (reached(Start::RECOLOURED, STEPS), reached(Start::PHOTO, 3 * STEPS / 2));
    assert!(
        recoloured < as_it_is,
        "{recoloured} after {STEPS} steps, and {as_it_is} after half as many again from the photo"
    );
}

#[test]
fn a_recoloured_photo_has_each_regions_colours() {
    let names = ["painting-night.jpg", "painting-ember.jpg"];
    let recipe = Recipe { start: Start::RECOLOURED, steps: 1, ..recipe() };
    let mut pictures = pictures(&names, &recipe);
    let size = pictures.photo.size();
    pictures.masks = vec![half(size, true), half(size, false)];
    let side = |picture: &Pixels, left| part(picture, |x, _| (x < size.width / 2) == left);
    let result = painted(&pictures, &recipe).0;
    let near = |left, painting: usize| {
        colour_distance(&side(&result, left), &pictures.paintings[painting])
    };
    let [[own, other], [others, owned]] =
        [true, false].map(|left| [0, 1].map(|painting| near(left, painting)));
    assert!(own < 0.5 * other && owned < 0.5 * others, "{own} < {other}, {owned} < {others}");

    let mut first_alone = recipe.clone();
    first_alone.loss_weights.styles = [1.0, 0.0, 0.0, 0.0];
    let result = painted(&pictures, &first_alone).0;
    let kept = |left| squared_distance(&side(&result, left), &side(&pictures.photo, left));
    assert!(
        kept(false) < 1e-4 && kept(true) > 1e-2,
        "{} where the painting weighs nothing, {} elsewhere",
        kept(false),
        kept(true)
    );
}

#[test]
fn the_photo_keeps_its_colours_where_no_painting_gives_any() {
    let changed = |recipe: Recipe| {
        let mut pictures = pictures(&["painting-night.jpg"], &recipe);
        pictures.masks = vec![half(pictures.photo.size(), true)];
        squared_distance(
            &painted(&pictures, &Recipe { start: Start::RECOLOURED, ..recipe }).0,
            &pictures.photo,
        )
    };
    let colours = Colours { palette: Palette::Photo, linear_light: true };
    let palette = changed(Recipe { steps: 1, colours, ..recipe() });
    let no_layer = changed(Recipe {
        steps: 3,
        ..with(|loss_weights| loss_weights.style_layers = LayerWeights::default())
    });
    assert!(palette < 1e-4 && no_layer < 1e-4, "{palette}, {no_layer}");
}

#[test]
fn what_a_run_begins_with_stays_visible_in_its_result() {
    let far = |start| {
        let recipe = Recipe { start, ..recipe() };
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        squared_distance(&painted(&pictures, &recipe).0, &pictures.photo)
    };
    let blend = Start { photo: 0.7, noise: 0.3, ..Start::default() };
    let [photo, blend, painting] = [Start::PHOTO, blend, Start::PAINTING].map(far);
    assert!(photo < blend && blend < painting, "from the photo: {photo}, {blend}, {painting}");
}

#[test]
fn a_picture_grows_to_the_full_size_and_keeps_alpha() {
    let recipe = Recipe { size: 128, steps: 6, sizes: Sizes::Doubling(3), ..recipe() };
    let size = ImageSize::new(128, 128);
    let half_clear: Vec<u8> =
        (0..size.area()).flat_map(|i| [200, 120, 60, if i % 128 < 64 { 255 } else { 0 }]).collect();
    let photo = Pixels::new(size, half_clear).expect("four bytes for each pixel");
    let pictures = Pictures::new(photo, vec![sample("painting-night.jpg", 128)]);
    let mut transfer = begin(&pictures, &recipe);
    let mut edges = Vec::new();
    while !transfer.finished() {
        block_on(transfer.step()).expect("the device works");
        let pixels = block_on(transfer.pixels()).expect("the device works");
        let clear = pixels.rgba().chunks_exact(4).filter(|pixel| pixel[3] == 0).count();
        assert_eq!(2 * clear, pixels.size().area(), "half of the picture is clear at every size");
        edges.push(pixels.size().width);
    }
    assert_eq!(
        edges,
        [64, 64, 64, 128, 128, 128],
        "the third size would be below what the network sees much in"
    );
}

#[test]
fn a_run_goes_on_from_an_earlier_result() {
    let recipe = recipe();
    let mut pictures = pictures(&["painting-night.jpg"], &recipe);
    let (result, reached) = painted(&pictures, &recipe);
    pictures.earlier = Some(result);
    let mut transfer = begin(&pictures, &recipe);
    block_on(transfer.step()).expect("the device works");
    let first = block_on(transfer.losses()).expect("the losses are finite");
    // Rounding to bytes costs a little.
    assert!(first.total() < 1.1 * reached.total(), "{first:?} after {reached:?}");
    let (_, last) = finish(&mut transfer);
    assert!(last.total() < 0.95 * reached.total(), "{last:?} after {reached:?}");
}

#[test]
fn every_weight_can_change_in_a_running_picture() {
    let recipe = recipe();
    let mut transfer =
        begin(&pictures(&["painting-night.jpg", "painting-ember.jpg"], &recipe), &recipe);
    let layers = |layer| LayerWeights::even(&[layer], 1.0);
    let other_style =
        |before: Losses, after: Losses| (after.style / before.style - 1.0).abs() > 0.05;
    type Change = (fn(&mut LossWeights), fn(Losses, Losses) -> bool);
    let changes: [Change; 5] = [
        (|loss_weights| loss_weights.grain = -0.8, other_style),
        (|loss_weights| loss_weights.styles = [0.2, 0.8, 0.0, 0.0], other_style),
        (
            |loss_weights| loss_weights.tv_weight = 100.0,
            |before, after| before.total_variation == 0.0 && after.total_variation > 0.0,
        ),
        (
            |loss_weights| loss_weights.content_weight = 20.0,
            |before, after| (after.content / before.content - 0.125).abs() < 0.01,
        ),
        (
            |loss_weights| {
                loss_weights.style_layers =
                    LayerWeights::even(&[Layer::Conv1_2, Layer::Conv3_3], 0.5);
            },
            other_style,
        ),
    ];
    let mut loss_weights = recipe.loss_weights;
    let losses = |transfer: &mut StyleTransfer| {
        block_on(transfer.step()).expect("the device works");
        block_on(transfer.losses()).expect("the losses are finite")
    };
    losses(&mut transfer);
    for (index, (change, holds)) in changes.into_iter().enumerate() {
        let before = losses(&mut transfer);
        change(&mut loss_weights);
        transfer.set_loss_weights(loss_weights).expect("the weights make sense");
        // The first evaluation after a change is at the current image.
        let after = losses(&mut transfer);
        assert!(holds(before, after), "change {index}: {before:?}, then {after:?}");
    }
    loss_weights.content_layers = layers(Layer::Conv3_1);
    transfer.set_loss_weights(loss_weights).expect("a layer gets its target when it first counts");
    loss_weights.grain = 7.0;
    assert!(transfer.set_loss_weights(loss_weights).is_err());
    let (_, last) = finish(&mut transfer);
    assert!(last.total().is_finite() && last.content > 0.0, "{last:?}");
}

#[test]
fn a_run_kept_as_bytes_goes_on_as_if_it_had_never_stopped() {
    let kept =
        [(OptimizerKind::Lbfgs, false), (OptimizerKind::Lbfgs, true), (OptimizerKind::Adam, false)];
    let gpu = (gpu(), OptimizerKind::Lbfgs, true);
    for (device, optimizer, changed) in
        kept.map(|(optimizer, changed)| (cpu(), optimizer, changed)).into_iter().chain([gpu])
    {
        let vgg = Rc::new(network(&device));
        let recipe = Recipe { steps: 8, optimizer, ..recipe() };
        let pictures = pictures(&["painting-night.jpg"], &recipe);
        let mut transfer =
            StyleTransfer::new(Rc::clone(&vgg), &pictures, &recipe, DeviceLimits::AMPLE, &device)
                .expect("the recipe makes sense");
        (0..3).for_each(|_| block_on(transfer.step()).expect("the device works"));
        if changed {
            let loss_weights = LossWeights { grain: 0.5, ..recipe.loss_weights };
            transfer.set_loss_weights(loss_weights).expect("the weights make sense");
        }
        let bytes = block_on(transfer.save()).expect("the device works");
        let mut resumed =
            StyleTransfer::resume(Rc::clone(&vgg), &bytes, DeviceLimits::AMPLE, &device)
                .expect("the state is whole");
        let ends = [&mut transfer, &mut resumed].map(|run| {
            finish(run);
            block_on(run.save()).expect("the device works")
        });
        assert!(ends[0] == ends[1], "{optimizer:?} on {device:?}");
    }
}

#[test]
fn a_kept_run_tells_how_the_kernels_went_about_it() {
    let recipe = recipe();
    let pictures = pictures(&["painting-night.jpg"], &recipe);
    let strategy = |division, precision| Some(Strategy { division, precision });
    let fine = strategy(ConvKernel::Tiled, Precision::Single);
    for strategy in [None, fine, strategy(ConvKernel::Direct, Precision::Half)] {
        let mut vgg = network(&cpu());
        strategy.into_iter().for_each(|strategy| vgg.set_strategy(strategy));
        let transfer =
            StyleTransfer::new(Rc::new(vgg), &pictures, &recipe, DeviceLimits::AMPLE, &cpu())
                .expect("the recipe makes sense");
        let bytes = block_on(transfer.save()).expect("the device works");
        assert_eq!(StyleTransfer::strategy_of(&bytes).expect("the state is whole"), strategy);
    }
}

#[test]
fn a_run_that_is_cut_short_ends_at_its_full_size() {
    let recipe = Recipe { steps: 6, sizes: Sizes::Doubling(2), ..recipe() };
    let pictures =
        Pictures::new(sample("photo-cat.jpg", 200), vec![sample("painting-night.jpg", 64)]);
    for steps in [2, 3, 5] {
        let mut transfer = begin(&pictures, &recipe);
        (0..2).for_each(|_| block_on(transfer.step()).expect("the device works"));
        assert_ne!(
            block_on(transfer.pixels()).expect("the device works").size(),
            pictures.photo.size()
        );
        transfer.set_steps(steps).expect("the number is allowed");
        let (result, _) = finish(&mut transfer);
        assert_eq!((result.size(), transfer.steps_done()), (pictures.photo.size(), steps.max(3)));
    }
}

#[test]
fn the_optimiser_can_change_in_a_running_picture_and_both_bring_it_on() {
    let recipe = Recipe { steps: 2 * STEPS, ..recipe() };
    let pictures = pictures(&["painting-night.jpg"], &recipe);
    for (before, after) in
        [(OptimizerKind::Adam, OptimizerKind::Lbfgs), (OptimizerKind::Lbfgs, OptimizerKind::Adam)]
    {
        let mut transfer = begin(&pictures, &Recipe { optimizer: before, ..recipe.clone() });
        let losses = |transfer: &StyleTransfer| {
            block_on(transfer.losses()).expect("the losses are finite").total()
        };
        (0..STEPS).for_each(|_| block_on(transfer.step()).expect("the device works"));
        let halfway = losses(&transfer);
        transfer.set_optimizer(after);
        block_on(transfer.step()).expect("the device works");
        let changed = losses(&transfer);
        let (_, last) = finish(&mut transfer);
        assert!(
            changed < 1.2 * halfway && last.total() < 0.8 * halfway,
            "{before:?}: {halfway}, {changed}, {last:?}"
        );
        assert_eq!(transfer.recipe().optimizer, after);
    }
}

/// Returns a state in the older format, which stores how often each size halves the full one of
/// `edge` px.
fn as_kept_by_halves(bytes: &[u8], edge: u32) -> Vec<u8> {
    let file = SafeTensors::deserialize(bytes).expect("a state is a safetensors file");
    let numbers = |name: &str| -> Vec<f64> {
        let data = file.tensor(name).expect("it is kept").data();
        data.as_chunks().0.iter().map(|number| f64::from_le_bytes(*number)).collect()
    };
    let halvings = |size: f64| (f64::from(edge) / size).log2().round();
    let [mut progress, mut levels] = ["progress", "sizes"].map(numbers);
    progress[2] = halvings(progress[2]);
    levels.chunks_exact_mut(2).for_each(|level| level[0] = halvings(level[0]));
    let changed = [("progress", progress), ("levels", levels)].map(|(name, numbers)| {
        (name, numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
    });
    let view = |bytes| {
        TensorView::new(Dtype::F64, vec![<[u8]>::len(bytes) / 8], bytes).expect("whole numbers")
    };
    let kept = file
        .tensors()
        .into_iter()
        .filter(|(name, _)| !["progress", "sizes"].contains(&name.as_str()));
    let parts = kept.chain(changed.iter().map(|(name, bytes)| ((*name).to_owned(), view(bytes))));
    safetensors::serialize(parts, None).expect("every part has a name of its own")
}

#[test]
fn a_run_that_was_kept_by_halves_goes_on_through_its_sizes() {
    let recipe = Recipe { size: 128, steps: 6, sizes: Sizes::Doubling(2), ..recipe() };
    let photo = codec::resize(&sample("photo-cat.jpg", 128), ImageSize::new(128, 128));
    let pictures = Pictures::new(photo, vec![sample("painting-night.jpg", 64)]);
    let mut transfer = begin(&pictures, &recipe);
    (0..2).for_each(|_| block_on(transfer.step()).expect("the device works"));
    let kept = as_kept_by_halves(&block_on(transfer.save()).expect("the device works"), 128);
    let device = cpu();
    let mut resumed =
        StyleTransfer::resume(Rc::new(network(&device)), &kept, DeviceLimits::AMPLE, &device)
            .expect("the state is whole");
    assert_eq!(
        block_on(resumed.pixels()).expect("the device works").size(),
        ImageSize::new(64, 64)
    );
    let ends = [&mut transfer, &mut resumed].map(|run| {
        finish(run);
        block_on(run.save()).expect("the device works")
    });
    assert!(ends[0] == ends[1], "it went another way");
}

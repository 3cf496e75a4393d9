//! Each painting in its own region of the photo.

use std::rc::Rc;

use impasto::engine::{Pictures, StyleTransfer};
use impasto::memory::DeviceLimits;
use impasto::pixels::Pixels;

use super::{EDGE, colour_distance, half, painted, part, pictures, sample, squared_distance, with};
use crate::{cpu, network};

#[test]
fn each_painting_keeps_to_its_region_and_what_none_claims_stays() {
    let size = sample("photo-cat.jpg", EDGE).size();
    let recipe = with(|loss_weights| loss_weights.content_weight = 16.0);
    let side = |picture: &Pixels, left| part(picture, |x, _| (x < size.width / 2) == left);
    let names = ["painting-night.jpg", "painting-ember.jpg"];
    let mut both = pictures(&names, &recipe);
    both.masks = vec![half(size, true), half(size, false)];
    let result = painted(&both, &recipe).0;
    let [night, ember] = names.map(|name| sample(name, EDGE));
    let lean =
        |picture: &Pixels| colour_distance(picture, &night) - colour_distance(picture, &ember);
    let (left, right) = (lean(&side(&result, true)), lean(&side(&result, false)));
    assert!(
        left < right - 0.05,
        "the left half leans {left} to the first painting, the right one {right}"
    );

    let mut one = pictures(&names[..1], &recipe);
    one.masks = vec![half(size, true)];
    let result = painted(&one, &recipe).0;
    let change = |left| squared_distance(&side(&result, left), &side(&one.photo, left));
    assert!(
        change(false) < 0.25 * change(true),
        "{} where nothing is painted, {} where it is",
        change(false),
        change(true)
    );

    one.masks.push(half(size, false));
    let device = cpu();
    assert!(
        StyleTransfer::new(Rc::new(network(&device)), &one, &recipe, DeviceLimits::AMPLE, &device)
            .is_err(),
        "a mask without a painting"
    );
}

#[test]
fn where_two_regions_meet_there_is_no_gap_in_the_texture() {
    let size = sample("photo-cat.jpg", EDGE).size();
    let recipe = with(|loss_weights| loss_weights.content_weight = 16.0);
    let mut pictures = pictures(&["painting-night.jpg", "painting-night.jpg"], &recipe);
    // Share of the change from the photo that lies near the seam.
    let at_the_seam = |pictures: &Pictures| {
        let result = painted(pictures, &recipe).0;
        let band = |picture: &Pixels| part(picture, |x, _| x.abs_diff(size.width / 2) < 4);
        squared_distance(&band(&result), &band(&pictures.photo))
            / squared_distance(&result, &pictures.photo)
    };
    let blended = at_the_seam(&pictures);
    pictures.masks = vec![half(size, true), half(size, false)];
    let masked = at_the_seam(&pictures);
    assert!(masked > 0.8 * blended, "{masked} of the mean change, and {blended} without regions");
}

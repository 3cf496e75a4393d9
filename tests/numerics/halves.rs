//! Feature maps in halves against the same in f32: near enough that no one sees it.

use std::rc::Rc;

use impasto::engine::kernels::{Division, Strategy};
use impasto::engine::loss::Objective;
use impasto::engine::{Pictures, StyleTransfer, Vgg19};
use impasto::losses::Losses;
use impasto::memory::{Capacity, Precision};
use impasto::pixels::Pixels;
use impasto::recipe::{Border, Emphasis, Network, Pooling, Reading, Recipe};

use crate::promises::{finish, squared_distance};
use crate::tiles::{NARROW, emphasis, evaluated, norm, pixels, subject};
use crate::{gpu, network};

fn vgg(division: Division, precision: Precision) -> Vgg19 {
    let mut vgg = network(&gpu());
    vgg.set_strategy(Strategy { division, precision });
    vgg
}

#[test]
fn terms_and_gradient_are_nearly_the_same() {
    let device = gpu();
    let other = Reading { network: Network::Normalised, border: Border::Zero, pooling: Pooling::Max };
    for (masked, reading, capacity) in [(false, Reading::default(), Capacity::AMPLE), (true, other, NARROW)] {
        let subject = subject(72, 266, masked, &device);
        let emphasis = Emphasis { tv_weight: 0.0, ..emphasis() };
        let [single, half] = Precision::ALL.map(|precision| {
            let vgg = vgg(Division::Coarse, precision);
            evaluated(&vgg, &subject, &Objective::new(&vgg, &subject, reading, emphasis, capacity))
        });
        println!("terms {:?} {:?}", single.0, half.0);
        println!("gradient {}", norm(half.1 - single.1.clone()) / norm(single.1));
    }
}

#[test]
fn probe_runs() {
    let recipe = Recipe { size: 64, steps: 30, ..Recipe::default() };
    for (photo, painting) in [("photo-cat.jpg", "painting-night.jpg"), ("photo-coffee.jpg", "painting-ember.jpg")] {
        let pictures = Pictures::new(pixels(photo, 64, 64), vec![pixels(painting, 64, 64)]);
        let run = |division, precision| -> (Pixels, Losses) {
            let vgg = Rc::new(vgg(division, precision));
            let mut transfer =
                StyleTransfer::new(vgg, &pictures, &recipe, Capacity::AMPLE, &gpu()).expect("the recipe makes sense");
            finish(&mut transfer)
        };
        let fine = run(Division::Fine, Precision::Single);
        let coarse = run(Division::Coarse, Precision::Single);
        let half = run(Division::Coarse, Precision::Half);
        println!(
            "apart fine-coarse {} half-coarse {} photo {}",
            squared_distance(&fine.0, &coarse.0),
            squared_distance(&half.0, &coarse.0),
            squared_distance(&pictures.photo, &coarse.0)
        );
        println!("{:?}\n{:?}\n{:?}", fine.1, coarse.1, half.1);
    }
}

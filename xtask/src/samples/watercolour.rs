//! "Poppies on the cliff": transparent washes over white paper, with hardened edges, backruns and
//! pigment that settles in the grain.

mod sheet;

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use self::sheet::{Load, Sheet, load, meander};
use super::canvas::{ASPECT, Point, smooth};
use super::rng::{Noise, Rng};

const SEED: u64 = 1819;
const HORIZON: f32 = 0.475;

const COBALT: u32 = 0x3A6CC4;
const CERULEAN: u32 = 0x48A2CE;
const ULTRAMARINE: u32 = 0x303E9C;
const TURQUOISE: u32 = 0x2A9CA2;
const ROSE: u32 = 0xDA6A8A;
const OCHRE: u32 = 0xDCAA4C;
const SIENNA: u32 = 0xB2602E;
const SAP: u32 = 0x5C842C;
const OLIVE: u32 = 0x8A923A;
const VIOLET: u32 = 0x6A5AA6;
const INDIGO: u32 = 0x24365E;
const LEMON: u32 = 0xF0D848;
const VERMILION: u32 = 0xE4442A;

/// Poppies: middle and radius.
const POPPIES: [(f32, f32, f32); 11] = [
    (0.17, 0.80, 0.070),
    (0.34, 0.88, 0.085),
    (0.52, 0.81, 0.052),
    (0.70, 0.89, 0.078),
    (0.90, 0.82, 0.055),
    (1.07, 0.87, 0.072),
    (0.08, 0.92, 0.050),
    (0.43, 0.745, 0.036),
    (1.17, 0.77, 0.042),
    (0.25, 0.71, 0.034),
    (0.79, 0.735, 0.030),
];

/// Lobes of the clouds: middle and radius.
const CLOUDS: [(f32, f32, f32); 11] = [
    (0.34, 0.27, 0.060),
    (0.43, 0.22, 0.085),
    (0.54, 0.17, 0.100),
    (0.64, 0.23, 0.090),
    (0.74, 0.27, 0.060),
    (0.50, 0.30, 0.070),
    (1.06, 0.10, 0.050),
    (1.15, 0.13, 0.070),
    (1.21, 0.09, 0.050),
    (0.10, 0.13, 0.040),
    (0.16, 0.15, 0.030),
];

pub fn paint() -> RgbImage {
    let (mut sheet, mut rng) = (Sheet::new(), Rng::new(SEED));
    paint_sky(&mut sheet);
    paint_coast(&mut sheet);
    paint_sea(&mut sheet, &mut rng);
    paint_headland(&mut sheet);
    paint_lighthouse(&mut sheet);
    paint_meadow(&mut sheet, &mut rng);
    paint_flowers(&mut sheet, &mut rng);
    for (x, y, size) in POPPIES {
        paint_poppy(&mut sheet, &mut rng, Point::new(x, y), size);
    }
    spatter(&mut sheet, &mut rng);
    sheet.lit()
}

/// Returns the distance within the painted part of the sheet, whose margin stays white.
fn margin(p: Point) -> f32 {
    p.x.min(ASPECT - p.x).min(p.y).min(1.0 - p.y) - 0.026
}

/// Returns the distance within what stays white: sails, lighthouse and poppies.
fn reserve(p: Point) -> f32 {
    let sail = |foot: Point, tall: f32| {
        let (up, across) = (foot.y - p.y, p.x - foot.x);
        up.min(0.42 * (tall - up) - across).min(across + 0.06 * (tall - up))
    };
    let tower = {
        let taper = 0.021 - 0.05 * (0.40 - p.y);
        (taper - (p.x - 0.985).abs()).min(p.y - 0.185).min(0.42 - p.y)
    };
    let bloom = |&(x, y, size): &(f32, f32, f32)| 0.98 * size - (p.x - x).hypot((p.y - y) * 1.3);
    let blooms = POPPIES.iter().map(bloom).fold(-1.0, f32::max);
    let sails = sail(Point::new(0.30, 0.50), 0.105).max(sail(Point::new(0.445, 0.487), 0.055));
    sails.max(tower).max(blooms)
}

fn headland(x: f32) -> f32 {
    let noise = Noise(SEED ^ 2);
    0.395
        + 0.33 * smooth(0.86, 0.60, x)
        + 0.05 * smooth(0.95, 1.25, x)
        + 0.022 * noise.fractal(x * 9.0, 0.0, 3)
}

/// Returns the y of the near cliff's brow.
fn brow(x: f32) -> f32 {
    0.735 + 0.05 * (x * 4.4 - 0.4).sin() - 0.06 * smooth(0.35, 0.0, x)
}

fn paint_sky(sheet: &mut Sheet) {
    let cloud = Noise(SEED ^ 3);
    // Clouds stay white: the sky is the distance from their lobes.
    let clear = |p: Point| {
        let lobe = |&(x, y, radius): &(f32, f32, f32)| (p.x - x).hypot(1.35 * (p.y - y)) - radius;
        let lobes = CLOUDS.iter().map(lobe).fold(1.0, f32::min);
        lobes + 0.055 * meander(cloud, p, 9.0, 4) - 0.012
    };
    let open = |p: Point| margin(p).min(HORIZON - 0.02 - p.y);
    sheet.wash(load([CERULEAN, COBALT], 0.36), |p| open(p).min(clear(p)));
    sheet.wash(load([COBALT, ULTRAMARINE], 0.34), |p| {
        open(p)
            .min(clear(p) - 0.035 - 0.05 * meander(cloud, p, 6.0, 2))
            .min(0.25 - p.y + 0.12 * meander(cloud, p, 4.0, 3))
    });
    let shade = Load { softness: 0.02, ..load([VIOLET, ROSE], 0.26) };
    sheet.wash(shade, |p| {
        open(p).min(-0.05 - clear(p)).min(0.05 - 0.3 * cloud.fractal(p.x * 3.0, p.y * 7.0 - 1.0, 3))
    });
    sheet.wash(load([OCHRE, ROSE], 0.18), |p| {
        open(p).min(p.y - 0.36 - 0.03 * cloud.at(p.x * 4.0, 2.0))
    });
}

fn paint_coast(sheet: &mut Sheet) {
    let noise = Noise(SEED ^ 4);
    let land = |p: Point| margin(p).min(HORIZON + 0.004 - p.y);
    for (pigments, strength, height, phase) in [
        ([VIOLET, COBALT], 0.38, 0.060, 0.3),
        ([COBALT, TURQUOISE], 0.5, 0.038, 1.9),
        ([VIOLET, SAP], 0.55, 0.024, 4.0),
    ] {
        sheet.wash(load(pigments, strength), |p| {
            let top = HORIZON
                - height * (0.55 + 0.45 * (p.x * 5.0 + phase).sin())
                - 0.012 * noise.at(p.x * 30.0, phase);
            land(p).min(p.y - top).min(0.75 + 0.1 * phase - p.x).min(p.x - 0.14 * phase + 0.1)
        });
    }
}

fn paint_sea(sheet: &mut Sheet, rng: &mut Rng) {
    let water = |p: Point| {
        margin(p).min(p.y - HORIZON).min(brow(p.x) + 0.015 - p.y).min(headland(p.x) + 0.004 - p.y)
    };
    sheet.wash(Load { dryness: 0.35, ..load([TURQUOISE, CERULEAN], 0.50) }, water);
    sheet.wash(Load { dryness: 0.75, ..load([COBALT, TURQUOISE], 0.45) }, |p| {
        water(p).min(0.03 - 0.12 * Noise(SEED ^ 5).fractal(p.x * 3.0, p.y * 16.0, 3))
    });
    for _ in 0..46 {
        let depth = rng.unit();
        let from = Point::new(rng.range(0.0, 0.95), HORIZON + 0.012 + 0.24 * depth);
        let pigments = rng.pick(&[
            [COBALT, TURQUOISE],
            [ULTRAMARINE, COBALT],
            [TURQUOISE, SAP],
            [INDIGO, VIOLET],
        ]);
        let (length, width) = (rng.range(0.05, 0.16) * (0.5 + depth), 0.006 + 0.014 * depth);
        if from.y < brow(from.x).min(headland(from.x + length) - 0.01) {
            let dry = Load { dryness: 0.4, ..load(pigments, rng.range(0.3, 0.7)) };
            sheet.touch(dry, from, 0.05 * rng.normal(), length, width);
        }
    }
}

fn paint_headland(sheet: &mut Sheet) {
    let rock =
        |p: Point| margin(p).min(p.y - headland(p.x)).min(brow(p.x) + 0.01 - p.y).min(p.x - 0.60);
    sheet.wash(load([OCHRE, ROSE], 0.45), rock);
    let noise = Noise(SEED ^ 6);
    let turf =
        |p: Point| rock(p).min(headland(p.x) + 0.055 - p.y + 0.03 * noise.at(p.x * 16.0, 0.0));
    sheet.wash(load([SAP, OLIVE], 0.75), turf);
    for (shift, pigments, strength) in
        [(0.0, [SIENNA, OCHRE], 0.38), (3.7, [VIOLET, ROSE], 0.42), (8.1, [SIENNA, INDIGO], 0.42)]
    {
        // Clefts slant down the rock.
        sheet.wash(load(pigments, strength), |p| {
            let cleft = noise.fractal(p.x * 17.0 + 6.0 * p.y + shift, p.y * 4.0 + shift, 3);
            rock(p).min(p.y - headland(p.x) - 0.03).min(0.09 * cleft - 0.009)
        });
    }
}

/// Paints the shade and the red bands of the lighthouse, and its lantern.
fn paint_lighthouse(sheet: &mut Sheet) {
    let side = |p: Point| (reserve(p) - 0.0015).min(p.x - 0.988).min(0.39 - p.y);
    sheet.cover(load([VIOLET, COBALT], 0.5), side);
    for band in [0.195, 0.26, 0.325] {
        sheet.cover(load([VERMILION, ROSE], 1.1), |p| {
            (reserve(p) + 0.001).min(p.y - band).min(band + 0.026 - p.y).min(p.x - 0.9)
        });
    }
    sheet.touch(load([INDIGO, VIOLET], 1.3), Point::new(0.985, 0.182), -FRAC_PI_2, 0.035, 0.024);
}

fn paint_meadow(sheet: &mut Sheet, rng: &mut Rng) {
    let meadow = |p: Point| margin(p).min(p.y - brow(p.x));
    sheet.wash(load([LEMON, SAP], 0.55), meadow);
    let noise = Noise(SEED ^ 7);
    sheet.wash(load([SAP, OLIVE], 0.7), |p| meadow(p).min(0.02 - 0.20 * meander(noise, p, 4.5, 3)));
    sheet.wash(load([SAP, INDIGO], 0.8), |p| {
        meadow(p)
            .min(p.y - 0.86 - 0.10 * noise.at(p.x * 5.0, 3.0))
            .min(-0.01 + 0.22 * meander(noise, p, 6.0, 3))
    });
    for _ in 0..150 {
        let x = rng.range(0.02, ASPECT - 0.02);
        let from = Point::new(x, brow(x) + rng.range(0.03, 0.26));
        let pigments = rng.pick(&[[SAP, OLIVE], [SAP, INDIGO], [OLIVE, LEMON], [TURQUOISE, SAP]]);
        let angle = -FRAC_PI_2 + 0.35 * rng.normal();
        let (length, width) = (rng.range(0.05, 0.15), rng.range(0.005, 0.013));
        sheet.touch(load(pigments, rng.range(0.5, 1.1)), from, angle, length, width);
    }
}

/// Paints a poppy: a stem, overlapping petals and a dark heart that bleeds into them.
fn paint_poppy(sheet: &mut Sheet, rng: &mut Rng, heart: Point, size: f32) {
    let stem = FRAC_PI_2 + 0.2 * rng.normal();
    sheet.touch(load([SAP, INDIGO], 0.9), heart, stem, 3.2 * size, 0.010);
    let petals = [[VERMILION, ROSE], [VERMILION, SIENNA], [ROSE, VERMILION], [VERMILION, OCHRE]];
    let turn = rng.range(0.0, PI);
    for petal in 0..4u8 {
        let angle = turn + f32::from(petal) * 0.5 * PI + 0.25 * rng.normal();
        let side = heart.toward(angle, 0.45 * size);
        let middle = Point::new(side.x, heart.y + (side.y - heart.y) * 0.7);
        let (wide, edge) = (size * rng.range(0.62, 0.84), Noise(u64::from(rng.unit().to_bits())));
        let pigments = rng.pick(&petals);
        sheet.cover(load(pigments, rng.range(0.6, 1.0)), |p| {
            let (sin, cos) = middle.angle_to(p).sin_cos();
            let frill = 0.24 * edge.at(1.9 * cos, 1.9 * sin);
            wide * (0.86 + frill) - (p.x - middle.x).hypot((p.y - middle.y) * 1.35)
        });
    }
    let bleed = Load { softness: 0.25 * size, ..load([INDIGO, VIOLET], 0.9) };
    sheet.cover(bleed, |p| 0.22 * size - heart.distance(p));
    for seed in 0..9u8 {
        let p = heart.toward(f32::from(seed) * 0.7, size * rng.range(0.05, 0.36));
        sheet.cover(load([INDIGO, SIENNA], 1.2), |q| 0.055 * size - p.distance(q));
    }
}

/// Dots the meadow with small flowers.
fn paint_flowers(sheet: &mut Sheet, rng: &mut Rng) {
    for _ in 0..60 {
        let x = rng.range(0.05, ASPECT - 0.05);
        let p = Point::new(x, brow(x) + rng.range(0.0, 0.2));
        let pigments = rng.pick(&[[COBALT, VIOLET], [LEMON, OCHRE], [ROSE, VIOLET]]);
        let size = rng.range(0.004, 0.011);
        sheet.wash(load(pigments, 1.0), |q| size - p.distance(q));
    }
}

fn spatter(sheet: &mut Sheet, rng: &mut Rng) {
    for _ in 0..70 {
        let p = Point::new(rng.range(0.03, ASPECT - 0.03), 1.0 - 0.55 * rng.unit().powf(1.5));
        let size = 0.0015 + 0.006 * rng.unit().powi(3);
        let pigments =
            rng.pick(&[[VERMILION, ROSE], [SAP, OLIVE], [COBALT, VIOLET], [OCHRE, LEMON]]);
        sheet.wash(load(pigments, 0.9), |q| size - p.distance(q));
    }
}

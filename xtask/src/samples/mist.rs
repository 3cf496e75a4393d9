//! "Mountains in mist": a print from carved blocks on washi, each ridge graded by hand and hatched
//! with the knife.

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use super::canvas::{ASPECT, Brush, Canvas, Light, Point, follow, smooth};
use super::colour::{Colour, ramp};
use super::rng::{Noise, Rng};

const SEED: u64 = 1831;
const SUN: (Point, f32) = (Point::new(0.90, 0.27), 0.105);
const SHORE: f32 = 0.765;

/// Ridges from far to near: height of the middle, swing, ink, and depth of the grading.
const RIDGES: [(f32, f32, u32, f32); 5] = [
    (0.34, 0.10, 0x8FA9B4, 0.13),
    (0.43, 0.11, 0x6A8EA2, 0.14),
    (0.53, 0.11, 0x46708E, 0.15),
    (0.62, 0.09, 0x2A5078, 0.15),
    (0.71, 0.08, 0x16325A, 0.16),
];

fn ridge(layer: u64, middle: f32, swing: f32, x: f32) -> f32 {
    let noise = Noise(SEED + layer * 31);
    let peaks = 1.0 - (2.2 * noise.at(x * 2.3 + 5.0, 0.5)).abs();
    middle - swing * (peaks * 0.75 + 0.35 * noise.fractal(x * 6.0, 3.5, 4))
}

fn paper(p: Point) -> (Colour, f32) {
    let fibre = Noise(SEED ^ 1);
    let (x, y) = (
        p.x + 0.02 * fibre.at(p.x * 9.0, p.y * 9.0),
        p.y + 0.02 * fibre.at(p.x * 9.0 + 50.0, p.y * 9.0),
    );
    let long =
        fibre.fractal(x * 150.0, y * 12.0, 2).max(fibre.fractal(x * 14.0 + 80.0, y * 160.0, 2));
    let tone = 0.5 + 0.35 * fibre.fractal(p.x * 3.0, p.y * 3.0, 3) + 0.4 * smooth(0.25, 0.7, long);
    (
        ramp(&[0xE6D8BC, 0xEFE4CC, 0xF8F1DF].map(Colour::hex), tone),
        1.2 * long + 0.6 * fibre.fractal(p.x * 90.0, p.y * 90.0, 2),
    )
}

/// Returns the share of ink that the block leaves: its grain, and the unevenness of the baren.
fn take(p: Point, block: u64) -> f32 {
    let noise = Noise(SEED ^ (block * 101));
    let rings = ((p.y + 0.05 * noise.at(p.x * 1.6, p.y * 5.0)) * 420.0
        + 9.0 * noise.fractal(p.x * 2.2, p.y * 7.0, 3))
    .sin();
    let speckle = noise.fractal(p.x * 130.0, p.y * 130.0, 2);
    0.86 + 0.10 * rings + 0.14 * noise.fractal(p.x * 7.0, p.y * 7.0, 3)
        - 0.35 * smooth(0.30, 0.55, speckle)
}

/// Returns the ink of the lines between parallel knife cuts, `pitch` apart along `distance`.
/// `share` is the part of a pitch that remains as line.
fn cuts(distance: f32, pitch: f32, share: f32) -> f32 {
    let phase = distance / pitch;
    let from_middle = (phase - phase.floor() - 0.5).abs() * 2.0;
    smooth(share + 0.22, share - 0.05, from_middle)
}

fn mountains(p: Point, mut colour: Colour) -> Colour {
    for (layer, (middle, swing, ink, reach)) in (1u64..).zip(RIDGES) {
        let top = ridge(layer, middle, swing, p.x);
        let below = p.y - top;
        if below < 0.0 {
            continue;
        }
        let ink = Colour::hex(ink);
        let graded = 1.0 - smooth(0.0, reach, below);
        // Mist hides the ridges behind.
        let mist = paper(p).0.mix(Colour::hex(0xD9DED4), 0.35);
        colour = mist.mix(ink, (0.85 * graded + 0.08) * take(p, layer));
        // Hatching runs down the flank and thins out with the grading.
        let noise = Noise(SEED + layer * 57);
        let slope = (ridge(layer, middle, swing, p.x + 0.01)
            - ridge(layer, middle, swing, p.x - 0.01))
            / 0.02;
        let run = p.x * (1.0 + 0.25 * slope)
            + below * (0.75 * slope.signum())
            + 0.016 * noise.fractal(p.x * 9.0, p.y * 9.0, 3);
        let hatch = cuts(
            run,
            0.0125,
            0.16 + 0.46 * graded * (0.55 + 0.9 * noise.fractal(p.x * 7.0, p.y * 5.0, 2)),
        );
        let flank = smooth(-0.1, 0.5, slope) * smooth(reach * 0.95, reach * 0.25, below);
        colour = colour.mix(ink.lighter(-0.13), 0.8 * hatch * flank * take(p, layer + 20));
        let line = 0.0022 + 0.0016 * noise.at(p.x * 14.0, 1.5);
        colour = colour.mix(
            Colour::hex(0x121C38),
            0.85 * smooth(line * 1.5, line * 0.7, below) * take(p, layer + 40),
        );
    }
    colour
}

/// Draws scales of waves, row upon row, larger toward the front.
fn water(p: Point, colour: Colour) -> Colour {
    let noise = Noise(SEED ^ 0xC);
    let shore = SHORE + 0.012 * noise.fractal(p.x * 4.0, 0.0, 2);
    if p.y < shore {
        return colour;
    }
    let depth = (p.y - shore) / (1.0 - shore);
    let tone = ramp(
        &[0xC4D6CE, 0x86B2B8, 0x3E7898, 0x1A4476].map(Colour::hex),
        depth * 1.05 + 0.08 * noise.fractal(p.x * 3.0, p.y * 8.0, 2),
    );
    let flat = colour.mix(tone, (0.55 + 0.45 * depth) * take(p, 71));
    let (mut top, mut size) = (shore - 0.03, 0.030);
    let (mut nearest, mut row) = (None, 0.0);
    while top < p.y {
        let column = p.x / size + row * 0.5;
        let middle = Point::new(
            (column.floor() + 0.5 - row * 0.5) * size,
            top + size * 0.62 + 0.008 * noise.at(column.floor() * 3.3, row),
        );
        let radius = Point::new(p.x, middle.y + (p.y - middle.y) * 1.35).distance(middle) / size;
        if radius < 0.62 {
            nearest = Some(radius);
        }
        top += size * 0.36;
        size *= 1.07;
        row += 1.0;
    }
    let line = nearest.map_or(0.0, |radius| {
        cuts(radius, 0.125, 0.30 + 0.12 * noise.fractal(p.x * 12.0, p.y * 20.0, 2))
            * smooth(0.10, 0.2, radius)
    });
    let glitter = (-((p.x - SUN.0.x) / (0.05 + 0.10 * depth)).powi(2)).exp()
        * smooth(0.0, 0.3, noise.fractal(p.x * 5.0, p.y * 50.0, 2));
    flat.mix(Colour::hex(0x102C58), 0.82 * line * smooth(0.0, 0.12, depth) * take(p, 72))
        .mix(Colour::hex(0xE87A4E), 0.75 * glitter * take(p, 73))
}

fn print(p: Point, _: Colour, _: f32) -> (Colour, f32) {
    let (sheet, tooth) = paper(p);
    let mut colour = sheet;
    let dawn = smooth(0.30, 0.52, p.y) * (1.0 - smooth(0.52, 0.75, p.y));
    colour = colour.mix(Colour::hex(0xEFB086), 0.55 * dawn * take(p, 61));
    colour = colour.mix(Colour::hex(0x1B3E78), 0.92 * (1.0 - smooth(0.0, 0.25, p.y)) * take(p, 62));
    let clouds = Noise(SEED ^ 0x28).fractal(p.x * 1.7, p.y * 13.0, 4);
    colour = colour.mix(sheet, 0.8 * smooth(0.10, 0.22, clouds));
    colour = colour.mix(
        Colour::hex(0x6E8EA6),
        0.6 * smooth(0.030, 0.012, (clouds - 0.10).abs()) * take(p, 63),
    );
    // Printed slightly out of register, like a block laid by hand.
    let sun = SUN.0.distance(Point::new(p.x + 0.003, p.y));
    let disc = smooth(SUN.1, SUN.1 - 0.003, sun);
    let red = ramp(
        &[0xB82222, 0xD83A26, 0xEE6E3A].map(Colour::hex),
        0.5 + (p.y - SUN.0.y) / (2.0 * SUN.1),
    );
    colour = colour.mix(red, 0.95 * disc * take(p, 64));
    colour = water(p, mountains(p, colour));
    (colour, tooth)
}

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let mut canvas = Canvas::new(SEED, 0.0, |p| paper(p).0);
    canvas.glaze(print);
    paint_birds(&mut canvas, &mut rng);
    paint_pine(&mut canvas, &mut rng);
    // A margin of bare paper and the seal.
    canvas.glaze(|p, colour, relief| {
        let edge = p.x.min(ASPECT - p.x).min(p.y).min(1.0 - p.y)
            + 0.0025 * Noise(SEED ^ 0x5A).fractal(p.x * 25.0, p.y * 25.0, 2);
        (colour.mix(paper(p).0, smooth(0.030, 0.027, edge)), relief)
    });
    paint_seal(&mut canvas);
    canvas.lit(&Light { shading: 0.16, gloss: 0.0 })
}

fn ink(width: f32) -> Brush {
    Brush { width, streaks: 0.03, dryness: 0.12, relief: 0.3, pickup: 0.0 }
}

fn paint_birds(canvas: &mut Canvas, rng: &mut Rng) {
    for flight in 0..9u8 {
        let at = Point::new(
            0.42 + 0.030 * f32::from(flight) + rng.range(-0.01, 0.01),
            0.155 + 0.018 * (f32::from(flight) - 3.0).abs() + rng.range(-0.008, 0.008),
        );
        let size = rng.range(0.011, 0.017);
        for side in [0.0, PI] {
            let bend = move |p: Point| {
                if side == 0.0 {
                    -0.75 + (p.x - at.x) / size * 0.9
                } else {
                    PI + 0.75 - (at.x - p.x) / size * 0.9
                }
            };
            canvas.stroke(
                ink(0.0045),
                &follow(at, size * 1.5, bend, |_| true),
                Colour::hex(0x141C34),
            );
        }
    }
}

/// Paints the pine in the foreground: a bent trunk, boughs, and tufts of needles.
fn paint_pine(canvas: &mut Canvas, rng: &mut Rng) {
    let bark = Colour::hex(0x1E1A20);
    let trunk = follow(
        Point::new(0.12, 1.0),
        0.74,
        |p| -FRAC_PI_2 + 0.55 * (p.y * 9.0 - 0.4).sin() + 0.18,
        |p| p.y > 0.30,
    );
    let mut thickness = 0.021;
    for &p in &trunk {
        canvas.dab(p, thickness, 0.9, rng.range(0.0, PI), bark.varied(0.015, rng), 0.4);
        // Plates of bark catch the light on the left.
        let plate = Point::new(p.x - thickness * rng.range(-0.2, 0.8), p.y);
        canvas.dab(
            plate,
            thickness * 0.42,
            0.4,
            -FRAC_PI_2 + 0.4,
            Colour::hex(0x7A523E).varied(0.04, rng),
            0.5,
        );
        thickness *= 0.988;
    }
    for (share, angle, length) in [
        (0.45, -0.25, 0.22),
        (0.55, PI + 0.35, 0.13),
        (0.66, -0.45, 0.19),
        (0.78, PI + 0.15, 0.14),
        (0.86, -0.30, 0.14),
        (0.97, -1.1, 0.07),
        (0.99, PI + 0.9, 0.05),
    ] {
        let place = trunk[trunk_index(trunk.len(), share)];
        let bough =
            follow(place, length, |p| angle + 0.5 * ((p.x - place.x) * 22.0).sin(), |_| true);
        canvas.stroke(ink(0.012), &bough, bark);
        for (index, &p) in bough.iter().enumerate().filter(|(index, _)| index % 3 == 1) {
            let lift = if index % 2 == 0 { 0.010 } else { -0.004 };
            paint_tuft(
                canvas,
                Point::new(p.x + rng.range(-0.01, 0.01), p.y - lift - rng.range(0.0, 0.018)),
                rng,
            );
        }
    }
}

fn trunk_index(points: usize, share: f32) -> usize {
    (1..points)
        .rev()
        .find(|&index| {
            f32::from(u16::try_from(index).unwrap_or(0))
                <= share * f32::from(u16::try_from(points).unwrap_or(1))
        })
        .unwrap_or(0)
}

fn paint_tuft(canvas: &mut Canvas, heart: Point, rng: &mut Rng) {
    for needle in 0..15u8 {
        let angle = -PI * (f32::from(needle) + 0.5) / 15.0 + 0.12 * rng.normal();
        let green = ramp(&[0x102A2E, 0x1A463E, 0x3A6A4A].map(Colour::hex), rng.unit());
        canvas.stroke(
            ink(0.0036),
            &follow(heart, rng.range(0.022, 0.034), |_| angle, |_| true),
            green,
        );
    }
}

fn paint_seal(canvas: &mut Canvas) {
    canvas.glaze(|p, colour, relief| {
        let (x, y) = ((p.x - 1.155).abs(), (p.y - 0.900).abs());
        let inside = x.max(y) < 0.024;
        let carved = (y - 0.009).abs() < 0.0022 && x < 0.017
            || x < 0.0022 && y < 0.017
            || (x.max(y) - 0.0195).abs() < 0.0014;
        let red = if inside && !carved { 0.93 * take(p, 95) } else { 0.0 };
        (
            colour.mix(paper(p).0, if inside { 0.9 } else { 0.0 }).mix(Colour::hex(0xC22622), red),
            relief,
        )
    });
}

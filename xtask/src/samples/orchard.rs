//! "Orchard above the bay": a summer evening in divided colour, dot beside dot, each hue answered
//! by its complement.

use std::f32::consts::PI;

use image::RgbImage;

use super::canvas::{ASPECT, Canvas, Light, Point, smooth};
use super::colour::{Colour, ramp};
use super::rng::{Noise, Rng};

const SEED: u64 = 1886;
const HORIZON: f32 = 0.40;
const SUN: Point = Point::new(0.33, 0.315);

/// Lobes of a tree's crown: centre (x, y) and radius.
type Crown = &'static [(f32, f32, f32)];

/// Trees: crown, and foot of the trunk.
const TREES: [(Crown, Point); 4] = [
    (
        &[
            (0.98, 0.29, 0.15),
            (1.11, 0.24, 0.14),
            (1.06, 0.38, 0.14),
            (0.90, 0.38, 0.10),
            (1.20, 0.36, 0.12),
            (1.02, 0.16, 0.10),
        ],
        Point::new(1.05, 0.74),
    ),
    (
        &[
            (0.118, 0.50, 0.050),
            (0.112, 0.455, 0.054),
            (0.121, 0.41, 0.052),
            (0.113, 0.365, 0.048),
            (0.119, 0.32, 0.044),
            (0.114, 0.275, 0.039),
            (0.118, 0.235, 0.033),
            (0.115, 0.195, 0.026),
            (0.117, 0.16, 0.018),
        ],
        Point::new(0.117, 0.63),
    ),
    (
        &[
            (0.214, 0.50, 0.036),
            (0.220, 0.465, 0.039),
            (0.214, 0.43, 0.037),
            (0.219, 0.395, 0.034),
            (0.215, 0.36, 0.030),
            (0.218, 0.325, 0.025),
            (0.216, 0.295, 0.018),
        ],
        Point::new(0.217, 0.59),
    ),
    (&[(0.62, 0.47, 0.050), (0.67, 0.46, 0.046), (0.645, 0.42, 0.040)], Point::new(0.645, 0.56)),
];

/// Appearance of a point: colour, direction of the dabs, and amount of light (0..1).
struct Seen {
    colour: Colour,
    angle: f32,
    light: f32,
}

fn sky(p: Point) -> Seen {
    let noise = Noise(SEED);
    let height = ramp(
        &[0xFFD98A, 0xFBBE8A, 0xF2C9C0, 0xA9C4E4, 0x6E97D6, 0x5B78C4].map(Colour::hex),
        1.0 - p.y / HORIZON,
    );
    let cloud = smooth(0.02, 0.42, noise.fractal(p.x * 2.6 + p.y * 1.5, p.y * 9.0, 4));
    let lit = ramp(
        &[0xF3A69A, 0xFBD3A2, 0xFFF0D2].map(Colour::hex),
        0.5 + 1.6 * noise.fractal(p.x * 5.0, p.y * 16.0 + 3.0, 3),
    );
    let glow = (-(SUN.distance(p) / 0.16).powi(2)).exp();
    let colour = height.mix(lit, cloud * 0.75).mix(Colour::hex(0xFFF3B0), glow * 0.9);
    Seen {
        colour,
        angle: 0.25 * noise.at(p.x * 4.0, p.y * 6.0) + SUN.angle_to(p) * 0.15,
        light: 0.75,
    }
}

fn bay(p: Point) -> Seen {
    let ripple = Noise(SEED ^ 5).fractal(p.x * 7.0, p.y * 70.0, 2);
    let colour =
        ramp(&[0x2F7FA8, 0x46A6B8, 0x8FCFC0, 0xF6D79A].map(Colour::hex), 0.42 + 0.7 * ripple);
    let path = (-((p.x - SUN.x) / (0.03 + 0.5 * (p.y - HORIZON))).powi(2)).exp();
    Seen {
        colour: colour.mix(Colour::hex(0xFFE7A0), path * smooth(-0.3, 0.2, ripple)),
        angle: 0.0,
        light: 0.7,
    }
}

fn far_shore(x: f32) -> f32 {
    HORIZON
        - 0.045
        - 0.035 * (x * 4.2 + 0.6).sin()
        - 0.02 * Noise(SEED ^ 6).fractal(x * 7.0, 0.0, 3)
        + 0.10 * (-((x - SUN.x) / 0.16).powi(2)).exp()
}

fn near_shore(x: f32) -> f32 {
    0.535 + 0.03 * (x * 5.0).sin() - 0.05 * smooth(0.7, 1.25, x)
        + 0.01 * Noise(SEED ^ 8).at(x * 12.0, 0.0)
}

fn path_centre(y: f32) -> f32 {
    0.60 + 0.17 * ((y - 0.55) * 6.0).sin() - 0.35 * (y - 0.55)
}

fn meadow(p: Point) -> Seen {
    let noise = Noise(SEED ^ 4);
    let depth = (p.y - 0.52) / 0.48;
    let roll = noise.fractal(p.x * 3.0, p.y * 5.0, 3);
    let grass = ramp(
        &[0x2A5E4A, 0x4E8648, 0x8EAE50, 0xD8C462, 0xEEB666].map(Colour::hex),
        0.55 + 0.75 * roll - 0.28 * depth,
    );
    let sand = ramp(&[0xC98F8A, 0xEBBE96, 0xFBE2B4].map(Colour::hex), 0.5 + roll);
    let width = 0.020 + 0.085 * depth;
    let on_path =
        1.0 - smooth(width * 0.75, width * 1.1, (p.x - path_centre(p.y) + 0.015 * roll).abs());
    let shadow = TREES.iter().map(|(crown, trunk)| cast(p, crown, *trunk)).fold(0.0, f32::max);
    let ground = grass.mix(sand, on_path);
    let shade = Colour::hex(0x323F8E).mix(Colour::hex(0x2A6A5E), 0.4 + 0.8 * roll);
    Seen { colour: ground.mix(shade, shadow * 0.72), angle: -0.5 + 0.8 * roll, light: 1.0 - shadow }
}

/// Returns the shadow that a tree casts away from the sun.
fn cast(p: Point, crown: Crown, trunk: Point) -> f32 {
    let ragged = 0.45 * Noise(SEED ^ 2).fractal(p.x * 22.0, p.y * 40.0, 3);
    let lobes = crown.iter().map(|&(x, y, radius)| {
        let height = trunk.y - y;
        let (dx, dy) = (p.x - x - 0.50 * height, p.y - trunk.y - 0.20 * height);
        1.0 - smooth(
            0.8,
            1.1,
            ((dx - dy * 0.8) / (radius * 1.15)).hypot(dy / (radius * 0.42)) + ragged,
        )
    });
    let stem = smooth(
        0.02,
        0.012,
        (p.x - trunk.x - 2.5 * (p.y - trunk.y)).abs() + 0.5 * (p.y - trunk.y - 0.05).abs() - 0.025,
    );
    lobes.fold(stem, f32::max)
}

fn tree(p: Point, crown: Crown, trunk: Point) -> Option<Seen> {
    let leaf = Noise(SEED ^ 1);
    let ragged = 0.42 * leaf.fractal(p.x * 20.0, p.y * 20.0, 3);
    let lobe =
        crown.iter().find(|&&(x, y, radius)| Point::new(x, y).distance(p) / radius + ragged < 1.0);
    if let Some(&(x, y, radius)) = lobe {
        let toward_sun = ((x - p.x) * 0.75 + (y - p.y) * 0.65) / radius;
        let light = (0.45 + 0.55 * toward_sun + 0.35 * leaf.fractal(p.x * 15.0, p.y * 15.0, 2))
            .clamp(0.0, 1.0);
        let greens = [0x1F2E6A, 0x1C5552, 0x3B843E, 0x9AB83C, 0xF4CF4E].map(Colour::hex);
        return Some(Seen {
            colour: ramp(&greens, light),
            angle: Point::new(x, y).angle_to(p) + PI / 2.0,
            light,
        });
    }
    let wide = crown[0].2 * 0.13 * (1.0 + 1.5 * smooth(trunk.y - 0.03, trunk.y, p.y));
    let across = (p.x - trunk.x - 0.05 * crown[0].2 * (p.y * 30.0).sin()) / wide;
    let on_trunk = p.y > crown[0].1 && p.y < trunk.y && across.abs() < 1.0;
    let bark = [0xE8A05A, 0x8E4E4A, 0x3A2C5E].map(Colour::hex);
    on_trunk.then(|| Seen { colour: ramp(&bark, 0.5 + 0.5 * across), angle: PI / 2.0, light: 0.4 })
}

fn scene(p: Point) -> Seen {
    if let Some(seen) = TREES.iter().find_map(|(crown, trunk)| tree(p, crown, *trunk)) {
        return seen;
    }
    if p.y > near_shore(p.x) {
        return meadow(p);
    }
    if p.y > HORIZON {
        return bay(p);
    }
    if p.y > far_shore(p.x) {
        let haze =
            ramp(&[0x8E86C8, 0x6B7FBE, 0x5E96A4].map(Colour::hex), (p.y - far_shore(p.x)) / 0.07);
        return Seen {
            colour: haze
                .mix(Colour::hex(0xFFD090), 0.6 * (-(SUN.distance(p) / 0.12).powi(2)).exp()),
            angle: 0.1,
            light: 0.6,
        };
    }
    sky(p)
}

/// Picks the colour of a dot: its own hue, a neighbouring one, the warm of the light or the cool of
/// the shade, or the complement.
fn divided(seen: &Seen, rng: &mut Rng) -> Colour {
    let own = seen.colour.vivid(1.08);
    match rng.unit() {
        draw if draw < 0.50 => own.varied(0.025, rng),
        draw if draw < 0.72 => {
            own.turned(rng.range(-0.7, 0.7)).vivid(1.15).lighter(0.05 * rng.normal())
        }
        draw if draw < 0.90 => {
            let tint = ramp(
                &[0x3A4AB8, 0x6E7FD8, 0xF6B05E, 0xFFE27A].map(Colour::hex),
                seen.light + 0.15 * rng.normal(),
            );
            own.mix(tint, 0.6)
        }
        _ => own.turned(PI).lighter(0.06 * rng.normal()).mix(own, 0.25),
    }
}

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let mut canvas = Canvas::new(SEED, 0.4, |p| scene(p).colour.mix(Colour::hex(0xF0E3CB), 0.35));
    for (pitch, radius) in [(0.0140, 0.0105), (0.0105, 0.0076), (0.0100, 0.0060)] {
        let mut row = -0.01;
        while row < 1.01 {
            let mut column = -0.01;
            while column < ASPECT + 0.01 {
                let p = Point::new(column + rng.range(0.0, pitch), row + rng.range(0.0, pitch));
                let seen = scene(p);
                let size = radius * rng.range(0.72, 1.18);
                canvas.dab(
                    p,
                    size,
                    rng.range(0.6, 0.85),
                    seen.angle + 0.3 * rng.normal(),
                    divided(&seen, &mut rng),
                    2.2,
                );
                column += pitch;
            }
            row += pitch;
        }
    }
    canvas.lit(&Light { shading: 0.22, gloss: 0.08 })
}

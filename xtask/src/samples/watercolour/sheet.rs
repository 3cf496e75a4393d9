//! Watercolour paper and the washes that dry on it.

use super::super::canvas::{Canvas, Light, Point, smooth};
use super::super::colour::Colour;
use super::super::rng::Noise;
use super::{SEED, reserve};
use image::RgbImage;

const PAPER: u32 = 0xFBF8F0;

/// Greatest distance by which a wash strays over the edge of its shape, units.
const REACH: f32 = 0.03;

/// Width of a hardened edge, units.
const RIM: f32 = 0.0032;

/// A load of diluted paint.
#[derive(Clone, Copy)]
pub struct Load {
    /// Two pigments that run into each other.
    pub pigments: [u32; 2],
    /// Optical density of the wash.
    pub strength: f32,
    /// Width over which the edge fades, units. 0 leaves a hard edge.
    pub softness: f32,
    /// Share of the paper's hollows that a dry brush skips, 0..1.
    pub dryness: f32,
}

/// Loads a wet brush, which leaves hard edges.
pub fn load(pigments: [u32; 2], strength: f32) -> Load {
    Load { pigments, strength, softness: 0.0, dryness: 0.0 }
}

/// Returns the height of the paper's grain, about -1..1.
fn tooth(p: Point) -> f32 {
    let noise = Noise(SEED ^ 1);
    let (x, y) = (p.x * 210.0, p.y * 210.0);
    0.7 * (noise.at(0.8 * x + 0.6 * y, 0.8 * y - 0.6 * x)
        + noise.at(0.7 * x - 1.1 * y, 0.7 * y + 1.1 * x + 50.0))
}

/// Returns noise of about -1..1 whose contours meander as water does, `scale` features per unit.
pub fn meander(noise: Noise, p: Point, scale: f32, octaves: u64) -> f32 {
    let (x, y) = ((0.83 * p.x + 0.56 * p.y) * scale, (0.83 * p.y - 0.56 * p.x) * scale);
    let bend = |shift: f32| 0.55 * noise.at(x * 1.7 + shift, y * 1.7);
    noise.fractal(x + bend(20.0), y + bend(40.0), octaves)
}

/// Returns the colour of `under` beneath a transparent film of the pigment.
fn stain(under: Colour, pigment: Colour, density: f32) -> Colour {
    let share = 1.0 - (-1.1 * density).exp();
    let tint = |under: f32, own: f32| under * (1.0 - 0.40 * share) + 1.3 * own * share;
    Colour {
        lightness: under.lightness * pigment.lightness.powf(0.78 * density),
        a: tint(under.a, pigment.a),
        b: tint(under.b, pigment.b),
    }
}

/// Returns how much darker than its middle a wash is at `p`, `depth` units within its edge.
fn settle(noise: Noise, p: Point, depth: f32, load: Load) -> f32 {
    let pool = 0.75 + 0.75 * meander(noise, p, 4.5, 3);
    // The pigment gathers where the wash dries last.
    let ragged = 0.55 + 0.65 * noise.at(p.x * 14.0 + 5.0, p.y * 14.0);
    let rim = if load.softness > 0.0 { 0.0 } else { 1.4 * ragged * (-depth / RIM).exp() };
    // Water that ran back pushes the pigment before it.
    let run = meander(noise, Point::new(p.x + 9.0, p.y), 3.6, 5) - 0.13;
    let backrun = if run > 0.0 { -0.30 } else { 0.85 * (run / 0.010).exp() };
    let grain = -0.24 * tooth(p) * (1.0 + 0.4 * noise.at(p.x * 3.0, p.y * 3.0 + 60.0));
    (pool + rim + backrun * smooth(0.0, 0.02, depth) + grain).max(0.04)
}

/// A sheet of paper.
pub struct Sheet {
    canvas: Canvas,
    /// Number of washes so far; none dries like another.
    washes: u64,
}

impl Sheet {
    /// Creates a sheet of rough paper.
    pub fn new() -> Self {
        let mut canvas = Canvas::new(SEED, 0.0, |p| Colour::hex(PAPER).lighter(0.006 * tooth(p)));
        canvas.glaze(|p, colour, _| (colour, 0.9 * tooth(p)));
        Self { canvas, washes: 0 }
    }

    /// Renders the sheet, lit from the side.
    pub fn lit(&self) -> RgbImage {
        self.canvas.lit(&Light { shading: 0.11, gloss: 0.0 })
    }

    /// Lays a wash around what stays white. `shape` returns the distance within its edge, units,
    /// negative outside.
    pub fn wash(&mut self, load: Load, shape: impl Fn(Point) -> f32) {
        self.cover(load, |p| {
            let depth = shape(p);
            if depth < -REACH { depth } else { depth.min(-reserve(p)) }
        });
    }

    /// Lays a wash as [`Self::wash`] does, also over what stayed white.
    pub fn cover(&mut self, load: Load, shape: impl Fn(Point) -> f32) {
        self.washes += 1;
        let noise = Noise(SEED + self.washes * 7919);
        let [one, other] = load.pigments.map(Colour::hex);
        self.canvas.glaze(|p, under, relief| {
            let plain = shape(p);
            if plain < -REACH {
                return (under, relief);
            }
            let depth = plain
                + 0.007 * noise.fractal(p.x * 24.0, p.y * 24.0, 2)
                + 0.0022 * noise.fractal(p.x * 120.0, p.y * 120.0, 2);
            if depth <= -load.softness {
                return (under, relief);
            }
            let skipped = smooth(-0.1, 0.25, tooth(p) + noise.at(p.x * 5.0, p.y * 40.0));
            let wet = smooth(-load.softness, load.softness.max(0.0014), depth);
            let cover = wet * (1.0 - load.dryness * skipped);
            let run = noise.fractal(p.x * 5.0 + 70.0, p.y * 5.0, 3);
            let pigment = one.mix(other, smooth(-0.35, 0.35, run));
            let density = load.strength * cover * settle(noise, p, depth, load);
            (stain(under, pigment, density), relief)
        });
    }

    /// Lays a stroke of a round brush, pointed at its far end.
    pub fn touch(&mut self, load: Load, from: Point, angle: f32, length: f32, width: f32) {
        let (sin, cos) = angle.sin_cos();
        self.wash(load, |p| {
            let (dx, dy) = (p.x - from.x, p.y - from.y);
            let along = (dx * cos + dy * sin).clamp(0.0, length);
            let half = 0.5 * width * (1.0 - 0.75 * (along / length).powi(2));
            half - p.distance(from.toward(angle, along))
        });
    }
}

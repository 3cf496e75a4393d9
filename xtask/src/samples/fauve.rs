//! "Orange trees by the harbour": pure colours in separate blocks of thick paint, bare canvas
//! between them, and contours in dark blue.

mod harbour;

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use self::harbour::{Part, Seen, scene};
use super::canvas::{Brush, Canvas, Cover, Light, Point, trace};
use super::colour::Colour;
use super::rng::{Noise, Rng, floor};

const SEED: u64 = 1905;

const PRIMING: u32 = 0xF4E8CF;
const CONTOUR: u32 = 0x16226E;

/// Greatest width of a block, units.
const WIDEST: f32 = 0.024;

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let wash = Noise(SEED ^ 4);
    let mut canvas = Canvas::new(SEED, 0.12, |p| {
        Colour::hex(PRIMING).lighter(0.02 * wash.fractal(p.x * 6.0, p.y * 6.0, 3))
    });
    paint_blocks(&mut canvas, &mut rng);
    paint_things(&mut canvas, &mut rng);
    paint_contours(&mut canvas, &mut rng);
    canvas.lit(&Light { shading: 0.24, gloss: 0.10 })
}

/// Returns a pure colour of the palette: neighbours tend to agree.
fn pigment(seen: &Seen, p: Point, rng: &mut Rng) -> Colour {
    let regional = Noise(SEED ^ 3).fractal(p.x * 7.0, p.y * 10.0, 2);
    let place = (0.5 + 0.75 * regional + 0.22 * rng.normal()).clamp(0.0, 0.999);
    let count = seen.palette.iter().map(|_| 1.0).sum::<f32>();
    let index = usize::try_from(floor(place * count)).unwrap_or(0);
    Colour::hex(seen.palette[index]).varied(0.014, rng)
}

/// Lays the blocks of land, water, sky and leaves, the long ones first, with bare canvas between.
fn paint_blocks(canvas: &mut Canvas, rng: &mut Rng) {
    let mut cover = Cover::none();
    for (size, tries) in [(1.0, 30_000), (0.75, 40_000), (0.5, 60_000)] {
        for _ in 0..tries {
            let middle = Point::anywhere(rng);
            if !cover.frees(middle) {
                continue;
            }
            let seen = scene(middle);
            let length = seen.length * size * rng.range(0.85, 1.15);
            let width = (length * rng.range(0.36, 0.46)).min(WIDEST);
            let angle = seen.angle + 0.12 * rng.normal();
            let block = Block { middle, angle, length, width };
            if seen.part < Part::Wood && block.fits(&cover, seen.part) {
                block.claim(&mut cover);
                block.paint(canvas, pigment(&seen, middle, rng), |_| true);
            }
        }
    }
}

/// Fills wood, boats and houses, edge to edge.
fn paint_things(canvas: &mut Canvas, rng: &mut Rng) {
    for _ in 0..60_000 {
        let middle = Point::anywhere(rng);
        let seen = scene(middle);
        if seen.part >= Part::Wood {
            let (angle, width) = (seen.angle + 0.15 * rng.normal(), seen.length * 0.36);
            let block = Block { middle, angle, length: seen.length, width };
            block.paint(canvas, pigment(&seen, middle, rng), |p| scene(p).part == seen.part);
        }
    }
}

/// A stroke of a flat brush: middle, direction (radians), length and width (units).
struct Block {
    middle: Point,
    angle: f32,
    length: f32,
    width: f32,
}

impl Block {
    /// Returns the point at the given shares of the length and width.
    fn spot(&self, along: f32, across: f32) -> Point {
        self.middle
            .toward(self.angle, along * self.length)
            .toward(self.angle + FRAC_PI_2, across * self.width)
    }

    /// Returns whether the block lies on bare canvas, within `part`.
    fn fits(&self, cover: &Cover, part: Part) -> bool {
        let bare = |along| [-0.5, 0.0, 0.5].iter().all(|&w| cover.frees(self.spot(along, w)));
        let ends = [-0.36, 0.36].map(|along| self.spot(along, 0.0));
        [-0.5, -0.25, 0.0, 0.25, 0.5].into_iter().all(bare)
            && ends.iter().all(|&end| scene(end).part == part)
    }

    /// Claims the middle of the block, so that neighbours nearly touch.
    fn claim(&self, cover: &mut Cover) {
        for step in -8..=8i8 {
            cover.take(self.spot(f32::from(step) * 0.05, 0.0), 0.34 * self.width);
        }
    }

    fn paint(&self, canvas: &mut Canvas, colour: Colour, within: impl Fn(Point) -> bool) {
        let brush =
            Brush { width: self.width, streaks: 0.022, dryness: 0.07, relief: 3.2, pickup: 0.0 };
        canvas.slab(brush, self.middle, self.angle, self.length, colour, within);
    }
}

/// Returns the direction (radians) of the border between two parts near `p`. Leaves have none.
fn border(p: Point) -> Option<f32> {
    const REACH: f32 = 0.006;
    let part = scene(p).part;
    let (mut x, mut y, mut leafy) = (0.0, 0.0, part == Part::Leaves);
    for step in 0..20u8 {
        let angle = f32::from(step) / 10.0 * PI;
        let other = scene(p.toward(angle, REACH)).part;
        if other != part {
            let side = if other > part { 1.0 } else { -1.0 };
            (x, y) = (x + side * angle.cos(), y + side * angle.sin());
            leafy |= other == Part::Leaves;
        }
    }
    (x.hypot(y) > 0.5 && (part == Part::Wood || !leafy)).then(|| y.atan2(x) + FRAC_PI_2)
}

/// Draws dark blue lines along the borders, the long ones first.
fn paint_contours(canvas: &mut Canvas, rng: &mut Rng) {
    /// Distance that lines keep from each other, units.
    const APART: f32 = 0.0085;
    let mut cover = Cover::none();
    for (tries, fewest) in [(40_000, 24), (60_000, 10), (60_000, 4)] {
        for _ in 0..tries {
            let from = Point::anywhere(rng);
            let near = |p: Point| cover.frees(p) && border(p).is_some();
            if !near(from) {
                continue;
            }
            let path = trace(from, rng.range(0.15, 0.35), |p| border(p).unwrap_or(0.0), near);
            if path.len() < fewest {
                continue;
            }
            for &p in &path {
                cover.take(p, APART);
            }
            let width = if scene(from).part < Part::Wood { 0.011 } else { 0.008 };
            let brush = Brush {
                width: width * rng.range(0.8, 1.2),
                streaks: 0.04,
                dryness: 0.2,
                relief: 4.0,
                pickup: 0.0,
            };
            canvas.stroke(brush, &path, Colour::hex(CONTOUR).varied(0.02, rng));
        }
    }
}

//! A pen on paper.

use image::RgbImage;

use super::super::canvas::{Canvas, Light, Point, SCALE, follow, smooth};
use super::super::colour::{Colour, ramp};
use super::super::rng::{Noise, Rng};
use super::SEED;

/// Share of a dot's ink that the paper takes at once, 0..1.
const FLOW: f32 = 0.55;

/// A pen, the hand that leads it, and the paper beneath.
pub struct Pen {
    canvas: Canvas,
    pub hand: Rng,
}

fn paper(p: Point) -> (Colour, f32) {
    let noise = Noise(SEED ^ 5);
    let tooth = noise.fractal(p.x * 170.0, p.y * 170.0, 2);
    let tone = 0.5 + 0.5 * noise.fractal(p.x * 3.0, p.y * 3.0, 4) + 0.12 * tooth;
    (ramp(&[0xEADFC8, 0xF3EBD8, 0xF8F2E4].map(Colour::hex), tone), 0.9 * tooth)
}

impl Pen {
    pub fn new() -> Self {
        let mut canvas = Canvas::new(SEED, 0.0, |p| paper(p).0);
        canvas.glaze(|p, colour, _| (colour, paper(p).1));
        Self { canvas, hand: Rng::new(SEED) }
    }

    pub fn lit(&self) -> RgbImage {
        self.canvas.lit(&Light { shading: 0.10, gloss: 0.0 })
    }

    /// Draws a line about `width` canvas pixels wide, set down and lifted with less pressure.
    pub fn line(&mut self, path: &[Point], width: f32) {
        /// Distance between neighbouring dots, canvas pixels.
        const STEP: f32 = 0.6;
        let tremor = Noise(u64::from(self.hand.unit().to_bits()));
        let ink = ramp(&[0x17141C, 0x2E2826].map(Colour::hex), self.hand.unit());
        let length: f32 =
            path.windows(2).map(|pair| pair[0].distance(pair[1])).sum::<f32>() * SCALE;
        let mut along = 0.0;
        for pair in path.windows(2) {
            let (span, angle) = (pair[0].distance(pair[1]) * SCALE, pair[0].angle_to(pair[1]));
            let mut gone = 0.0;
            while gone < span {
                let t = (along + gone) / length;
                let lift = smooth(-0.08, 0.10, t) * smooth(1.06, 0.78, t);
                let pressure = lift * (1.0 + 0.35 * tremor.at((along + gone) * 0.035, 0.5));
                self.dot(pair[0].toward(angle, gone / SCALE), width * pressure, ink);
                gone += STEP;
            }
            along += span;
        }
    }

    fn dot(&mut self, centre: Point, width: f32, ink: Colour) {
        let middle = |value: f32| ((value * SCALE).floor() + 0.5) / SCALE;
        for (dx, dy) in (-2..=2i8).flat_map(|dy| (-2..=2i8).map(move |dx| (dx, dy))) {
            let pixel = Point::new(
                middle(centre.x + f32::from(dx) / SCALE),
                middle(centre.y + f32::from(dy) / SCALE),
            );
            let coverage = (0.5 * width + 0.5 - pixel.distance(centre) * SCALE).clamp(0.0, 1.0);
            if coverage > 0.0 {
                self.canvas.lay(pixel, ink, FLOW * coverage * width.min(1.0), 0.0);
            }
        }
    }

    /// Draws a straight line as a hand does: slightly bent, and a little too long.
    pub fn edge(&mut self, from: Point, to: Point, width: f32) {
        let (sway, over) = (0.05 * self.hand.normal(), self.hand.range(0.0, 0.008));
        let (angle, length) = (from.angle_to(to), from.distance(to));
        let start = from.toward(angle, -over);
        let bend = |p: Point| angle + sway * (0.5 - start.distance(p) / length);
        self.line(&follow(start, length + 2.0 * over, bend, |_| true), width);
    }
}

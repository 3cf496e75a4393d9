//! A canvas that stores colour and relief separately until it is lit.

use image::{Rgb, RgbImage};

use super::colour::Colour;
use super::rng::{Noise, Rng, floor};

/// Width of every painting on the canvas, in units of its height.
pub const ASPECT: f32 = 1.25;

/// Size of the file, px.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 512;

/// Canvas pixels per pixel of the file, along an axis: draws fine bristles without aliasing.
const OVERSAMPLING: u32 = 2;

pub const ROWS: u32 = HEIGHT * OVERSAMPLING;
pub const COLUMNS: u32 = WIDTH * OVERSAMPLING;

/// Canvas pixels per unit of length.
pub const SCALE: f32 = 1024.0;

/// A place on the canvas: x in 0..[`ASPECT`], y in 0..1 from the top.
#[derive(Clone, Copy)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// Returns the point `length` away at `angle` radians, clockwise from the right.
    pub fn toward(self, angle: f32, length: f32) -> Self {
        Self::new(self.x + angle.cos() * length, self.y + angle.sin() * length)
    }

    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    pub fn angle_to(self, other: Self) -> f32 {
        (other.y - self.y).atan2(other.x - self.x)
    }

    /// Returns a random point on the canvas or slightly beyond.
    pub fn anywhere(rng: &mut Rng) -> Self {
        Self::new(rng.range(-0.03, ASPECT + 0.03), rng.range(-0.03, 1.03))
    }
}

/// Brush: material and handling.
#[derive(Clone, Copy)]
pub struct Brush {
    /// Width of the stroke, units.
    pub width: f32,
    /// Range of the bristles' colours, Oklab.
    pub streaks: f32,
    /// Share of the ground that shows through toward the end of a stroke, 0..1.
    pub dryness: f32,
    /// Thickness of the paint, canvas pixels.
    pub relief: f32,
    /// Share of the colour beneath that is dragged along, 0..1.
    pub pickup: f32,
}

/// Lighting of the finished canvas.
pub struct Light {
    /// Weight of the relief's shading.
    pub shading: f32,
    /// Weight of the gloss.
    pub gloss: f32,
}

pub struct Canvas {
    paint: Vec<Colour>,
    relief: Vec<f32>,
    rng: Rng,
}

impl Canvas {
    /// Creates a canvas primed with `ground`. `weave` is the relief of the linen in canvas pixels,
    /// 0 for none.
    pub fn new(seed: u64, weave: f32, ground: impl Fn(Point) -> Colour) -> Self {
        let slub = Noise(seed ^ 0x11);
        let thread = |x: f32, y: f32| {
            let over = (x * 0.5 + slub.at(x * 0.02, y * 0.15)).sin()
                * (y * 0.5 + slub.at(y * 0.02 + 99.0, x * 0.15)).sin();
            weave * over
        };
        Self {
            paint: points().map(ground).collect(),
            relief: points()
                .map(|p| {
                    thread(
                        p.x * SCALE * std::f32::consts::PI / 2.5,
                        p.y * SCALE * std::f32::consts::PI / 2.5,
                    )
                })
                .collect(),
            rng: Rng::new(seed),
        }
    }

    fn index(p: Point) -> Option<usize> {
        let (column, row) =
            (u32::try_from(floor(p.x * SCALE)).ok()?, u32::try_from(floor(p.y * SCALE)).ok()?);
        (column < COLUMNS && row < ROWS).then_some((row * COLUMNS + column) as usize)
    }

    /// Returns the colour at `p`.
    pub fn colour(&self, p: Point) -> Option<Colour> {
        Self::index(p).map(|index| self.paint[index])
    }

    /// Covers the point with paint of thickness `relief`, canvas pixels.
    pub fn lay(&mut self, p: Point, colour: Colour, opacity: f32, relief: f32) {
        if let Some(index) = Self::index(p) {
            self.paint[index] = self.paint[index].mix(colour, opacity);
            self.relief[index] += (relief - self.relief[index]) * opacity;
        }
    }

    /// Changes the colour and relief of every point.
    pub fn glaze(&mut self, mut change: impl FnMut(Point, Colour, f32) -> (Colour, f32)) {
        for ((p, paint), relief) in points().zip(&mut self.paint).zip(&mut self.relief) {
            (*paint, *relief) = change(p, *paint, *relief);
        }
    }

    /// Paints a stroke along `path`, whose points are at most a brush's width apart.
    pub fn stroke(&mut self, brush: Brush, path: &[Point], colour: Colour) {
        /// Distance between neighbouring touches, canvas pixels.
        const STEP: f32 = 0.7;
        let length: f32 =
            path.windows(2).map(|pair| pair[0].distance(pair[1])).sum::<f32>() * SCALE;
        if length < 1.0 {
            return;
        }
        let grain = Noise(u64::from(self.rng.unit().to_bits()));
        let bristles = (brush.width * SCALE / STEP).max(2.0);
        let under = self.colour(path[0]).unwrap_or(colour);
        let mut along = 0.0;
        for pair in path.windows(2) {
            let (span, angle) = (pair[0].distance(pair[1]) * SCALE, pair[0].angle_to(pair[1]));
            let mut travelled = 0.0;
            while travelled < span {
                let t = (along + travelled) / length;
                let centre = pair[0].toward(angle, travelled / SCALE);
                let half = 0.5 * brush.width * taper(t);
                let mut bristle = 0.0;
                while bristle < bristles {
                    let across = 2.0 * bristle / bristles - 1.0;
                    let p = centre.toward(angle + std::f32::consts::FRAC_PI_2, across * half);
                    let touch = Touch { t, across, along: along + travelled, under };
                    self.touch(p, brush, colour, &touch, grain);
                    bristle += 1.0;
                }
                travelled += STEP;
            }
            along += span;
        }
    }

    /// Paints a flat stroke with blunt ends, `length` units along `angle` about `centre`, where
    /// `within` allows it.
    pub fn slab(
        &mut self,
        brush: Brush,
        centre: Point,
        angle: f32,
        length: f32,
        colour: Colour,
        within: impl Fn(Point) -> bool,
    ) {
        /// Distance between neighbouring touches, canvas pixels.
        const STEP: f32 = 0.7;
        let grain = Noise(u64::from(self.rng.unit().to_bits()));
        let under = self.colour(centre).unwrap_or(colour);
        let steps = |size: f32| (size * SCALE / STEP).max(2.0);
        let (touches, bristles) = (steps(length), steps(brush.width));
        let mut touched = 0.0;
        while touched < touches {
            let t = touched / touches;
            let spine = centre.toward(angle, (t - 0.5) * length);
            let mut bristle = 0.0;
            while bristle < bristles {
                let across = 2.0 * bristle / bristles - 1.0;
                let side = 0.5 * across * brush.width;
                let p = spine.toward(angle + std::f32::consts::FRAC_PI_2, side);
                if within(p) {
                    let touch = Touch { t, across, along: t * length * SCALE, under };
                    self.touch(p, brush, colour, &touch, grain);
                }
                bristle += 1.0;
            }
            touched += 1.0;
        }
    }

    fn touch(&mut self, p: Point, brush: Brush, colour: Colour, touch: &Touch, grain: Noise) {
        let bristle = touch.across * brush.width * SCALE;
        // Neighbouring bristles start and end at slightly different points. The outer ones start
        // later and end sooner.
        let ragged = 0.10 * touch.across.powi(2)
            + 0.07 * grain.at(bristle * 0.25, 900.0)
            + 0.05 * grain.at(bristle * 0.8, 700.0);
        if touch.t < ragged || touch.t > 1.0 - ragged {
            return;
        }
        let streak = grain.at(bristle * 0.35, touch.along * 0.012)
            + 0.5 * grain.at(bristle * 0.9 + 50.0, touch.along * 0.03);
        let hold = 1.0 - brush.dryness * (0.35 + 0.9 * touch.t);
        let opacity =
            smooth(0.0, 0.25, hold + 0.55 * grain.at(bristle * 0.6 + 200.0, touch.along * 0.05))
                * 0.75;
        let ridge = (-((touch.across.abs() - 0.86) / 0.13).powi(2)).exp() * 0.7
            + smooth(0.86, 0.97, touch.t) * 0.5;
        let paint = colour
            .mix(touch.under, brush.pickup * (0.4 + 0.6 * touch.t))
            .lighter(streak * brush.streaks)
            .turned(grain.at(bristle * 0.2 + 400.0, 0.0) * brush.streaks * 4.0);
        self.lay(p, paint, opacity, brush.relief * (0.6 + 0.45 * streak + ridge));
    }

    /// Paints a dab of the brush's tip: a domed ellipse with half-axes `radius` and `radius ·
    /// roundness`.
    pub fn dab(
        &mut self,
        centre: Point,
        radius: f32,
        roundness: f32,
        angle: f32,
        colour: Colour,
        relief: f32,
    ) {
        let (sin, cos) = angle.sin_cos();
        let steps = (radius * SCALE * 1.4).max(1.0);
        let grain = Noise(u64::from(self.rng.unit().to_bits()));
        let mut v = -steps;
        while v <= steps {
            let mut u = -steps;
            while u <= steps {
                let (along, across) = (u / steps, v / steps);
                let rough = along.hypot(across) + 0.16 * grain.at(along * 2.0, across * 2.0);
                if rough < 1.0 {
                    let (dx, dy) = (along * radius, across * radius * roundness);
                    let p =
                        Point::new(centre.x + dx * cos - dy * sin, centre.y + dx * sin + dy * cos);
                    let dome = (1.0 - rough * rough).sqrt() + 0.25 * grain.at(across * 5.0, along);
                    self.lay(
                        p,
                        colour.lighter(0.03 * grain.at(across * 4.0, along + 9.0)),
                        smooth(1.0, 0.8, rough) * 0.85,
                        relief * dome,
                    );
                }
                u += 1.0;
            }
            v += 1.0;
        }
    }

    /// Renders the canvas under a light from the upper left, reduced to the size of the file.
    pub fn lit(&self, light: &Light) -> RgbImage {
        RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
            let mut sum = [0.0; 3];
            for (dx, dy) in
                (0..OVERSAMPLING).flat_map(|dy| (0..OVERSAMPLING).map(move |dx| (dx, dy)))
            {
                let seen = self.lit_point(x * OVERSAMPLING + dx, y * OVERSAMPLING + dy, light);
                for (sum, seen) in sum.iter_mut().zip(seen) {
                    *sum += seen.clamp(0.0, 1.0) / 4.0;
                }
            }
            Rgb(sum.map(encode))
        })
    }

    fn lit_point(&self, x: u32, y: u32, light: &Light) -> [f32; 3] {
        let relief =
            |x: u32, y: u32| self.relief[(y.min(ROWS - 1) * COLUMNS + x.min(COLUMNS - 1)) as usize];
        let slope_x = relief(x + 1, y) - relief(x.saturating_sub(1), y);
        let slope_y = relief(x, y + 1) - relief(x, y.saturating_sub(1));
        let facing =
            (slope_x + 1.4 * slope_y) / (1.0 + slope_x * slope_x + slope_y * slope_y).sqrt();
        let shade = 1.0 + light.shading * facing.clamp(-1.2, 1.2);
        let gloss = light.gloss * (facing - 0.45).clamp(0.0, 1.0).powi(2);
        self.paint[(y * COLUMNS + x) as usize].linear().map(|value| value * shade + gloss)
    }
}

/// Record of the canvas pixels that are taken, for strokes that must not meet.
pub struct Cover(Vec<bool>);

impl Cover {
    /// Creates a record in which everything is free.
    pub fn none() -> Self {
        Self(vec![false; (ROWS * COLUMNS) as usize])
    }

    /// Returns whether `p` is free, as is everything beyond the canvas.
    pub fn frees(&self, p: Point) -> bool {
        Canvas::index(p).is_none_or(|index| !self.0[index])
    }

    /// Takes the disc of `radius` units about `centre`.
    pub fn take(&mut self, centre: Point, radius: f32) {
        let mut dy = -radius;
        while dy <= radius {
            let mut dx = -radius;
            while dx <= radius {
                let p = Point::new(centre.x + dx, centre.y + dy);
                if let Some(index) = Canvas::index(p).filter(|_| dx.hypot(dy) <= radius) {
                    self.0[index] = true;
                }
                dx += 1.0 / SCALE;
            }
            dy += 1.0 / SCALE;
        }
    }
}

/// Position of a bristle's touch within its stroke.
struct Touch {
    /// Position along the stroke, 0..1.
    t: f32,
    /// Position across the stroke, -1..1.
    across: f32,
    /// Distance along the stroke, canvas pixels.
    along: f32,
    /// Colour where the stroke began.
    under: Colour,
}

/// Returns the relative width of a stroke along its length: set down, drawn, lifted.
fn taper(t: f32) -> f32 {
    smooth(-0.12, 0.12, t) * (1.0 - smooth(0.75, 1.08, t) * 0.5)
}

/// Interpolates smoothly from 0 below `low` to 1 above `high`.
pub fn smooth(low: f32, high: f32, value: f32) -> f32 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Encodes linear light as an sRGB byte.
fn encode(linear: f32) -> u8 {
    let encoded =
        if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    u8::try_from(floor(encoded.clamp(0.0, 1.0) * 255.0 + 0.5)).unwrap_or(u8::MAX)
}

/// Returns the centre of every canvas pixel, row by row.
pub fn points() -> impl Iterator<Item = Point> {
    let steps = |count: u16| (0..count).map(|step| (f32::from(step) + 0.5) / SCALE);
    steps(1024).flat_map(move |y| steps(1280).map(move |x| Point::new(x, y)))
}

/// Traces the path of a brush along `direction` (radians), until it is `length` units long or
/// `within` forbids the next step.
pub fn follow(
    from: Point,
    length: f32,
    direction: impl Fn(Point) -> f32,
    within: impl Fn(Point) -> bool,
) -> Vec<Point> {
    const STEP: f32 = 0.006;
    let mut path = vec![from];
    let (mut at, mut left) = (from, length);
    while left > 0.0 && within(at) {
        at = at.toward(direction(at), STEP);
        path.push(at);
        left -= STEP;
    }
    path
}

/// Traces a path as [`follow`] does, half of `length` to either side of `middle`.
pub fn trace(
    middle: Point,
    length: f32,
    direction: impl Fn(Point) -> f32,
    within: impl Fn(Point) -> bool,
) -> Vec<Point> {
    let back = |p: Point| direction(p) + std::f32::consts::PI;
    let mut path = follow(middle, 0.5 * length, back, &within);
    path.reverse();
    path.pop();
    path.extend(follow(middle, 0.5 * length, direction, within));
    path
}

//! "Guitar and bottle": a still life broken into facets, each of which shows its piece of the
//! things a little moved and turned, with pasted papers and stencilled letters.

mod papers;
mod still_life;

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use self::papers::PAPERS;
use self::still_life::{Thing, thing};
use super::canvas::{ASPECT, Brush, COLUMNS, Canvas, Light, Point, points};
use super::colour::{Colour, ramp};
use super::rng::{Noise, Rng};

const SEED: u64 = 1912;

/// Number of facets.
const FACETS: usize = 72;

/// Directions along which the picture is cut, radians.
const CUTS: [f32; 6] = [-0.96, 0.62, 1.48, -0.22, 1.12, -1.36];

/// Colours of which each facet shares in one.
const TINTS: [u32; 5] = [0x6E7476, 0xC6A468, 0x7C7848, 0x8E8A7A, 0xB08A54];

/// Dabs per square unit.
const DABS: f32 = 26_000.0;

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let facets = facets(&mut rng);
    let mut canvas = Canvas::new(SEED, 0.3, |p| {
        Colour::hex(0x8E8468).lighter(0.05 * Noise(SEED).fractal(p.x * 8.0, p.y * 8.0, 3))
    });
    for facet in &facets {
        paint_facet(&mut canvas, facet, &mut rng);
    }
    let owner = |p: Point| facets.iter().position(|facet| facet.holds(p));
    for paper in &PAPERS {
        paper.paste(&mut canvas, |p| owner(p).map_or(0.5, |index| facets[index].show(p).1));
    }
    let labels: Vec<_> =
        points().map(|p| owner(p).map(|index| (index, facets[index].show(p).0))).collect();
    draw_lines(&mut canvas, &labels);
    canvas.lit(&Light { shading: 0.24, gloss: 0.06 })
}

/// Fills a facet with short dabs that grade from its dark side to its light one.
fn paint_facet(canvas: &mut Canvas, facet: &Facet, rng: &mut Rng) {
    let span = |axis: fn(&Point) -> f32| {
        let values = facet.corners.iter().map(axis);
        values.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)))
    };
    let ((left, right), (top, foot)) = (span(|p| p.x), span(|p| p.y));
    let mut due = DABS * (right - left) * (foot - top);
    while due > 0.0 {
        due -= 1.0;
        let p = Point::new(rng.range(left, right), rng.range(top, foot));
        if facet.holds(p) {
            dab(canvas, facet, p, rng);
        }
    }
}

fn dab(canvas: &mut Canvas, facet: &Facet, p: Point, rng: &mut Rng) {
    let (thing, shade) = facet.show(p);
    let own = ramp(&thing.palette(), shade + 0.10 * rng.normal());
    let colour = own.mix(Colour::hex(facet.tint), 0.20).varied(0.012, rng);
    let brush = Brush {
        width: rng.range(0.007, 0.012),
        streaks: 0.03,
        dryness: 0.12,
        relief: 2.6,
        pickup: 0.1,
    };
    let (angle, length) = (facet.strokes + 0.2 * rng.normal(), rng.range(0.016, 0.030));
    let within = |q: Point| facet.holds(q) && facet.show(q).0 == thing;
    canvas.slab(brush, p, angle, length, colour, within);
}

/// Draws charcoal lines where things end, and fainter ones where facets meet.
fn draw_lines(canvas: &mut Canvas, labels: &[Option<(usize, Thing)>]) {
    let hand = Noise(SEED ^ 6);
    let columns = COLUMNS as usize;
    let mut here = 0..;
    canvas.glaze(|p, colour, relief| {
        let place = here.next().unwrap_or_default();
        let label = |step: usize| labels.get(place + step).copied().flatten();
        let Some((facet, thing)) = label(0) else { return (colour, relief) };
        let weight = |other: (usize, Thing)| match other {
            (other, _) if other != facet => 0.45 + 0.8 * hand.fractal(p.x * 7.0, p.y * 7.0, 2),
            (_, seen) if [seen, thing].contains(&Thing::String) => 0.0,
            (_, seen) if seen != thing => 0.9 + 0.3 * hand.at(p.x * 20.0, p.y * 20.0),
            _ => 0.0,
        };
        let reach = if hand.at(p.x * 9.0, p.y * 9.0 + 40.0) > 0.1 { 3 } else { 2 };
        let around = [1, columns, columns + 1].into_iter().filter_map(|step| label(step * reach));
        let line = around.map(weight).fold(0.0, f32::max).min(1.0);
        (colour.mix(Colour::hex(0x1A1612), 0.85 * line), relief)
    });
}

/// A convex piece of the picture, and how it shows things: moved by `shift`, turned by `turn`
/// radians.
struct Facet {
    corners: Vec<Point>,
    middle: Point,
    shift: (f32, f32),
    turn: f32,
    /// Lightness against its neighbours, -1..1.
    value: f32,
    /// Directions (radians): toward its light side, and of its strokes.
    light: f32,
    strokes: f32,
    /// Colour that all its paints share in.
    tint: u32,
}

impl Facet {
    fn new(corners: Vec<Point>, rng: &mut Rng) -> Self {
        let count = corners.iter().map(|_| 1.0).sum::<f32>();
        let sum = corners.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.x, sum.1 + p.y));
        Self {
            middle: Point::new(sum.0 / count, sum.1 / count),
            corners,
            shift: (0.019 * rng.normal(), 0.019 * rng.normal()),
            turn: 0.075 * rng.normal(),
            value: rng.range(-1.0, 1.0),
            light: rng.pick(&CUTS) + FRAC_PI_2 + if rng.chance(0.5) { PI } else { 0.0 },
            tint: rng.pick(&TINTS),
            strokes: rng.pick(&[0.0, 0.15, -0.2, 0.62, -0.96]),
        }
    }

    /// Returns the ends of each side.
    fn sides(&self) -> impl Iterator<Item = (Point, Point)> {
        self.corners.iter().copied().zip(self.corners.iter().copied().cycle().skip(1))
    }

    fn area(&self) -> f32 {
        0.5 * self.sides().map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f32>().abs()
    }

    /// Returns the area over the square of the outline's length: small for slivers.
    fn breadth(&self) -> f32 {
        let outline = self.sides().map(|(a, b)| a.distance(b)).sum::<f32>();
        if self.corners.len() < 3 { 0.0 } else { self.area() / outline.powi(2) }
    }

    fn holds(&self, p: Point) -> bool {
        let mut sides =
            self.sides().map(|(a, b)| (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x) > 0.0);
        let first = sides.next();
        sides.all(|side| Some(side) == first)
    }

    /// Cuts the facet in two along a line through `at`.
    fn cut(&self, at: Point, angle: f32) -> [Vec<Point>; 2] {
        let (sin, cos) = angle.sin_cos();
        let side = |p: Point| (p.y - at.y) * cos - (p.x - at.x) * sin;
        let mut halves = [Vec::new(), Vec::new()];
        for (a, b) in self.sides() {
            halves[usize::from(side(a) > 0.0)].push(a);
            if (side(a) > 0.0) != (side(b) > 0.0) {
                let share = side(a) / (side(a) - side(b));
                let crossing = Point::new(a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share);
                for half in &mut halves {
                    half.push(crossing);
                }
            }
        }
        halves
    }

    /// Returns the point of the still life that the facet shows at `p`.
    fn seen_from(&self, p: Point) -> Point {
        let (sin, cos) = self.turn.sin_cos();
        let (dx, dy) = (p.x - self.middle.x, p.y - self.middle.y);
        Point::new(
            self.middle.x + self.shift.0 + dx * cos - dy * sin,
            self.middle.y + self.shift.1 + dx * sin + dy * cos,
        )
    }

    /// Returns the thing and its shade (0..1) at `p`.
    fn show(&self, p: Point) -> (Thing, f32) {
        let thing = thing(self.seen_from(p));
        let across =
            (p.x - self.middle.x) * self.light.cos() + (p.y - self.middle.y) * self.light.sin();
        let reach = self.area().sqrt();
        (thing, 0.53 + 0.24 * self.value + (across / reach).clamp(-0.8, 0.8))
    }
}

/// Cuts the picture into facets: the largest first, those near the middle finer.
fn facets(rng: &mut Rng) -> Vec<Facet> {
    let (right, foot) = (ASPECT + 0.01, 1.01);
    let sheet = [(-0.01, -0.01), (right, -0.01), (right, foot), (-0.01, foot)];
    let mut facets = vec![Facet::new(sheet.map(|(x, y)| Point::new(x, y)).into(), rng)];
    let weight = |facet: &Facet| {
        facet.area() / (0.12 + facet.middle.distance(Point::new(0.60, 0.52)).powi(2))
    };
    while facets.len() < FACETS {
        let largest = (0..facets.len())
            .max_by(|&a, &b| weight(&facets[a]).total_cmp(&weight(&facets[b])))
            .expect("there is at least one facet");
        let facet = facets.swap_remove(largest);
        let spread = 0.12 * facet.area().sqrt();
        let at = Point::new(
            facet.middle.x + spread * rng.normal(),
            facet.middle.y + spread * rng.normal(),
        );
        // Of several cuts, the one that leaves the fewest slivers.
        let cuts = [(); 3].map(|()| {
            let angle = rng.pick(&CUTS) + 0.06 * rng.normal();
            facet.cut(at, angle).map(|half| Facet::new(half, rng))
        });
        let sturdy = |halves: &[Facet; 2]| halves[0].breadth().min(halves[1].breadth());
        let best = cuts.into_iter().max_by(|a, b| sturdy(a).total_cmp(&sturdy(b)));
        facets.extend(best.into_iter().flatten().filter(|half| half.corners.len() > 2));
    }
    facets
}

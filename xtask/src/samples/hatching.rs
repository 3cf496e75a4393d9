//! "Tower by the old road": a pen drawing in which layers of hatching follow the forms and cross
//! where it is dark.

mod hamlet;
mod pen;

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use self::hamlet::{
    AXIS, EAVES, FOOT, GIRTH, GUTTER, Matter, OVERHANG, Part, RIDGE, SAG, SIDES, TIP, scene, trunk,
};
use self::pen::Pen;
use super::canvas::{ASPECT, Cover, Point, follow, smooth, trace};
use super::rng::Noise;

const SEED: u64 = 1851;

/// A layer of hatching.
struct Layer {
    /// Least darkness of the places that it covers, 0..1.
    least: f32,
    /// Turn of its lines away from the form, radians.
    turn: f32,
    /// Width of a line, canvas pixels.
    width: f32,
}

const LAYERS: [Layer; 5] = [
    Layer { least: 0.08, turn: 0.0, width: 1.8 },
    Layer { least: 0.33, turn: 0.95, width: 1.7 },
    Layer { least: 0.54, turn: -0.75, width: 1.8 },
    Layer { least: 0.72, turn: 0.40, width: 2.1 },
    Layer { least: 0.84, turn: 1.4, width: 2.6 },
];

/// Widths of the line, canvas pixels.
const FINE: f32 = 1.5;
const MEDIUM: f32 = 1.9;
const BOLD: f32 = 2.8;

pub fn paint() -> RgbImage {
    let mut pen = Pen::new();
    for layer in &LAYERS {
        hatch(&mut pen, layer);
    }
    draw_houses(&mut pen);
    draw_tower(&mut pen);
    draw_tiles(&mut pen);
    draw_stones(&mut pen);
    draw_trunk(&mut pen);
    draw_leaves(&mut pen);
    draw_grass(&mut pen);
    pen.lit()
}

/// Draws the lines of a layer, closer together where it is darker.
fn hatch(pen: &mut Pen, layer: &Layer) {
    let mut cover = Cover::none();
    let tremor = Noise(SEED ^ 6);
    for _ in 0..90_000 {
        let from = Point::anywhere(&mut pen.hand);
        let seen = scene(from);
        if seen.tone < layer.least || !cover.frees(from) {
            continue;
        }
        let slant = layer.turn + 0.05 * pen.hand.normal();
        let run = |p: Point| scene(p).form + slant + 0.08 * tremor.at(p.x * 40.0, p.y * 40.0);
        let within = |p: Point| {
            let here = scene(p);
            cover.frees(p) && here.part == seen.part && here.tone >= layer.least
        };
        let path = trace(from, pen.hand.range(0.05, 0.15), run, within);
        if path.len() < 3 {
            continue;
        }
        for &p in &path {
            let darkness = (scene(p).tone - layer.least).clamp(0.0, 1.0);
            cover.take(p, 0.0068 - 0.0034 * darkness);
        }
        let pressure = (0.70 + 0.6 * (seen.tone - layer.least)) * pen.hand.range(0.8, 1.25);
        pen.line(&path, layer.width * pressure);
    }
}

fn draw_houses(pen: &mut Pen) {
    for side in &SIDES {
        let corners = side.1.map(|(x, y)| Point::new(x, y));
        for (&from, &to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            if from.distance(to) > 0.0 {
                pen.edge(from, to, 0.85 * BOLD);
                pen.edge(from, to, FINE);
            }
        }
    }
}

fn draw_tower(pen: &mut Pen) {
    for side in [-1.0, 1.0] {
        let wall = |y| Point::new(AXIS + side * GIRTH, y);
        pen.edge(wall(EAVES + 0.01), wall(FOOT), BOLD);
        pen.edge(Point::new(AXIS, TIP - 0.005), Point::new(AXIS + side * OVERHANG, EAVES), BOLD);
    }
    for (drop, width) in [(0.0, BOLD), (0.006, FINE)] {
        let rim = |step: i8| {
            let x = f32::from(step) / 20.0;
            Point::new(AXIS + x * (OVERHANG - drop), EAVES + drop + SAG * (1.0 - x * x))
        };
        pen.line(&(-20..=20).map(rim).collect::<Vec<_>>(), width);
    }
}

/// Draws rows of tiles down the roof of the long house.
fn draw_tiles(pen: &mut Pen) {
    const ROWS: u8 = 12;
    for row in 1..ROWS {
        let down =
            |ridge: f32, gutter: f32| ridge + (gutter - ridge) * f32::from(row) / f32::from(ROWS);
        let y = down(RIDGE.2, GUTTER.2);
        let mut x = down(RIDGE.0, GUTTER.0);
        while x < down(RIDGE.1, GUTTER.1) {
            let next = x + pen.hand.range(0.010, 0.016);
            if pen.hand.chance(0.7) {
                let tile = [(x, -0.004), (x + 0.003, 0.0), (next - 0.003, 0.0), (next, -0.004)];
                pen.line(&tile.map(|(x, lift)| Point::new(x, y + lift)), FINE);
            }
            x = next;
        }
    }
}

/// Draws some of the stones of the walls, three sides of each.
fn draw_stones(pen: &mut Pen) {
    for _ in 0..900 {
        let p = Point::anywhere(&mut pen.hand);
        let seen = scene(p);
        let (size, form) = match seen.part {
            Part::Tower => (0.020, seen.form),
            Part::Side(number) if SIDES[number].0 == Matter::Masonry => (0.018, seen.form),
            Part::Side(number) if SIDES[number].0 == Matter::Boulders => (0.032, -0.05),
            _ => continue,
        };
        let corner = p.toward(form, size * pen.hand.range(0.7, 1.3));
        let foot = corner.toward(form + FRAC_PI_2, 0.57 * size * pen.hand.range(0.8, 1.2));
        if scene(foot).part == seen.part && scene(corner).part == seen.part {
            pen.edge(p, corner, FINE);
            pen.edge(corner, foot, MEDIUM);
            pen.edge(foot, foot.toward(form, -p.distance(corner)), FINE);
        }
    }
}

fn draw_trunk(pen: &mut Pen) {
    for (side, width) in [(-1.0, MEDIUM), (1.0, BOLD), (0.55, FINE), (0.1, FINE)] {
        let edge = |step: u8| {
            let y = 0.53 + 0.01 * f32::from(step);
            let (middle, half) = trunk(y);
            Point::new(middle + side * half, y)
        };
        pen.line(&(0..30).map(edge).collect::<Vec<_>>(), width);
    }
}

/// Scribbles leaves: small loops in the shade of the crown and along its rim.
fn draw_leaves(pen: &mut Pen) {
    for _ in 0..9000 {
        let from = Point::new(pen.hand.range(0.84, ASPECT), pen.hand.range(0.04, 0.60));
        let seen = scene(from);
        let rim = (0..6u8).any(|k| scene(from.toward(f32::from(k), 0.010)).part != Part::Crown);
        let likely = if rim { 0.45 } else { 0.06 + 0.30 * smooth(0.3, 0.9, seen.tone) };
        if seen.part != Part::Crown || !pen.hand.chance(likely) {
            continue;
        }
        let (size, start) = (pen.hand.range(0.004, 0.0085), pen.hand.range(0.0, 2.0 * PI));
        let drift = pen.hand.range(0.0006, 0.0014);
        let curl = |step: u8| {
            let turn = start + f32::from(step) * 0.6;
            let centre = from.toward(start, f32::from(step) * drift);
            centre.toward(turn, size * (0.6 + 0.4 * (turn * 1.7).sin()))
        };
        pen.line(&(0..18).map(curl).collect::<Vec<_>>(), FINE);
    }
}

/// Draws tufts of grass, larger toward the front.
fn draw_grass(pen: &mut Pen) {
    for _ in 0..800 {
        let root = Point::new(pen.hand.range(0.0, ASPECT), pen.hand.range(0.75, 1.02));
        let lush = Noise(SEED ^ 8).fractal(root.x * 6.0, root.y * 14.0, 2);
        if scene(root).part != Part::Grass || pen.hand.chance(0.55 - 1.6 * lush) {
            continue;
        }
        let tall = 0.010 + 0.11 * (root.y - 0.74);
        for _ in 0..7 {
            let (lean, bend) = (0.35 * pen.hand.normal(), 5.0 * pen.hand.normal());
            let from = Point::new(root.x + 0.3 * tall * pen.hand.normal(), root.y);
            let blade = |p: Point| lean - FRAC_PI_2 + bend * (from.y - p.y);
            let path = follow(from, tall * pen.hand.range(0.6, 1.2), blade, |_| true);
            pen.line(&path, MEDIUM);
        }
    }
}

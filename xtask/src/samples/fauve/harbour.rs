//! The harbour of the fauvist canvas: what is where, in which colours, and how it is brushed.

use std::f32::consts::FRAC_PI_2;

use super::super::canvas::{Point, smooth};
use super::super::rng::{Noise, floor};
use super::SEED;

/// The line between the village and the water.
const SHORE: f32 = 0.475;

type Palette = &'static [u32];

const SKY: Palette =
    &[0xFBDD5A, 0xF9E9A0, 0xF6B49A, 0x6CCFC0, 0x3FA4DE, 0x9ADCC8, 0xF9E27A, 0xF48CA8];
const PEAKS: Palette = &[0x22389E, 0x6A3FAE, 0x2F6AD0, 0xC0569E, 0x3A2F8E, 0x3F8FD8];
const HILLS: Palette = &[0x1E8F5E, 0xE4402A, 0xC22456, 0xF08A2E, 0x2EA06A, 0xE8608E, 0x6FB640];
const WATER: Palette =
    &[0x2E9E8E, 0xF07AA4, 0xF7A8B8, 0xEE6496, 0xF9CF5A, 0xF58EB0, 0xF9B8B8, 0x2F6CD0, 0x3FB8A8];
const BANK: Palette = &[0xE8482A, 0xF2703A, 0xF7A23A, 0xD82E4E, 0xF9C84A, 0xF07A90];
const MEADOW: Palette = &[0x1E8E4E, 0x8CC63E, 0xF6D63E, 0x0E6E5E, 0xC8DA4A];
const SHADOW: Palette = &[0x2846B8, 0x5A36A0, 0x1E7A8E, 0x3A2E86];
const LEAVES: Palette = &[0xF26A16, 0xF99A20, 0xE23C1C, 0xFBC436, 0xF58220, 0x1E8A50];
const LEAVES_SHADED: Palette = &[0x1E7A4E, 0xB8242E, 0xE2501C, 0x2E4AB0, 0x0E6258];
const TRUNK: Palette = &[0xD82A3A, 0xF0604A, 0xF28A9A];
const TRUNK_SHADED: Palette = &[0x2A3AA0, 0x5A2E9A, 0x8E2A7E];
const TOWER: Palette = &[0xF9A84A, 0xFBDFB4];
const TOWER_SHADED: Palette = &[0xE8608E, 0xC2487E];
const WALLS: Palette =
    &[0xF8D24A, 0xF4A0B4, 0xFBF0D8, 0x5CBCC0, 0xF9A84A, 0xFBDFB4, 0xF284A4, 0xF9D86A, 0xFBF0D8];
const ROOFS: Palette = &[0xE2401E, 0x2E58C0, 0xD02A3A];
const DARK: Palette = &[super::CONTOUR];

/// Parts of the picture. Those before the wood are brushed in separate blocks, the others edge to
/// edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Part {
    Leaves,
    Bank,
    Water,
    Hills,
    Peaks,
    Sky,
    Wood,
    Hull(usize),
    Sail(usize),
    Mast(usize),
    Wall(usize),
    Roof(usize),
    Tower,
    Dome,
}

/// Appearance of a point: its part, the part's colours, and direction (radians) and length (units)
/// of the strokes.
pub struct Seen {
    pub part: Part,
    pub palette: Palette,
    pub angle: f32,
    pub length: f32,
}

fn seen(part: Part, palette: Palette, angle: f32, length: f32) -> Seen {
    Seen { part, palette, angle, length }
}

/// A tree: x of its foot, sway of its trunk, half the trunk's width, and lobes of its crown (x, y,
/// radius).
struct Tree {
    foot: f32,
    sway: f32,
    half: f32,
    crown: [(f32, f32, f32); 4],
}

const TREES: [Tree; 2] = [
    Tree {
        foot: 0.175,
        sway: 0.045,
        half: 0.027,
        crown: [(0.12, 0.20, 0.115), (0.25, 0.13, 0.105), (0.04, 0.08, 0.11), (0.30, 0.25, 0.07)],
    },
    Tree {
        foot: 1.075,
        sway: -0.04,
        half: 0.024,
        crown: [(1.10, 0.17, 0.105), (1.21, 0.11, 0.11), (1.00, 0.09, 0.08), (1.20, 0.25, 0.075)],
    },
];

/// Where a trunk divides into its branches, y.
const FORK: f32 = 0.42;

impl Tree {
    /// Returns the x of the trunk's middle at height `y`.
    fn middle(&self, y: f32) -> f32 {
        self.foot + self.sway * (((1.0 - y) * 6.5).sin() + 0.3 * (1.0 - y))
    }

    fn wood(&self, p: Point) -> Option<Seen> {
        let fork = self.middle(FORK);
        let branches = self.crown.iter().any(|&(x, y, _)| {
            let share = ((FORK - p.y) / (FORK - y + 0.03)).clamp(0.0, 1.0);
            let bough = fork + (x - fork) * share.powf(1.6);
            p.y < FORK && p.y > y - 0.03 && (p.x - bough).abs() < 0.010 * (1.2 - share)
        });
        let half = self.half * (0.5 + 0.5 * p.y + 0.9 * smooth(0.84, 1.02, p.y));
        let across = p.x - self.middle(p.y);
        let palette = if across > 0.15 * half { TRUNK_SHADED } else { TRUNK };
        let lean = (self.middle(p.y - 0.01) - self.middle(p.y + 0.01)).atan2(0.02);
        (branches || across.abs() < half && p.y >= FORK)
            .then(|| seen(Part::Wood, palette, FRAC_PI_2 - lean, 0.036))
    }

    fn leaves(&self, p: Point) -> Option<Seen> {
        let ragged = 0.30 * Noise(SEED ^ 5).fractal(p.x * 14.0, p.y * 14.0, 2);
        let within = |&&(x, y, radius): &&(f32, f32, f32)| {
            Point::new(x, y).distance(p) / radius + ragged < 1.0
        };
        let &(x, y, radius) = self.crown.iter().find(within)?;
        let shaded = (p.x - x) * 0.5 + (p.y - y) > 0.35 * radius;
        let angle = Point::new(x, y + radius).angle_to(p) + 0.4;
        Some(seen(Part::Leaves, if shaded { LEAVES_SHADED } else { LEAVES }, angle, 0.048))
    }

    fn shades(&self, p: Point) -> bool {
        let fall = p.y - 0.96 - 0.35 * (self.foot - p.x).abs();
        (-0.05..0.0).contains(&fall) && (p.x - self.foot) * self.sway < 0.0
    }
}

/// Boats: middle of the waterline, length, hull, sail.
const BOATS: [(Point, f32, Palette, Palette); 4] = [
    (Point::new(0.56, 0.675), 0.19, &[0xE22E22, 0xC2183E], &[0xFBD23A, 0xF9B92A]),
    (Point::new(0.88, 0.735), 0.23, &[0x1E5AC8, 0x2A3A9E], &[0xF4EFE0, 0xF7B9C0]),
    (Point::new(0.43, 0.570), 0.10, &[0x1E8A5A, 0x0E6258], &[0xF28A2E, 0xE84A22]),
    (Point::new(0.77, 0.570), 0.11, &[0xF2701E, 0xE23C1C], &[0x5FB4E0, 0xFBF4E4]),
];

/// Returns what a boat shows at (`x`, `y`), in its lengths from the middle of its waterline.
fn boat(number: usize, x: f32, y: f32) -> Option<Seen> {
    let (_, length, hull, sail) = BOATS[number];
    if x.abs() < 0.5 && y > -0.10 - 0.25 * x * x && y < 0.10 * (1.0 - (x / 0.5).powi(4)) {
        return Some(seen(Part::Hull(number), hull, 0.5 * x, 0.026 + 0.08 * length));
    }
    if (x + 0.02).abs() < 0.01 && (-0.95..0.0).contains(&y) {
        return Some(seen(Part::Mast(number), DARK, FRAC_PI_2, 0.02));
    }
    let (up, along) = (-0.16 - y, x + 0.42);
    let filled = up > 0.0 && up < 1.15 * along && along < 0.78 - 0.16 * up;
    filled.then(|| seen(Part::Sail(number), sail, -0.9, 0.030))
}

/// Returns what floats at `p`. With `mirrored`, what is reflected there.
fn afloat(p: Point, mirrored: bool) -> Option<Seen> {
    (0..).zip(BOATS).find_map(|(number, (middle, length, ..))| {
        let (x, y) = ((p.x - middle.x) / length, (p.y - middle.y) / length);
        boat(number, x, if mirrored { 0.12 - 1.8 * y } else { y })
    })
}

/// Returns the row of houses along the shore, and the bell tower among them.
fn village(p: Point) -> Option<Seen> {
    const LEFT: f32 = 0.345;
    const WIDTH: f32 = 0.075;
    const ROOF: f32 = 0.034;
    let place = (p.x - LEFT) / WIDTH;
    let number = usize::try_from(floor(place)).ok().filter(|&number| number < WALLS.len())?;
    let height = 0.062 + 0.028 * Noise(SEED ^ 6).at(place.floor() * 3.7, 0.5);
    let (share, below) = (place.fract(), p.y - SHORE + height);
    if below > 0.0 {
        let window = (0.018..0.036).contains(&below) && ((share * 2.0).fract() - 0.5).abs() < 0.13;
        let walls = if window { DARK } else { &WALLS[number..=number] };
        return Some(seen(Part::Wall(number), walls, FRAC_PI_2, 0.020));
    }
    let roof = &ROOFS[number % ROOFS.len()..][..1];
    let under = below > -ROOF && (share - 0.5).abs() < 0.5 + 8.0 * below;
    under.then(|| seen(Part::Roof(number), roof, 0.0, 0.020))
}

fn bell_tower(p: Point) -> Option<Seen> {
    const CORNICE: Point = Point::new(0.795, 0.275);
    let (across, below) = ((p.x - CORNICE.x) / 0.028, p.y - CORNICE.y);
    if below <= 0.0 {
        let domed = (across / 1.25).hypot(below / 0.05) < 1.0;
        return domed.then(|| seen(Part::Dome, TRUNK, FRAC_PI_2, 0.022));
    }
    let palette = match across {
        a if a.abs() < 0.3 && (0.025..0.055).contains(&below) => DARK,
        a if a > 0.2 => TOWER_SHADED,
        _ => TOWER,
    };
    (across.abs() < 1.0).then(|| seen(Part::Tower, palette, FRAC_PI_2, 0.022))
}

fn far_ridge(x: f32) -> f32 {
    0.235 - 0.065 * (x * 4.6 - 1.2).sin() - 0.03 * (x * 11.0).sin()
}

fn near_ridge(x: f32) -> f32 {
    0.335 - 0.050 * (x * 5.0 + 2.2).sin() + 0.012 * (x * 13.0).sin()
}

/// Returns the y of the near bank, on which the orange trees stand.
fn bank(x: f32) -> f32 {
    0.825 + 0.035 * (x * 5.2 + 0.9).sin()
        - 0.15 * smooth(0.42, 0.0, x)
        - 0.14 * smooth(0.98, 1.25, x)
}

fn slope(line: fn(f32) -> f32, x: f32) -> f32 {
    ((line(x + 0.01) - line(x - 0.01)) / 0.02).atan()
}

fn land(p: Point) -> Seen {
    let noise = Noise(SEED ^ 2);
    if p.y > bank(p.x) {
        let green = noise.fractal(p.x * 3.2 + 7.0, p.y * 6.0, 2) > 0.12;
        let palette = match () {
            () if TREES.iter().any(|tree| tree.shades(p)) => SHADOW,
            () if green => MEADOW,
            () => BANK,
        };
        let angle = slope(bank, p.x) + 0.5 * noise.at(p.x * 3.0, p.y * 3.0);
        return seen(Part::Bank, palette, angle, 0.064);
    }
    if p.y > SHORE {
        let palette = afloat(p, true).map_or(WATER, |seen| seen.palette);
        let angle = 0.10 * noise.at(p.x * 5.0, p.y * 9.0);
        return seen(Part::Water, palette, angle, 0.042 + 0.06 * (p.y - SHORE));
    }
    if p.y > near_ridge(p.x) {
        let angle = slope(near_ridge, p.x) + 0.9 * noise.at(p.x * 5.0, 3.0);
        return seen(Part::Hills, HILLS, angle, 0.046);
    }
    if p.y > far_ridge(p.x) {
        return seen(Part::Peaks, PEAKS, 2.0 * slope(far_ridge, p.x) + 0.6, 0.052);
    }
    seen(Part::Sky, SKY, -0.25 + 0.7 * noise.at(p.x * 2.4, p.y * 3.5), 0.064)
}

/// Returns what stands foremost at `p`.
pub fn scene(p: Point) -> Seen {
    TREES
        .iter()
        .find_map(|tree| tree.wood(p))
        .or_else(|| TREES.iter().find_map(|tree| tree.leaves(p)))
        .or_else(|| afloat(p, false))
        .or_else(|| bell_tower(p).or_else(|| village(p)).filter(|_| p.y < SHORE))
        .unwrap_or_else(|| land(p))
}

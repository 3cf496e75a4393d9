//! The still life before it is broken: a guitar, a bottle, a glass and a pear on a table.

use super::super::canvas::{Point, smooth};
use super::super::colour::Colour;

/// What there is to see at a point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Wall,
    Table,
    Body,
    Hole,
    Neck,
    String,
    Bottle,
    Label,
    Glass,
    Fruit,
}

impl Thing {
    /// Returns the thing's colours from its darkest facets to its lightest.
    pub fn palette(self) -> [Colour; 4] {
        match self {
            Self::Wall => [0x343B42, 0x69706F, 0xA09C88, 0xDDD3B2],
            Self::Table => [0x4A3018, 0x7A5228, 0xA67C40, 0xC8A468],
            Self::Body => [0x7E4E1E, 0xB47E34, 0xD6A858, 0xEBCF92],
            Self::Hole => [0x14110E, 0x201B16, 0x2E2820, 0x4A4234],
            Self::Neck => [0x241A12, 0x46321E, 0x6E5230, 0x967446],
            Self::String => [0x4A3C26, 0xC8B88C, 0xE6DAB4, 0xF4EEDC],
            Self::Bottle => [0x1C2418, 0x3A4628, 0x66703E, 0x9AA064],
            Self::Label => [0xB8AA82, 0xD4C8A2, 0xE4DABA, 0xF0E8D0],
            Self::Glass => [0x56646A, 0x8A989A, 0xB4BEB8, 0xDCE0D4],
            Self::Fruit => [0x4E4A1E, 0x7E7A34, 0xAAA24E, 0xCEC47E],
        }
        .map(Colour::hex)
    }
}

/// Returns the thing at `p` of the still life before it is broken.
pub fn thing(p: Point) -> Thing {
    guitar(p)
        .or_else(|| bottle(p))
        .or_else(|| glass(p))
        .or_else(|| pear(p))
        .or_else(|| stencilled(p).then_some(Thing::Hole))
        .unwrap_or(if p.y > 0.765 - 0.05 * p.x { Thing::Table } else { Thing::Wall })
}

/// Returns the guitar's part at `p`; its neck points to the upper right.
fn guitar(p: Point) -> Option<Thing> {
    const HEART: Point = Point::new(0.60, 0.60);
    const TILT: f32 = -0.72;
    const STRINGS_APART: f32 = 0.0105;
    let (dx, dy) = (0.90 * (p.x - HEART.x), 0.90 * (p.y - HEART.y));
    let (along, across) = (dx * TILT.cos() + dy * TILT.sin(), dy * TILT.cos() - dx * TILT.sin());
    let bout = |middle: f32, radius: f32| (along - middle).hypot(across) - radius;
    let (lower, upper) = (bout(-0.145, 0.185), bout(0.085, 0.138));
    let blend = (0.5 + 0.5 * (upper - lower) / 0.05).clamp(0.0, 1.0);
    let body = upper + (lower - upper) * blend - 0.05 * blend * (1.0 - blend);
    let course = (across / STRINGS_APART).abs();
    let strung = course < 2.6 && (-0.20..0.50).contains(&along);
    let on_string = strung && (course - course.round()).abs() < 0.17;
    let bridge = (along + 0.205).abs() < 0.011 && across.abs() < 0.062;
    let head = (0.44..0.56).contains(&along) && across.abs() < 0.042;
    match () {
        () if on_string => Some(Thing::String),
        () if bridge || head => Some(Thing::Neck),
        () if (0.04..0.45).contains(&along) && across.abs() < 0.031 => Some(Thing::Neck),
        () if bout(0.0, 0.056) < 0.0 => Some(Thing::Hole),
        () if (0.064..0.074).contains(&bout(0.0, 0.0)) => Some(Thing::Neck),
        () => (body < 0.0).then_some(Thing::Body),
    }
}

fn bottle(p: Point) -> Option<Thing> {
    let off = (p.x - 0.285).abs();
    let half = 0.026 + 0.050 * smooth(0.30, 0.44, p.y) + 0.006 * smooth(0.155, 0.150, p.y);
    let inside = off < half && p.y > 0.115 && p.y < 0.82;
    let label = (0.53..0.68).contains(&p.y) && off < 0.064;
    inside.then_some(if label { Thing::Label } else { Thing::Bottle })
}

fn glass(p: Point) -> Option<Thing> {
    let off = (p.x - 0.985).abs();
    let bowl = (0.44..0.64).contains(&p.y)
        && off < 0.075 - 0.16 * (p.y - 0.44).powi(2) - 0.11 * (p.y - 0.44);
    let stem = (0.63..0.78).contains(&p.y) && off < 0.010;
    let foot = (off / 0.062).hypot((p.y - 0.785) / 0.018) < 1.0;
    (bowl || stem || foot).then_some(Thing::Glass)
}

fn pear(p: Point) -> Option<Thing> {
    let round = |x, y, radius| Point::new(x, y).distance(p) < radius;
    (round(0.83, 0.80, 0.058) || round(0.845, 0.735, 0.036)).then_some(Thing::Fruit)
}

/// Returns whether the stencilled word VIN covers `p`.
fn stencilled(p: Point) -> bool {
    const CORNER: Point = Point::new(0.41, 0.135);
    const TALL: f32 = 0.105;
    const TILT: f32 = -0.10;
    let (dx, dy) = ((p.x - CORNER.x) / TALL, (p.y - CORNER.y) / TALL);
    let (x, y) = (dx + TILT * dy, dy - TILT * dx);
    let bar = |middle: f32| (x - middle).abs() < 0.095;
    let serif = |middle: f32| (x - middle).abs() < 0.17 && (y - 0.5).abs() > 0.44;
    let v = ((x - 0.40).abs() - 0.33 * (1.0 - y)).abs() < 0.095 && x < 0.9;
    let n = bar(1.55) || bar(2.15) || (x - 1.55 - 0.60 * y).abs() < 0.11;
    // The bridges that hold a stencil together.
    let bridge = (y - 0.62 + 0.2 * (x - 1.0)).abs() < 0.035;
    (0.0..1.0).contains(&y) && !bridge && (v || bar(1.12) || serif(1.12) || n)
}

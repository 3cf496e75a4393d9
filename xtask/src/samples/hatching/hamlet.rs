//! The hamlet of the pen drawing: how dark it is where, and how its forms run.

use std::f32::consts::{FRAC_PI_2, PI};
use std::ops::Range;

use super::super::canvas::{Point, smooth};
use super::super::rng::Noise;
use super::SEED;

/// The round tower: axis and half its width, then eaves, half their width, sag of their rim, and
/// tip of the roof.
pub const AXIS: f32 = 0.475;
pub const GIRTH: f32 = 0.082;
pub const EAVES: f32 = 0.285;
pub const OVERHANG: f32 = 0.108;
pub const SAG: f32 = 0.020;
pub const TIP: f32 = 0.045;

/// The foot of the walls, and the height at which level lines look straight, y.
pub const FOOT: f32 = 0.755;
const EYE: f32 = 0.66;

/// Parts of the picture, which no line of hatching leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Sky,
    Hill(u8),
    Poplar(u8),
    Grass,
    Road,
    Side(usize),
    Tower,
    Spire,
    Crown,
    Trunk,
}

/// Appearance of a point: its part, its darkness (0..1), and the direction of its form (radians).
pub struct Seen {
    pub part: Part,
    pub tone: f32,
    pub form: f32,
}

/// A flat side: what it is made of, its corners in order, darkness, and direction of its form.
pub struct Side(pub Matter, pub Corners, f32, f32);

pub type Corners = [(f32, f32); 5];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    Opening,
    Masonry,
    Boulders,
    Roof,
}

/// Returns the corners of an upright rectangle.
const fn upright(left: f32, top: f32, right: f32, foot: f32) -> Corners {
    [(left, foot), (left, top), (right, top), (right, foot), (right, foot)]
}

const ARCH: Corners =
    [(0.280, FOOT), (0.280, 0.670), (0.303, 0.645), (0.326, 0.670), (0.326, FOOT)];
const GABLE: Corners =
    [(0.200, 0.75), (0.200, 0.560), (0.303, 0.410), (0.406, 0.560), (0.406, 0.75)];
const BARN: Corners =
    [(0.060, 0.745), (0.060, 0.640), (0.100, 0.575), (0.210, 0.575), (0.210, 0.745)];
const FIELD_WALL: Corners =
    [(-0.02, 0.890), (-0.02, 0.805), (0.100, 0.800), (0.285, 0.785), (0.285, 0.835)];

/// The roof of the long house: its left and right ends at the ridge and at the eaves.
pub const RIDGE: (f32, f32, f32) = (0.585, 0.835, 0.380);
pub const GUTTER: (f32, f32, f32) = (0.530, 0.900, 0.545);
const ROOF: Corners = [
    (GUTTER.0, GUTTER.2),
    (RIDGE.0, RIDGE.2),
    (RIDGE.1, RIDGE.2),
    (GUTTER.1, GUTTER.2),
    (GUTTER.1, GUTTER.2),
];

/// Sides from front to back; those from [`BEHIND`] on stand behind the tower.
pub const SIDES: [Side; 15] = [
    Side(Matter::Opening, ARCH, 0.93, 1.5),
    Side(Matter::Opening, upright(0.226, 0.605, 0.256, 0.660), 0.90, 1.5),
    Side(Matter::Opening, upright(0.350, 0.600, 0.380, 0.655), 0.90, 1.5),
    Side(Matter::Opening, upright(0.290, 0.500, 0.317, 0.548), 0.95, 1.5),
    Side(Matter::Masonry, GABLE, 0.12, 0.05),
    Side(Matter::Opening, upright(0.452, 0.385, 0.474, 0.440), 0.95, 1.5),
    Side(Matter::Opening, upright(0.478, 0.560, 0.500, 0.615), 0.95, 1.5),
    Side(Matter::Opening, upright(0.640, 0.610, 0.672, 0.668), 0.95, 1.5),
    Side(Matter::Opening, upright(0.710, 0.610, 0.742, 0.668), 0.95, 1.5),
    Side(Matter::Opening, upright(0.786, 0.615, 0.832, 0.755), 0.95, 1.5),
    Side(Matter::Masonry, upright(0.730, 0.310, 0.770, 0.420), 0.50, 0.0),
    Side(Matter::Roof, ROOF, 0.50, 1.25),
    Side(Matter::Masonry, upright(0.550, 0.545, 0.872, FOOT), 0.38, -0.06),
    Side(Matter::Roof, BARN, 0.48, 1.1),
    Side(Matter::Boulders, FIELD_WALL, 0.30, 0.9),
];
const BEHIND: usize = 7;

/// Returns whether `p` is within the polygon: whether a ray to the right crosses its outline an odd
/// number of times.
fn encloses(corners: &Corners, p: Point) -> bool {
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed = sides.filter(|&(&(ax, ay), &(bx, by))| {
        (ay > p.y) != (by > p.y) && p.x < ax + (bx - ax) * (p.y - ay) / (by - ay)
    });
    crossed.count() % 2 == 1
}

fn building(p: Point) -> Option<Seen> {
    let weather = 0.22 * Noise(SEED ^ 7).fractal(p.x * 11.0, p.y * 9.0, 3);
    let side = |range: Range<usize>| {
        range.into_iter().find_map(|number| {
            let Side(_, corners, tone, form) = SIDES[number];
            let cast = if number < BEHIND { 0.0 } else { cast_on_house(p) };
            let tone = (tone + weather).max(cast);
            encloses(&corners, p).then_some(Seen { part: Part::Side(number), tone, form })
        })
    };
    side(0..BEHIND).or_else(|| tower(p)).or_else(|| side(BEHIND..SIDES.len()))
}

/// Returns the darkness of the shadows that tower and eaves cast on the long house.
fn cast_on_house(p: Point) -> f32 {
    let tower = 0.78 * smooth(0.630, 0.618, p.x + 0.25 * (p.y - GUTTER.2).abs());
    let eaves = 0.72 * smooth(0.588, 0.576, p.y + 0.01 * (p.x * 90.0).sin());
    tower.max(if p.y > GUTTER.2 && p.x < 0.872 { eaves } else { 0.0 })
}

fn tower(p: Point) -> Option<Seen> {
    let off = p.x - AXIS;
    let rim = EAVES + SAG * (1.0 - (off / OVERHANG).powi(2));
    if p.y > TIP && p.y < rim {
        let around = off / (OVERHANG * (p.y - TIP) / (EAVES - TIP));
        let form = Point::new(AXIS, TIP).angle_to(p);
        let tone = 0.24 + 0.70 * smooth(-0.5, 0.8, around);
        return (around.abs() < 1.0).then_some(Seen { part: Part::Spire, tone, form });
    }
    let around = off / GIRTH;
    let shade = 0.06 + 0.80 * smooth(-0.45, 0.95, around) - 0.14 * smooth(0.8, 1.0, around);
    let under_eaves = 0.55 * smooth(0.050, 0.015, p.y - rim + 0.03 * around);
    let form = (0.10 * (EYE - p.y) * around / GIRTH).atan();
    (around.abs() < 1.0 && p.y > EAVES && p.y < FOOT).then(|| Seen {
        part: Part::Tower,
        tone: shade.max(under_eaves),
        form,
    })
}

/// Lobes of the oak's crown: x, y, radius.
const LOBES: [(f32, f32, f32); 9] = [
    (0.99, 0.42, 0.085),
    (1.10, 0.36, 0.110),
    (1.21, 0.43, 0.095),
    (1.03, 0.28, 0.100),
    (1.15, 0.23, 0.100),
    (0.95, 0.34, 0.070),
    (1.07, 0.16, 0.085),
    (1.22, 0.31, 0.080),
    (1.12, 0.49, 0.080),
];

/// Returns the middle of the oak's trunk and half its width at height `y`.
pub fn trunk(y: f32) -> (f32, f32) {
    (1.075 + 0.012 * (y * 14.0).sin(), 0.024 + 0.05 * smooth(0.76, 0.84, y))
}

fn oak(p: Point) -> Option<Seen> {
    let ragged = 0.22 * Noise(SEED ^ 1).fractal(p.x * 26.0, p.y * 26.0, 3);
    let within =
        |&(x, y, radius): &(f32, f32, f32)| Point::new(x, y).distance(p) / radius + ragged < 1.0;
    if let Some((x, y, radius)) = LOBES.into_iter().find(within) {
        let away = ((p.x - x) * 0.75 + (p.y - y) * 0.7) / radius;
        let bulk = (p.x - 1.06) * 0.8 + (p.y - 0.34) * 0.9;
        let tone = 0.53 + 0.46 * away + 1.3 * ragged + 0.75 * bulk;
        return Some(Seen { part: Part::Crown, tone, form: -0.95 + 0.8 * (p.x - x) / radius });
    }
    let (middle, half) = trunk(p.y);
    let across = (p.x - middle) / half;
    (across.abs() < 1.0 && p.y > 0.45 && p.y < 0.825).then(|| Seen {
        part: Part::Trunk,
        tone: 0.40 + 0.45 * across + 0.4 * smooth(0.60, 0.50, p.y),
        form: 0.25 + 0.5 * across,
    })
}

fn poplar(p: Point) -> Option<Seen> {
    [(0.035, 0.27), (0.095, 0.20), (0.150, 0.31)].into_iter().zip(0..).find_map(
        |((x, top), number)| {
            let rise = ((p.y - top) / (0.70 - top)).clamp(0.0, 1.0);
            let ragged = 1.0 + 0.3 * Noise(SEED ^ 2).at(p.y * 60.0, x * 99.0);
            let across = (p.x - x) / (0.027 * (rise * PI).sin().powf(0.6) * ragged);
            let form = FRAC_PI_2 + 0.5 * across;
            let seen = Seen { part: Part::Poplar(number), tone: 0.45 + 0.35 * across, form };
            (across.abs() < 1.0).then_some(seen)
        },
    )
}

/// Returns the distance from the road's middle, in halves of its width.
fn off_road(p: Point) -> f32 {
    let depth = (p.y - 0.75) / 0.25;
    let middle = 0.315 + 0.30 * depth - 0.16 * (depth * PI).sin();
    (p.x - middle) / (0.030 + 0.17 * depth * depth + 0.03 * depth)
}

/// Returns the darkness of the shadows that house and oak cast on the meadow.
fn cast_on_meadow(p: Point) -> f32 {
    let within = |left: f32, right: f32, top: f32, foot: f32| {
        smooth(left, left + 0.05, p.x)
            * smooth(right, right - 0.08, p.x)
            * smooth(top, top + 0.008, p.y)
            * smooth(foot, foot - 0.012, p.y)
    };
    0.62 * within(0.50, 1.00, 0.74, 0.795).max(within(0.98, 1.40, 0.805, 0.87))
}

fn ground(p: Point) -> Seen {
    let noise = Noise(SEED ^ 3);
    let off = off_road(p);
    if off.abs() < 1.0 {
        let rut = smooth(0.16, 0.06, (off.abs() - 0.5).abs());
        return Seen { part: Part::Road, tone: 0.06 + 0.30 * rut, form: 0.25 * off - 0.05 };
    }
    let verge = 0.5 * smooth(1.25, 1.0, off.abs());
    let tone = 0.24 + 0.35 * noise.fractal(p.x * 5.0, p.y * 12.0, 3) + verge;
    let form = 0.35 * noise.at(p.x * 4.0, p.y * 7.0);
    Seen { part: Part::Grass, tone: tone.max(cast_on_meadow(p)), form }
}

fn distance(p: Point) -> Seen {
    let noise = Noise(SEED ^ 4);
    let hills = [(0, 0.665, 2.9, 0.42, 0.8), (1, 0.61, 0.4, 0.24, 1.2)];
    for (number, middle, phase, tone, form) in hills {
        let hill = middle - 0.06 * (p.x * 3.4 + phase).sin() - 0.02 * (p.x * 9.0 + phase).sin();
        if p.y > hill {
            let tone = tone - 2.2 * (p.y - hill);
            return Seen {
                part: Part::Hill(number),
                tone,
                form: form + 0.3 * noise.at(p.x * 6.0, 0.5),
            };
        }
    }
    let cloud = noise.fractal(p.x * 2.6, p.y * 5.2, 4);
    let tone = 0.20 * smooth(0.02, 0.22, cloud) * smooth(0.58, 0.35, p.y);
    Seen { part: Part::Sky, tone, form: -0.42 + 0.12 * noise.at(p.x * 3.0, p.y * 3.0) }
}

/// Returns what stands foremost at `p`.
pub fn scene(p: Point) -> Seen {
    let meadow = 0.738 + 0.008 * (p.x * 9.0).sin();
    oak(p)
        .or_else(|| building(p))
        .or_else(|| (p.y > meadow).then(|| ground(p)))
        .or_else(|| poplar(p))
        .unwrap_or_else(|| distance(p))
}

//! "Valley window": leaded glass with a sun over mountains and a river; streaks and seeds in every
//! pane.

use std::f32::consts::PI;

use image::RgbImage;

use super::canvas::{ASPECT, COLUMNS, Canvas, Light, Point, ROWS, SCALE, points, smooth};
use super::colour::{Colour, ramp};
use super::rng::{Noise, Rng, floor};

const SEED: u64 = 1291;
const SUN: Point = Point::new(0.47, 0.335);
const BORDER: f32 = 0.062;

/// Half the width of the came between two parts, units.
const CAME: f32 = 0.0072;
/// Half the width of the came between the panes of one part, units.
const THIN_CAME: f32 = 0.0043;

/// The parts of the picture; panes of one part share their palette.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Border,
    Disc,
    Corona,
    Ray { warm: bool },
    Peaks,
    Snow,
    Hills,
    Meadow,
    River,
}

impl Part {
    fn palette(self) -> [Colour; 4] {
        match self {
            Self::Border => [0x5E0B1E, 0xA8122A, 0x124A5A, 0xC8322E],
            Self::Disc => [0xFFF4B8, 0xFFDE5E, 0xFFC22E, 0xFFEC8E],
            Self::Corona => [0xF06A12, 0xFF9A1E, 0xE03E16, 0xFFB63A],
            Self::Ray { warm: true } => [0xF8C85A, 0xF29A5A, 0xE87A6E, 0xFBDE9A],
            Self::Ray { warm: false } => [0x1E6AB8, 0x4AA8D8, 0x2A4AA8, 0x8AD0E0],
            Self::Peaks => [0x2E1E6E, 0x4A329A, 0x3A5AB0, 0x6A4AA8],
            Self::Snow => [0xEAF2FA, 0xC0D8F4, 0xF6E8EA, 0xA8C0EA],
            Self::Hills => [0x0E4A4A, 0x1A6E5A, 0x123A5A, 0x2E8A6A],
            Self::Meadow => [0x3E8A1E, 0x8AB81E, 0x1E6A2E, 0xD0C82E],
            Self::River => [0x125AB0, 0x2E9AC8, 0x0E3A8A, 0x7AD0D8],
        }
        .map(Colour::hex)
    }

    /// Returns the number of panes per unit of length, across and down.
    fn density(self) -> (f32, f32) {
        match self {
            Self::Border => (9.0, 9.0),
            Self::Disc => (0.7, 0.7),
            Self::Corona | Self::Ray { .. } => (4.0, 4.0),
            Self::Peaks => (7.0, 5.5),
            Self::Snow => (6.0, 6.0),
            Self::Hills => (6.5, 10.0),
            Self::Meadow => (7.0, 10.0),
            Self::River => (5.0, 15.0),
        }
    }
}

/// Returns the y of a jagged line of mountains at `x`: triangles of the given period and height.
fn ridge(x: f32, base: f32, height: f32, period: f32, shift: f32) -> f32 {
    let noise = Noise(SEED ^ 3);
    let phase = (x + shift) / period;
    let tooth = 1.0 - 2.0 * (phase - phase.floor() - 0.5).abs();
    let tall = 0.75 + 0.45 * noise.at(phase.floor() * 3.7, shift * 10.0);
    base - height * tall * tooth
}

fn river_edge(y: f32) -> (f32, f32) {
    let depth = smooth(0.66, 1.0, y);
    let centre = 0.62 + 0.14 * ((y - 0.64) * 9.5).sin() * (0.45 + depth) - 0.10 * depth;
    (centre, 0.012 + 0.15 * depth)
}

fn part(p: Point) -> Part {
    if p.x < BORDER || p.y < BORDER || p.x > ASPECT - BORDER || p.y > 1.0 - BORDER {
        return Part::Border;
    }
    let (river, half) = river_edge(p.y);
    let hills = 0.70 - 0.035 * (p.x * 6.0 + 1.2).sin();
    if p.y > hills {
        let meadow = 0.79 + 0.045 * (p.x * 5.0 - 0.6).sin();
        return match () {
            () if (p.x - river).abs() < half => Part::River,
            () if p.y > meadow => Part::Meadow,
            () => Part::Hills,
        };
    }
    let peaks = ridge(p.x, 0.72, 0.31, 0.345, 0.02).min(ridge(p.x, 0.75, 0.26, 0.25, 0.11));
    if p.y > peaks {
        let zigzag = (p.x * 17.0 - (p.x * 17.0).floor() - 0.5).abs();
        return if p.y < 0.535 + 0.075 * zigzag { Part::Snow } else { Part::Peaks };
    }
    match SUN.distance(p) {
        d if d < 0.095 => Part::Disc,
        d if d < 0.155 => Part::Corona,
        _ => Part::Ray { warm: floor(SUN.angle_to(p) / (2.0 * PI) * 22.0 + 50.0) % 2 == 0 },
    }
}

/// A pane: unique number, centre and part.
#[derive(Clone, Copy)]
struct Pane {
    number: i64,
    middle: Point,
    part: Part,
}

/// Returns the pane at `p`. The panes of a part are the Voronoi cells of a jittered lattice; those
/// around the sun form rings and rays.
fn pane(p: Point) -> Pane {
    let part = part(p);
    if let Part::Corona | Part::Ray { .. } = part {
        let (rays, spread) = if part == Part::Corona { (16.0, 0.0) } else { (22.0, 1.0) };
        let ray = floor(SUN.angle_to(p) / (2.0 * PI) * rays + 50.0);
        let stretch = Noise(SEED ^ 8).at(ray_coordinate(ray) * 7.3, spread);
        let ring = floor((SUN.distance(p) - 0.155 + 0.045 * stretch) / 0.135);
        let angle = (ray_coordinate(ray) + 0.5 - 50.0) / rays * 2.0 * PI;
        let middle = SUN.toward(angle, 0.2 + 0.135 * ray_coordinate(ring));
        return Pane { number: ray * 64 + ring + 100_000, middle, part };
    }
    let (across, down) = part.density();
    let (column, row) = (floor(p.x * across), floor(p.y * down));
    let seeds = (row - 1..=row + 1)
        .flat_map(|row| (column - 1..=column + 1).map(move |column| (column, row)));
    let seeds = seeds.map(|(column, row)| {
        let (x, y) = (ray_coordinate(column), ray_coordinate(row));
        let jitter = |salt: u64| 0.5 + 0.42 * Noise(SEED ^ salt).at(x * 5.1 + 0.5, y * 7.7 + 0.5);
        Pane {
            number: row * 997 + column,
            middle: Point::new((x + jitter(21)) / across, (y + jitter(22)) / down),
            part,
        }
    });
    let far = |pane: &Pane| ((pane.middle.x - p.x) * across).hypot((pane.middle.y - p.y) * down);
    seeds.min_by(|one, other| far(one).total_cmp(&far(other))).expect("nine seeds")
}

/// Converts a small whole number to a coordinate.
fn ray_coordinate(number: i64) -> f32 {
    f32::from(i16::try_from(number).unwrap_or(i16::MAX))
}

/// Returns for each canvas pixel the distance to the nearest change of `labels`, units (chamfer
/// distance in two sweeps).
fn way_to_edge<T: PartialEq>(labels: &[T]) -> Vec<f32> {
    let (columns, rows) = (COLUMNS as usize, ROWS as usize);
    let changes = |at: usize| {
        (at % columns + 1 < columns && labels[at] != labels[at + 1])
            || labels.get(at + columns).is_some_and(|below| labels[at] != *below)
    };
    let mut way: Vec<f32> =
        (0..labels.len()).map(|at| if changes(at) { 0.0 } else { f32::MAX }).collect();
    let diagonal = std::f32::consts::SQRT_2;
    for back in [false, true] {
        for step in 0..labels.len() {
            let at = if back { labels.len() - 1 - step } else { step };
            let (x, y) = (at % columns, at / columns);
            for (dx, dy, length) in
                [(-1, 0, 1.0), (-1, -1, diagonal), (0, -1, 1.0), (1, -1, diagonal)]
            {
                let (dx, dy): (isize, isize) = if back { (-dx, -dy) } else { (dx, dy) };
                let neighbour = x
                    .checked_add_signed(dx)
                    .filter(|&x| x < columns)
                    .zip(y.checked_add_signed(dy).filter(|&y| y < rows));
                if let Some((x, y)) = neighbour {
                    way[at] = way[at].min(way[y * columns + x] + length);
                }
            }
        }
    }
    way.iter().map(|way| way / SCALE).collect()
}

fn glass(p: Point, pane: Pane) -> (Colour, f32) {
    let own = Noise(SEED ^ pane.number.cast_unsigned().wrapping_mul(7919));
    let palette = pane.part.palette();
    let angle = 3.0 * own.at(0.3, 0.7);
    let (dx, dy) = ((p.x - pane.middle.x), (p.y - pane.middle.y));
    let (along, across) =
        (dx * angle.cos() + dy * angle.sin(), dy * angle.cos() - dx * angle.sin());
    let streak =
        own.fractal(along * 9.0 + 3.0 * own.at(along * 8.0, across * 8.0), across * 46.0, 3);
    let cloud = own.fractal(along * 20.0, across * 20.0, 3);
    let colour = ramp(&palette, 0.5 + 0.62 * own.at(3.5, 8.5) + 0.32 * streak + 1.6 * across);
    let lit = 0.055 * streak
        + 0.05 * cloud
        + 0.07 * own.at(6.5, 2.5)
        + 0.09 * (1.0 - smooth(0.0, 0.09, dx.hypot(dy)));
    let backlight = 0.10 * (1.0 - smooth(0.0, 0.75, SUN.distance(p))) - 0.02;
    (colour.lighter(lit + backlight).vivid(1.12), 1.6 * streak + 1.0 * cloud)
}

fn came(p: Point, depth: f32) -> (Colour, f32) {
    let noise = Noise(SEED ^ 0x4D);
    let patina = noise.fractal(p.x * 60.0, p.y * 60.0, 3);
    let metal =
        ramp(&[0x161518, 0x2A282C, 0x464448].map(Colour::hex), 0.4 + 0.5 * patina + 0.25 * depth);
    (metal, 4.0 + 5.5 * (1.0 - (1.0 - depth).powi(2)).sqrt() + 1.2 * patina)
}

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let mut canvas = Canvas::new(SEED, 0.0, |_| Colour::hex(0x202024));
    let panes: Vec<Pane> = points().map(pane).collect();
    let edges = way_to_edge(&panes.iter().map(|pane| pane.part).collect::<Vec<_>>());
    let thin_edges = way_to_edge(&panes.iter().map(|pane| pane.number).collect::<Vec<_>>());
    let mut pixels = panes.iter().zip(edges.iter().zip(&thin_edges));
    canvas.glaze(|p, _, _| {
        let (&pane, (&edge, &thin)) = pixels.next().expect("a pane for each canvas pixel");
        let depth = (1.0 - edge / CAME).max(1.0 - thin / THIN_CAME);
        if depth > 0.0 { came(p, depth) } else { glass(p, pane) }
    });
    // Seeds: bubbles caught in the glass.
    for _ in 0..900 {
        let p = Point::anywhere(&mut rng);
        if let Some(colour) = canvas.colour(p).filter(|colour| colour.lightness > 0.35) {
            canvas.dab(p, rng.range(1.2, 3.4) / SCALE, 0.8, 0.4, colour.lighter(0.10), 3.0);
        }
    }
    canvas.lit(&Light { shading: 0.20, gloss: 0.35 })
}

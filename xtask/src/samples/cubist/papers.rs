//! Papers pasted into the still life: a newspaper, a score, imitation oak and wallpaper.

use super::super::canvas::{Canvas, Point, smooth};
use super::super::colour::{Colour, ramp};
use super::super::rng::Noise;
use super::SEED;

/// A pasted paper: upper left corner, tilt (radians), width and height (units), and its print: the
/// colour at a distance along and down (units).
pub struct Paper {
    corner: Point,
    angle: f32,
    size: (f32, f32),
    print: fn(f32, f32) -> Colour,
}

pub const PAPERS: [Paper; 4] = [
    Paper { corner: Point::new(0.06, 0.70), angle: -0.16, size: (0.27, 0.20), print: newsprint },
    Paper { corner: Point::new(0.80, 0.16), angle: 0.20, size: (0.24, 0.17), print: score },
    Paper { corner: Point::new(0.42, 0.80), angle: 0.05, size: (0.42, 0.12), print: oak },
    Paper { corner: Point::new(1.03, 0.56), angle: 0.10, size: (0.17, 0.26), print: wallpaper },
];

impl Paper {
    /// Pastes the paper. `shade` returns the light on it, 0..1.
    pub fn paste(&self, canvas: &mut Canvas, shade: impl Fn(Point) -> f32) {
        let torn = Noise(SEED ^ 5);
        let (sin, cos) = self.angle.sin_cos();
        canvas.glaze(|p, colour, relief| {
            let (dx, dy) = (p.x - self.corner.x, p.y - self.corner.y);
            let (x, y) = (dx * cos + dy * sin, dy * cos - dx * sin);
            let rough = 0.003 * torn.fractal(p.x * 40.0, p.y * 40.0, 2);
            let inside = x.min(self.size.0 - x).min(y).min(self.size.1 - y) + rough;
            match inside {
                d if d > 0.0 => {
                    let worn = 0.05 * torn.fractal(p.x * 30.0, p.y * 30.0, 3);
                    let light = 0.17 * (shade(p) - 0.62) + worn;
                    (
                        (self.print)(x, y).lighter(light),
                        2.5 + 0.6 * torn.at(p.x * 300.0, p.y * 300.0),
                    )
                }
                d => (colour.lighter(-0.10 * smooth(-0.012, 0.0, d)), relief),
            }
        });
    }
}

fn newsprint(x: f32, y: f32) -> Colour {
    let noise = Noise(SEED ^ 1);
    let sheet = ramp(
        &[0xD2C298, 0xE2D6B0, 0xEDE4C8].map(Colour::hex),
        0.5 + 0.6 * noise.fractal(x * 12.0, y * 12.0, 3),
    );
    let headline = (0.012..0.040).contains(&y)
        && (x / 0.021).fract() > 0.22
        && noise.at(x * 110.0, y * 75.0) > -0.18;
    let row = (y / 0.0105).max(4.5);
    let column = x / 0.085;
    let printed = (row.fract() - 0.5).abs() < 0.24 && column.fract() > 0.08;
    let letters = noise.at(x * 390.0, row.floor() * 9.1) > -0.35;
    sheet.mix(Colour::hex(0x2A2622), if headline || printed && letters { 0.75 } else { 0.0 })
}

fn score(x: f32, y: f32) -> Colour {
    let noise = Noise(SEED ^ 2);
    let sheet = ramp(
        &[0xC8BA90, 0xDED2AE, 0xEAE0C2].map(Colour::hex),
        0.5 + 0.6 * noise.fractal(x * 9.0, y * 9.0, 3),
    );
    let stave = (y / 0.075).fract() * 0.075 - 0.016;
    let ruled = (0.0..0.044).contains(&stave) && ((stave / 0.0105).fract() - 0.5).abs() > 0.42;
    let beat = (x / 0.026).floor();
    let pitch = 0.004 + 0.017 * (1.0 + noise.at(beat * 3.3, (y / 0.075).floor() * 7.7));
    let (dx, dy) = (x - (beat + 0.5) * 0.026, stave - pitch);
    let head = (dx / 0.0062).hypot(dy / 0.0048) < 1.0;
    let stem = (dx - 0.0055).abs() < 0.0011 && (-0.028..0.0).contains(&dy);
    sheet.mix(Colour::hex(0x1E1A18), if ruled || head || stem { 0.82 } else { 0.0 })
}

/// Prints the grain of oak, as combed by a decorator.
fn oak(x: f32, y: f32) -> Colour {
    let noise = Noise(SEED ^ 3);
    let rings = y * 90.0 + 5.0 * noise.fractal(x * 3.5, y * 9.0, 3);
    let pores = noise.at(x * 26.0, y * 420.0 + 8.0 * noise.at(x * 5.0, y * 9.0));
    let comb = 0.55 + 0.32 * (rings * 2.6).sin() + 0.75 * pores.min(0.1);
    ramp(&[0x6A421A, 0xA8742E, 0xCDA052, 0xDDB872].map(Colour::hex), comb)
}

fn wallpaper(x: f32, y: f32) -> Colour {
    let (u, v) = ((x + y) / 0.030, (x - y) / 0.030);
    let (du, dv) = (u - u.round(), v - v.round());
    let flower = du.hypot(dv) - 0.10 * (4.0 * dv.atan2(du)).cos();
    let lattice = (du.abs() - 0.5).abs().min((dv.abs() - 0.5).abs()) < 0.06;
    let sheet =
        ramp(&[0x4A5048, 0x666A58].map(Colour::hex), 0.5 + Noise(SEED ^ 4).at(x * 20.0, y * 20.0));
    match () {
        () if flower < 0.24 => Colour::hex(0xB8A078),
        () if lattice => Colour::hex(0x34382F),
        () => sheet,
    }
}

//! "Harbour at night": a sky of thick strokes that runs in eddies over a lit shore and its
//! reflection.

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use super::canvas::{ASPECT, Brush, Canvas, Light, Point, SCALE, follow, smooth};
use super::colour::{Colour, ramp};
use super::rng::{Noise, Rng};

const SEED: u64 = 1907;
const HORIZON: f32 = 0.685;
const MOON: Point = Point::new(0.89, 0.23);

/// Eddies of the sky: centre, reach, strength (negative turns the other way).
const EDDIES: [(Point, f32, f32); 6] = [
    (MOON, 0.20, 2.6),
    (Point::new(0.30, 0.33), 0.20, -1.9),
    (Point::new(0.58, 0.14), 0.12, 1.0),
    (Point::new(0.06, 0.10), 0.13, 1.1),
    (Point::new(0.60, 0.47), 0.13, -1.0),
    (Point::new(1.17, 0.47), 0.14, 1.2),
];

/// Windows and lamps along the shore: x, colour.
const LAMPS: [(f32, u32); 9] = [
    (0.10, 0xFFC84A),
    (0.17, 0xFF9D3C),
    (0.27, 0xFFD96B),
    (0.36, 0xFFB045),
    (0.43, 0xF8E290),
    (0.52, 0xFFA03A),
    (0.71, 0xFFCF5C),
    (0.79, 0xFF8F3A),
    (1.13, 0xFFC250),
];

/// Returns the stream function of the sky: strokes run along its contours, and colours form bands
/// between them.
fn stream(p: Point) -> f32 {
    let noise = Noise(SEED);
    let wind =
        1.1 * p.y + 0.10 * (p.x * 4.3 + 1.0).sin() + 0.16 * noise.fractal(p.x * 2.2, p.y * 3.4, 3);
    let eddies = EDDIES.iter().map(|&(centre, reach, strength)| {
        let d = centre.distance(p) / reach;
        strength * reach * (-d * d * 0.9).exp()
    });
    wind + eddies.sum::<f32>()
}

fn wind(p: Point) -> f32 {
    const H: f32 = 0.004;
    let dx = stream(Point::new(p.x + H, p.y)) - stream(Point::new(p.x - H, p.y));
    let dy = stream(Point::new(p.x, p.y + H)) - stream(Point::new(p.x, p.y - H));
    (-dx).atan2(dy)
}

fn sky(p: Point) -> Colour {
    let night = [0x0B1646, 0x142A6E, 0x1F4E9C, 0x3B84B8, 0x162F78, 0x0F1D56].map(Colour::hex);
    let band = stream(p) * 5.2;
    let bands = ramp(&night, band - band.floor());
    let dusk = bands.mix(
        ramp(&[0x2F7F8E, 0x7FB59A, 0xD9C47A].map(Colour::hex), smooth(0.52, HORIZON, p.y)),
        smooth(0.36, HORIZON, p.y) * 0.72,
    );
    let d = MOON.distance(p);
    let rings = 0.5 + 0.5 * (d * 95.0).cos();
    let halo = ramp(&[0xFFF6C8, 0xFBDD6E, 0xE2B845, 0x7FAE8E, 0x3B84B8].map(Colour::hex), d / 0.21);
    dusk.mix(halo, (1.0 - smooth(0.07, 0.21, d)) * (0.55 + 0.45 * rings))
}

fn shore(x: f32) -> f32 {
    let noise = Noise(SEED ^ 7);
    let headland = 0.13 * smooth(0.72, 1.25, x) + 0.055 * (1.0 - smooth(0.0, 0.5, x));
    HORIZON - 0.028 - headland - 0.028 * noise.fractal(x * 5.0, 0.0, 3)
}

fn water(p: Point) -> Colour {
    let depth = (p.y - HORIZON) / (1.0 - HORIZON);
    let ripple = Noise(SEED ^ 9).fractal(p.x * 5.0, p.y * 60.0, 2);
    let deep =
        ramp(&[0x3C7F8C, 0x1E4C86, 0x10265C, 0x0B143E].map(Colour::hex), depth + 0.32 * ripple);
    let mut colour = deep;
    for (x, lamp) in LAMPS {
        let spread = 0.010 + 0.016 * depth;
        let sway = 0.012 * (p.y * 75.0 + x * 40.0).sin();
        let glow = (-((p.x - x - sway) / spread).powi(2)).exp() * (1.0 - 0.75 * depth);
        colour = colour.mix(Colour::hex(lamp), glow * smooth(-0.35, 0.1, ripple));
    }
    let path =
        (-((p.x - MOON.x - 0.02 * (p.y * 50.0).sin()) / (0.035 + 0.06 * depth)).powi(2)).exp();
    colour.mix(Colour::hex(0xFBE99C), path * smooth(-0.25, 0.2, ripple) * 0.9)
}

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let mut canvas = Canvas::new(SEED, 0.25, |p| Colour::hex(0x3A2C22).mix(sky(p), 0.75));
    paint_sky(&mut canvas, &mut rng);
    paint_stars(&mut canvas, &mut rng);
    paint_water(&mut canvas, &mut rng);
    paint_shore(&mut canvas, &mut rng);
    canvas.lit(&Light { shading: 0.3, gloss: 0.16 })
}

fn paint_sky(canvas: &mut Canvas, rng: &mut Rng) {
    for (width, length, count) in [(0.040, 0.20, 900), (0.022, 0.15, 2600), (0.012, 0.10, 3600)] {
        for _ in 0..count {
            let from =
                Point::new(rng.range(-0.04, ASPECT + 0.04), rng.range(-0.04, HORIZON + 0.01));
            let near = MOON.distance(from) < 0.07;
            let path = follow(
                from,
                length * rng.range(0.6, 1.2) * if near { 0.35 } else { 1.0 },
                wind,
                |p| p.y < HORIZON,
            );
            let brush = Brush {
                width: width * rng.range(0.7, 1.2),
                streaks: 0.05,
                dryness: 0.25,
                relief: 2.2,
                pickup: 0.12,
            };
            canvas.stroke(brush, &path, sky(from).varied(0.022, rng));
        }
    }
    // The disc itself, wound up from the middle.
    for turn in 0..5u8 {
        let radius = 0.012 + 0.010 * f32::from(turn);
        let path: Vec<Point> = (0..=40u8)
            .map(|i| MOON.toward(f32::from(i) / 40.0 * 2.0 * PI + f32::from(turn), radius))
            .collect();
        let colour = Colour::hex(0xFFFBE2)
            .mix(Colour::hex(0xFCD85A), f32::from(turn) / 5.0)
            .varied(0.015, rng);
        canvas.stroke(
            Brush { width: 0.016, streaks: 0.04, dryness: 0.0, relief: 5.0, pickup: 0.0 },
            &path,
            colour,
        );
    }
}

fn paint_stars(canvas: &mut Canvas, rng: &mut Rng) {
    let stars = [
        (0.13, 0.22, 1.0),
        (0.44, 0.08, 0.8),
        (0.52, 0.29, 1.15),
        (0.71, 0.36, 0.7),
        (1.10, 0.10, 0.9),
        (0.22, 0.53, 0.7),
        (0.71, 0.07, 0.6),
    ];
    for (x, y, size) in stars {
        let star = Point::new(x, y);
        for ring in (0..4u8).rev() {
            let radius = size * (0.005 + 0.0095 * f32::from(ring));
            let colour = ramp(
                &[0xFFFDEA, 0xFBE88C, 0xA9D3B4, 0x5CA0C4].map(Colour::hex),
                f32::from(ring) / 3.0,
            );
            let dashes = 3 + 3 * ring;
            for dash in 0..dashes {
                let from = f32::from(dash) / f32::from(dashes) * 2.0 * PI + rng.range(0.0, 0.4);
                let sweep = 1.5 * PI / f32::from(dashes);
                let path: Vec<Point> = (0..=6u8)
                    .map(|i| star.toward(from + sweep * f32::from(i) / 6.0, radius))
                    .collect();
                let brush = Brush {
                    width: size * 0.0095,
                    streaks: 0.04,
                    dryness: 0.1,
                    relief: 4.0,
                    pickup: 0.08,
                };
                canvas.stroke(brush, &path, colour.varied(0.02, rng));
            }
        }
    }
}

fn paint_water(canvas: &mut Canvas, rng: &mut Rng) {
    for (width, length, count) in [(0.024, 0.14, 700), (0.012, 0.075, 1900), (0.008, 0.045, 1500)] {
        for _ in 0..count {
            let from = Point::new(rng.range(-0.06, ASPECT), rng.range(HORIZON, 1.03));
            let swell = |p: Point| 0.16 * (p.x * 16.0 + p.y * 40.0).sin();
            let path = follow(from, length * rng.range(0.5, 1.2), swell, |p| p.y > HORIZON - 0.004);
            let brush = Brush {
                width: width * (0.55 + 1.2 * (from.y - HORIZON)),
                streaks: 0.045,
                dryness: 0.3,
                relief: 2.0,
                pickup: 0.1,
            };
            canvas.stroke(brush, &path, water(from).varied(0.02, rng));
        }
    }
}

fn paint_shore(canvas: &mut Canvas, rng: &mut Rng) {
    let hills = [0x0A1230, 0x16244E, 0x1D3B4C, 0x2C4A46].map(Colour::hex);
    for _ in 0..1500 {
        let x = rng.range(-0.03, ASPECT + 0.03);
        let from = Point::new(x, rng.range(shore(x), HORIZON + 0.004));
        let slope = |p: Point| {
            ((shore(p.x + 0.02) - shore(p.x)) / 0.02).atan()
                + 0.25 * Noise(SEED ^ 3).at(p.x * 30.0, p.y * 30.0)
        };
        let path = follow(from, rng.range(0.02, 0.07), slope, |p| p.y > shore(p.x) - 0.004);
        let brush = Brush {
            width: rng.range(0.007, 0.015),
            streaks: 0.05,
            dryness: 0.2,
            relief: 2.8,
            pickup: 0.05,
        };
        canvas.stroke(
            brush,
            &path,
            ramp(&hills, rng.unit() * smooth(0.09, 0.0, from.y - shore(x))).varied(0.02, rng),
        );
    }
    for (x, lamp) in LAMPS {
        let house = Point::new(x, HORIZON - 0.012);
        let wall = Brush { width: 0.019, streaks: 0.05, dryness: 0.0, relief: 3.0, pickup: 0.0 };
        let height = rng.range(0.026, 0.040);
        canvas.stroke(
            wall,
            &follow(house, height, |_| -FRAC_PI_2, |_| true),
            Colour::hex(0x2A223A).varied(0.03, rng),
        );
        let roof = house.toward(-FRAC_PI_2, height);
        for side in [-1.0, 1.0] {
            let brush = Brush { width: 0.009, relief: 3.5, ..wall };
            canvas.stroke(
                brush,
                &follow(
                    roof.toward(-FRAC_PI_2, 0.008),
                    0.022,
                    |_| FRAC_PI_2 - side * 0.95,
                    |_| true,
                ),
                Colour::hex(0x5A2E30).varied(0.03, rng),
            );
        }
        let window = house.toward(-FRAC_PI_2, height * 0.45);
        canvas.stroke(
            Brush { width: 0.008, relief: 5.0, ..wall },
            &follow(window, 0.010, |_| -FRAC_PI_2, |_| true),
            Colour::hex(lamp),
        );
    }
    paint_boats(canvas, rng);
}

fn paint_boats(canvas: &mut Canvas, rng: &mut Rng) {
    for (x, y, size) in [(0.235, 0.835, 1.0), (0.60, 0.775, 0.62), (1.10, 0.90, 1.25)] {
        let hull =
            Brush { width: 0.021 * size, streaks: 0.05, dryness: 0.0, relief: 4.0, pickup: 0.0 };
        let line = |from: Point, angle: f32, length: f32| {
            follow(from, length * size, move |_| angle, |_| true)
        };
        let mast = Point::new(x, y);
        for (lift, colour) in [(0.006, 0x121024), (-0.006, 0x7A2E2A)] {
            let from = Point::new(x - 0.055 * size, y + lift * size);
            let sag = |p: Point| 0.42 * (from.x + 0.055 * size - p.x) / (0.055 * size);
            canvas.stroke(
                hull,
                &follow(from, 0.115 * size, sag, |_| true),
                Colour::hex(colour).varied(0.02, rng),
            );
        }
        let thin = Brush { width: 0.0042 * size.max(2.0 / SCALE), relief: 3.0, ..hull };
        canvas.stroke(thin, &line(mast, -FRAC_PI_2, 0.13), Colour::hex(0x1A1424));
        for (turn, length) in [(0.42, 0.12), (0.30, 0.115), (0.17, 0.115)] {
            let sail = Brush {
                width: 0.014 * size,
                streaks: 0.06,
                dryness: 0.15,
                relief: 3.5,
                pickup: 0.1,
            };
            let from = Point::new(x + 0.004, y - 0.122 * size);
            canvas.stroke(
                sail,
                &line(from, FRAC_PI_2 - turn, length),
                Colour::hex(0xC97B4A).varied(0.03, rng),
            );
        }
    }
}

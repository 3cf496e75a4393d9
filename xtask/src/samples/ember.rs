//! "Ember": an abstract canvas of loaded knives, dragged brushes, drips and spatter.

use std::f32::consts::{FRAC_PI_2, PI};

use image::RgbImage;

use super::canvas::{ASPECT, Brush, Canvas, Light, Point, follow};
use super::colour::{Colour, ramp};
use super::rng::{Noise, Rng};

const SEED: u64 = 1951;

fn ground(p: Point) -> Colour {
    let wash = Noise(SEED);
    ramp(
        &[0x1C3A48, 0x8A7A5A, 0xE2C48A, 0xF0DEB8].map(Colour::hex),
        0.55 + 0.8 * wash.fractal(p.x * 2.0, p.y * 2.0, 4) + 0.3 * (p.x - 0.6),
    )
}

/// Returns a stroke that bends like the swing of an arm.
fn swing(from: Point, angle: f32, length: f32, bend: f32) -> Vec<Point> {
    follow(from, length, |p| angle + bend * from.distance(p), |_| true)
}

/// A family of strokes: colours, number, centre and spread, length, width, direction and dryness.
struct Gesture {
    colours: [u32; 3],
    count: u16,
    about: Point,
    spread: (f32, f32),
    length: f32,
    width: f32,
    angle: f32,
    dryness: f32,
}

const GESTURES: [Gesture; 9] = [
    Gesture {
        colours: [0x0E2A3A, 0x124A5A, 0x0A1624],
        count: 26,
        about: Point::new(0.55, 0.55),
        spread: (0.55, 0.45),
        length: 0.42,
        width: 0.15,
        angle: -0.5,
        dryness: 0.2,
    },
    Gesture {
        colours: [0x1E7A7E, 0x5AB0A6, 0x125A6E],
        count: 20,
        about: Point::new(0.28, 0.30),
        spread: (0.30, 0.26),
        length: 0.30,
        width: 0.10,
        angle: -0.9,
        dryness: 0.4,
    },
    Gesture {
        colours: [0x8E161A, 0xC22A1E, 0x5A0E1A],
        count: 26,
        about: Point::new(0.72, 0.50),
        spread: (0.34, 0.28),
        length: 0.36,
        width: 0.12,
        angle: 0.55,
        dryness: 0.3,
    },
    Gesture {
        colours: [0xF05A1E, 0xFF8A2A, 0xD83A1A],
        count: 24,
        about: Point::new(0.80, 0.46),
        spread: (0.26, 0.24),
        length: 0.26,
        width: 0.085,
        angle: -0.45,
        dryness: 0.4,
    },
    Gesture {
        colours: [0xFFC23E, 0xF6A82A, 0xFFE08A],
        count: 17,
        about: Point::new(0.86, 0.42),
        spread: (0.20, 0.20),
        length: 0.20,
        width: 0.06,
        angle: -0.8,
        dryness: 0.35,
    },
    Gesture {
        colours: [0xF6EEDC, 0xE8D8BC, 0xFFFAEE],
        count: 17,
        about: Point::new(0.42, 0.62),
        spread: (0.34, 0.26),
        length: 0.26,
        width: 0.075,
        angle: 0.35,
        dryness: 0.55,
    },
    Gesture {
        colours: [0xE8A29A, 0xC86A6E, 0xF2C8B8],
        count: 9,
        about: Point::new(0.30, 0.78),
        spread: (0.26, 0.14),
        length: 0.24,
        width: 0.07,
        angle: -0.15,
        dryness: 0.5,
    },
    Gesture {
        colours: [0x2A4AA8, 0x1A2E7A, 0x4A7AC8],
        count: 8,
        about: Point::new(1.04, 0.80),
        spread: (0.18, 0.14),
        length: 0.22,
        width: 0.07,
        angle: -0.65,
        dryness: 0.4,
    },
    Gesture {
        colours: [0xFF9A32, 0xFFF0D0, 0xF24A22],
        count: 12,
        about: Point::new(0.78, 0.40),
        spread: (0.30, 0.22),
        length: 0.13,
        width: 0.035,
        angle: 0.9,
        dryness: 0.2,
    },
];

pub fn paint() -> RgbImage {
    let mut rng = Rng::new(SEED);
    let mut canvas = Canvas::new(SEED, 0.3, ground);
    for _ in 0..110 {
        let from = Point::anywhere(&mut rng);
        let angle = 0.4 * rng.normal() + 2.4 * Noise(SEED ^ 1).at(from.x * 2.0, from.y * 2.0);
        let brush = Brush {
            width: rng.range(0.06, 0.16),
            streaks: 0.05,
            dryness: 0.35,
            relief: 3.5,
            pickup: 0.3,
        };
        canvas.stroke(
            brush,
            &swing(from, angle, rng.range(0.2, 0.5), rng.range(-2.0, 2.0)),
            ground(from).varied(0.03, &mut rng),
        );
    }
    for gesture in &GESTURES {
        paint_gesture(&mut canvas, gesture, &mut rng);
    }
    paint_calligraphy(&mut canvas, &mut rng);
    scratch(&mut canvas, &mut rng);
    drip(&mut canvas, &mut rng);
    spatter(&mut canvas, &mut rng);
    canvas.lit(&Light { shading: 0.30, gloss: 0.22 })
}

fn paint_gesture(canvas: &mut Canvas, gesture: &Gesture, rng: &mut Rng) {
    for _ in 0..gesture.count {
        let from = Point::new(
            gesture.about.x + gesture.spread.0 * 0.75 * rng.normal(),
            gesture.about.y + gesture.spread.1 * 0.75 * rng.normal(),
        );
        let length = gesture.length * rng.range(0.5, 1.3);
        let angle =
            gesture.angle + 0.35 * rng.normal() + if rng.chance(0.3) { FRAC_PI_2 } else { 0.0 };
        let path =
            swing(from.toward(angle + PI, length / 2.0), angle, length, rng.range(-2.0, 2.0));
        let brush = Brush {
            width: gesture.width * rng.range(0.45, 1.25),
            streaks: 0.10,
            dryness: gesture.dryness * rng.range(0.4, 1.5),
            relief: 5.0,
            pickup: 0.35,
        };
        canvas.stroke(brush, &path, Colour::hex(rng.pick(&gesture.colours)).varied(0.035, rng));
    }
}

/// Paints the black strokes that hold the canvas together.
fn paint_calligraphy(canvas: &mut Canvas, rng: &mut Rng) {
    let lines = [
        (0.10, 0.93, -1.00, 0.72, 1.15, 0.040),
        (0.48, 0.12, 0.85, 0.58, 1.9, 0.030),
        (0.98, 0.16, 2.15, 0.55, -1.3, 0.034),
        (0.22, 0.52, -0.30, 0.42, 2.6, 0.020),
        (0.70, 0.90, -0.35, 0.42, -1.6, 0.026),
    ];
    for (x, y, angle, length, bend, width) in lines {
        let brush = Brush { width, streaks: 0.05, dryness: 0.55, relief: 5.0, pickup: 0.08 };
        canvas.stroke(
            brush,
            &swing(Point::new(x, y), angle, length, bend),
            Colour::hex(0x121014).varied(0.01, rng),
        );
    }
}

/// Scratches lines into the wet paint with the handle: a groove between two lips.
fn scratch(canvas: &mut Canvas, rng: &mut Rng) {
    for _ in 0..26 {
        let (from, angle) = (Point::anywhere(rng), rng.range(0.0, PI));
        let path = swing(from, angle, rng.range(0.06, 0.22), rng.range(-5.0, 5.0));
        for (shift, width, relief, lighter) in
            [(0.0, 0.0075, 7.0, 0.05), (0.0, 0.0038, -5.0, -0.16)]
        {
            let colour =
                canvas.colour(from).unwrap_or_else(|| ground(from)).lighter(lighter + shift);
            canvas.stroke(
                Brush { width, streaks: 0.02, dryness: 0.0, relief, pickup: 0.0 },
                &path,
                colour,
            );
        }
    }
}

fn drip(canvas: &mut Canvas, rng: &mut Rng) {
    for _ in 0..34 {
        let from = Point::new(rng.range(0.05, ASPECT - 0.05), rng.range(0.10, 0.75));
        let colour = canvas.colour(from).unwrap_or_else(|| ground(from)).lighter(-0.03);
        let width = rng.range(0.003, 0.0075);
        let path = follow(
            from,
            rng.range(0.06, 0.30),
            |p| FRAC_PI_2 + 0.12 * (p.y * 60.0 + from.x * 90.0).sin(),
            |_| true,
        );
        canvas.stroke(
            Brush { width, streaks: 0.01, dryness: 0.0, relief: 5.0, pickup: 0.0 },
            &path,
            colour,
        );
        canvas.dab(path[path.len() - 1], width * 0.9, 0.75, FRAC_PI_2, colour, 7.0);
    }
}

fn spatter(canvas: &mut Canvas, rng: &mut Rng) {
    for (x, y, hex) in [
        (0.80, 0.38, 0xFFF4D8),
        (0.32, 0.70, 0x121014),
        (0.95, 0.62, 0xD82A1E),
        (0.22, 0.22, 0xF2C24A),
        (0.60, 0.80, 0x2A9A9A),
    ] {
        let throw = rng.range(0.0, PI);
        for _ in 0..130 {
            let (along, across) = (0.17 * rng.normal(), 0.07 * rng.normal());
            let p = Point::new(x, y).toward(throw, along).toward(throw + FRAC_PI_2, across);
            let size = 0.0012 + 0.0055 * rng.unit().powi(4);
            canvas.dab(
                p,
                size * rng.range(1.0, 1.6),
                rng.range(0.6, 1.0),
                throw,
                Colour::hex(hex).varied(0.02, rng),
                5.0,
            );
        }
    }
}

//! Input images of the benchmarks, generated and identical each time.

use impasto::pixels::{ImageSize, Pixels};

/// Draws a photo: smooth shades with an edge across.
pub fn photo(side: u32) -> Pixels {
    drawn(
        side,
        |x, y| if x > y { [0.9, 0.7, 0.2 + 0.3 * y] } else { [0.1 + 0.6 * x, 0.8 * y, 0.5] },
    )
}

/// Draws a painting: busy stripes that differ with `number`.
pub fn painting(side: u32, number: u32) -> Pixels {
    let turn = f64::from(number);
    drawn(side, |x, y| {
        let wave = (40.0 * (x + (0.5 + turn) * y) + 9.0 * (7.0 * y).sin()).sin();
        [
            0.5 + 0.4 * wave,
            0.5 - 0.3 * wave * (11.0 * x).cos(),
            0.4 + 0.3 * (23.0 * (y - turn * x)).sin(),
        ]
    })
}

/// Draws a square image from the colour at each point of the unit square, in 0..1.
fn drawn(side: u32, colour: impl Fn(f64, f64) -> [f64; 3]) -> Pixels {
    let at = |place: u32| f64::from(place) / f64::from(side);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast saturates"
    )]
    let byte = |value: f64| (value * 255.0).round() as u8;
    let pixel = |x, y| {
        let [red, green, blue] = colour(at(x), at(y)).map(byte);
        [red, green, blue, u8::MAX]
    };
    let rgba = (0..side)
        .flat_map(|y| (0..side).flat_map(move |x| [(x, y)]))
        .flat_map(|(x, y)| pixel(x, y))
        .collect();
    Pixels::new(ImageSize::new(side, side), rgba).expect("four bytes a pixel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paintings_differ_and_are_the_same_each_time() {
        assert_eq!(painting(32, 1), painting(32, 1));
        assert_ne!(painting(32, 1), painting(32, 2));
        assert_eq!(photo(40).size(), ImageSize::new(40, 40));
    }
}

//! Moments of a run, for looking back: which steps are kept, and how.

use crate::codec;
use crate::pixels::{ImageSize, Pixels};

/// Most moments of a run, spread over its steps.
const MOST: u32 = 48;
/// Longer side of a moment at most, px.
const EDGE: u32 = 720;
/// JPEG quality of a moment.
const QUALITY: u8 = 82;

/// Which steps of a run become moments.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    spacing: u32,
    /// The first step that is due.
    next: u32,
}

impl Moments {
    /// Creates the moments of a run of `steps`.
    pub fn new(steps: u32) -> Self {
        Self { spacing: steps.div_ceil(MOST).max(1), next: 0 }
    }

    /// Whether the image after this `step` becomes a moment. If so, the next is due a spacing
    /// later.
    pub fn take(&mut self, step: u32) -> bool {
        let due = step >= self.next;
        if due {
            self.next = step + self.spacing;
        }
        due
    }
}

/// Returns a moment's size, and the image as JPEG.
pub fn encode(pixels: &Pixels) -> (ImageSize, Vec<u8>) {
    let size = pixels.size().fit_to_edge(EDGE);
    let jpeg = if size == pixels.size() {
        codec::encode_jpeg(pixels, QUALITY)
    } else {
        codec::encode_jpeg(&codec::resize(pixels, size), QUALITY)
    };
    (size, jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that become moments if each is shown.
    fn taken(steps: u32) -> Vec<u32> {
        let mut moments = Moments::new(steps);
        (1..=steps).filter(|&step| moments.take(step)).collect()
    }

    #[test]
    fn moments_begin_with_the_first_step_and_spread_over_all() {
        assert_eq!(taken(40), (1..=40).collect::<Vec<_>>());
        for steps in [49, 110, 1000, 5000] {
            let taken = taken(steps);
            assert!((24..=48).contains(&taken.len()), "{} of {steps}", taken.len());
            assert_eq!(taken[0], 1);
            assert!(steps - taken[taken.len() - 1] <= steps / 20, "{taken:?}");
        }
    }

    #[test]
    fn steps_that_are_not_shown_are_made_up_for() {
        let mut moments = Moments::new(480);
        let shown = [1, 9, 11, 90, 91, 99, 100];
        assert_eq!(
            shown.map(|step| moments.take(step)),
            [true, false, true, true, false, false, true]
        );
    }

    #[test]
    fn a_large_image_becomes_a_small_jpeg() {
        let pixels = Pixels::new(ImageSize::new(1440, 90), [9, 99, 200, 255].repeat(1440 * 90))
            .expect("a byte for each channel");
        let (size, jpeg) = encode(&pixels);
        assert_eq!(size, ImageSize::new(720, 45));
        assert_eq!(codec::decode(&jpeg).expect("it is a JPEG").size(), size);
    }
}

//! Images one after another, as an animated GIF.

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};

use crate::pixels::{ImageSize, Pixels};

/// Speed of the colour quantiser, 1 (best) to 30 (fastest).
const SPEED: i32 = 10;

/// An animated GIF in the making. It repeats for ever.
#[expect(missing_debug_implementations, reason = "the encoder has none")]
pub struct GifFilm<'a> {
    encoder: GifEncoder<&'a mut Vec<u8>>,
}

impl<'a> GifFilm<'a> {
    /// Begins a film that is written to `file`; it is complete when the film is dropped.
    ///
    /// # Panics
    /// Never: memory takes every byte.
    pub fn new(file: &'a mut Vec<u8>) -> Self {
        let mut encoder = GifEncoder::new_with_speed(file, SPEED);
        encoder.set_repeat(Repeat::Infinite).expect("nothing is written yet");
        Self { encoder }
    }

    /// Appends an image that is shown for `ms`, in hundredths of a second. All images of a film
    /// have one size.
    ///
    /// # Panics
    /// If a side exceeds 65535 px.
    pub fn push(&mut self, pixels: &Pixels, ms: u32) {
        let ImageSize { width, height } = pixels.size();
        let image = RgbaImage::from_raw(width, height, pixels.rgba().to_vec())
            .expect("pixels hold four bytes each");
        let frame = Frame::from_parts(image, 0, 0, Delay::from_numer_denom_ms(ms, 1));
        self.encoder.encode_frame(frame).expect("memory takes every byte");
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::AnimationDecoder;
    use image::codecs::gif::GifDecoder;

    use super::*;

    #[test]
    fn a_film_holds_its_images_and_their_times() {
        let size = ImageSize::new(48, 32);
        let flat = |colour: [u8; 4]| Pixels::new(size, colour.repeat(size.area())).unwrap();
        let mut file = Vec::new();
        let mut film = GifFilm::new(&mut file);
        film.push(&flat([255, 0, 0, 255]), 100);
        film.push(&flat([0, 0, 255, 255]), 1500);
        drop(film);
        let frames: Vec<Frame> =
            GifDecoder::new(Cursor::new(file)).unwrap().into_frames().map(Result::unwrap).collect();
        assert_eq!(
            frames.iter().map(|frame| frame.delay().numer_denom_ms().0).collect::<Vec<_>>(),
            [100, 1500]
        );
        assert_eq!(frames[1].buffer().dimensions(), (48, 32));
        assert_eq!(frames[1].buffer().get_pixel(20, 20).0, [0, 0, 255, 255]);
    }
}

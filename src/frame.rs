//! The frame or margin around a painting in a scan or photograph. It is no part of the style, and
//! would be painted along the rim.

use crate::pixels::{ImageSize, Pixels};

/// Greatest share of a side that a frame takes: more is the painting's ground.
const GREATEST_SHARE: f32 = 0.08;
/// Greatest standard deviation of a frame's line, levels of 255: scans are noisy, paper is uneven.
const LINE_DEVIATION: f32 = 20.0;
/// Greatest difference of a frame's colours between lines and sides, levels.
const COLOUR_RANGE: f32 = 45.0;
/// Least difference of a pixel from the frame, levels, and the least share of such pixels in the
/// line where the painting begins.
const CONTRAST: f32 = 30.0;
const LEAST_CONTRASTING: f32 = 0.5;
/// Share of the side, beyond the frame, within which lines that differ from the painting are
/// cropped too: the canvas's edge, the frame's shadow.
const EDGE_SHARE: f32 = 0.035;
/// Range, as shares of the side, of the reference lines near the rim that show what differs.
const BAND: [f32; 2] = [0.06, 0.12];
/// The shortest side examined, px.
const LEAST_SIDE_PX: u32 = 64;

/// Crops the frame of `painting`; `None` if there is none. A frame is uniform, of one colour on all
/// four sides, narrow, and ends within a few lines.
pub fn left_out(painting: &Pixels) -> Option<Pixels> {
    let ImageSize { width, height } = painting.size();
    if painting.size().short_edge() < LEAST_SIDE_PX {
        return None;
    }
    let sides = Side::ALL.map(|side| side.frame(painting));
    let [Some(top), Some(bottom), Some(left), Some(right)] = sides else { return None };
    let colours = [top, bottom, left, right].map(|frame| frame.colour);
    if colours.iter().any(|&colour| distance(colour, top.colour) > COLOUR_RANGE) {
        return None;
    }
    let size = ImageSize::new(width - left.depth - right.depth, height - top.depth - bottom.depth);
    Some(part(painting, [left.depth, top.depth], size))
}

/// Returns the region of `size` from column and row `at` on.
fn part(picture: &Pixels, [left, top]: [u32; 2], size: ImageSize) -> Pixels {
    let row = |y: u32| {
        let first = 4 * ((top + y) as usize * picture.size().width as usize + left as usize);
        &picture.rgba()[first..first + 4 * size.width as usize]
    };
    let rgba = (0..size.height).flat_map(|y| row(y).iter().copied()).collect();
    Pixels::new(size, rgba).expect("four bytes for each pixel")
}

/// A frame on one side.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Width, px, with the painting's edge.
    depth: u32,
    colour: [f32; 3],
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Top,
    Bottom,
    Left,
    Right,
}

impl Side {
    const ALL: [Self; 4] = [Self::Top, Self::Bottom, Self::Left, Self::Right];

    /// Returns the frame on this side, if there is one.
    #[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
    fn frame(self, picture: &Pixels) -> Option<Frame> {
        let depth = self.depth(picture);
        let at = |share: f32| share_of(depth, share);
        let first = self.line(picture, 0);
        let belongs = |line: &Line| {
            line.deviation <= LINE_DEVIATION && distance(line.mean, first.mean) <= COLOUR_RANGE
        };
        let most = at(GREATEST_SHARE);
        let run =
            (0..=most).find(|&index| !belongs(&self.line(picture, index))).unwrap_or(most + 1);
        if run == 0 || run > most {
            return None;
        }
        let contrasts = |index: u32| {
            let pixels = self.pixels(picture, index);
            let others =
                pixels.clone().filter(|&pixel| distance(pixel, first.mean) > CONTRAST).count();
            others as f32 >= LEAST_CONTRASTING * pixels.count() as f32
        };
        // Within a few lines, since a frame is seldom straight.
        if !(run..=run + at(EDGE_SHARE)).any(contrasts) {
            return None;
        }
        let band = mean(
            (at(BAND[0])..at(BAND[1]).max(at(BAND[0]) + 1))
                .map(|index| self.line(picture, index).mean),
        );
        let stands_out = |&index: &u32| distance(self.line(picture, index).mean, band) > CONTRAST;
        let last = (run..run + at(EDGE_SHARE)).rev().find(stands_out);
        Some(Frame { depth: last.map_or(run, |index| index + 1), colour: first.mean })
    }

    /// Returns the distance to the opposite side, px.
    fn depth(self, picture: &Pixels) -> u32 {
        match self {
            Self::Top | Self::Bottom => picture.size().height,
            Self::Left | Self::Right => picture.size().width,
        }
    }

    fn line(self, picture: &Pixels, index: u32) -> Line {
        let mean = mean(self.pixels(picture, index));
        let squares = self
            .pixels(picture, index)
            .map(|pixel| std::array::from_fn(|c| (pixel[c] - mean[c]).powi(2)));
        let variance: [f32; 3] = self::mean(squares);
        Line { mean, deviation: (variance.iter().sum::<f32>() / 3.0).sqrt() }
    }

    /// Returns the pixels of the line `index` px from this side, levels.
    fn pixels(self, picture: &Pixels, index: u32) -> impl Iterator<Item = [f32; 3]> + Clone {
        let ImageSize { width, height } = picture.size();
        let index = index.min(self.depth(picture) - 1) as usize;
        let (width, height) = (width as usize, height as usize);
        let (first, stride, count) = match self {
            Self::Top => (index * width, 1, width),
            Self::Bottom => ((height - 1 - index) * width, 1, width),
            Self::Left => (index, width, height),
            Self::Right => (width - 1 - index, width, height),
        };
        let rgba = picture.rgba();
        (0..count).map(move |place| {
            let pixel = 4 * (first + place * stride);
            [0, 1, 2].map(|channel| f32::from(rgba[pixel + channel]))
        })
    }
}

struct Line {
    mean: [f32; 3],
    /// Standard deviation over the channels.
    deviation: f32,
}

/// Returns the greatest difference of two colours over the channels.
fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|channel| (a[channel] - b[channel]).abs()).fold(0.0, f32::max)
}

#[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
fn mean(colours: impl Iterator<Item = [f32; 3]>) -> [f32; 3] {
    let (sum, count) = colours.fold(([0.0; 3], 0_u32), |(sum, count), colour| {
        (std::array::from_fn(|channel| sum[channel] + colour[channel]), count + 1)
    });
    sum.map(|value: f32| value / count.max(1) as f32)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of a side"
)]
fn share_of(side: u32, share: f32) -> u32 {
    (side as f32 * share) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize::new(200, 160);

    /// Paints colourful stripes with `margin` px of `colour` on the sides that `has` names.
    fn painting(margin: u32, colour: [u8; 3], has: impl Fn(u32, u32) -> bool) -> Pixels {
        let ImageSize { width, height } = SIZE;
        let pixel = |x: u32, y: u32| {
            let rim = x.min(width - 1 - x).min(y).min(height - 1 - y);
            let stripes = [
                40 + (x * 13 + y * 7) % 140,
                40 + (x * 5 + y * 23) % 140,
                40 + (x * 29 + y * 3) % 140,
            ];
            let noise = u8::try_from((x * 7 + y * 11) % 9).unwrap();
            if rim < margin && has(x, y) {
                colour.map(|c| c.saturating_add(noise))
            } else {
                stripes.map(|c| u8::try_from(c).unwrap())
            }
        };
        let rgba = (0..height).flat_map(|y| {
            (0..width).flat_map(move |x| {
                let [r, g, b] = pixel(x, y);
                [r, g, b, 255]
            })
        });
        Pixels::new(SIZE, rgba.collect()).unwrap()
    }

    fn size_without(painting: &Pixels) -> Option<(u32, u32)> {
        left_out(painting).map(|rest| (rest.size().width, rest.size().height))
    }

    #[test]
    fn a_dark_or_pale_frame_is_left_out_to_the_pixel() {
        for colour in [[2, 2, 4], [240, 236, 225]] {
            let framed = painting(6, colour, |_, _| true);
            assert_eq!(size_without(&framed), Some((188, 148)));
            let rest = left_out(&framed).unwrap();
            assert_eq!(rest.rgba()[..4], framed.rgba()[4 * (6 * 200 + 6)..][..4]);
            assert_eq!(size_without(&rest), None, "there is but one");
        }
    }

    #[test]
    fn a_ragged_pale_edge_of_the_canvas_goes_with_the_frame() {
        let mut framed = painting(4, [0, 0, 0], |_, _| true);
        let mut rgba = framed.rgba().to_vec();
        for (index, pixel) in rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let (x, y) = (index % 200, index / 200);
            if [4, 5].contains(&x.min(199 - x).min(y).min(159 - y)) {
                *pixel = [225, 220, 200, 255];
            }
        }
        framed = Pixels::new(SIZE, rgba).unwrap();
        assert_eq!(size_without(&framed), Some((188, 148)));
    }

    #[test]
    fn a_painting_without_a_frame_stays_whole() {
        assert_eq!(size_without(&painting(0, [0; 3], |_, _| true)), None);
        assert_eq!(
            size_without(&painting(6, [0; 3], |_, y| y < 80)),
            None,
            "a dark sky is no frame"
        );
        assert_eq!(
            size_without(&painting(40, [0; 3], |_, _| true)),
            None,
            "a wide margin is the painting's ground"
        );
        let flat = Pixels::new(SIZE, [200, 190, 180, 255].repeat(SIZE.area())).unwrap();
        assert_eq!(size_without(&flat), None, "nor is all of a sheet");
    }

    #[test]
    fn a_drawing_on_bare_paper_keeps_its_paper() {
        // A few lines on white, which come to within 8 px of the rim.
        let ink =
            |x: u32, y: u32| x % 50 == 20 && y > 8 && y < 152 || y % 60 == 30 && x > 8 && x < 192;
        let rgba = (0..160).flat_map(|y| {
            (0..200)
                .flat_map(move |x| if ink(x, y) { [20, 20, 30, 255] } else { [235, 230, 220, 255] })
        });
        let drawing = Pixels::new(SIZE, rgba.collect()).unwrap();
        assert_eq!(size_without(&drawing), None);
    }
}

//! Colours in Oklab (Björn Ottosson 2020), in which mixing and variation are perceptually even.

use super::rng::Rng;

#[derive(Clone, Copy)]
pub struct Colour {
    pub lightness: f32,
    /// Axis from green to red.
    pub a: f32,
    /// Axis from blue to yellow.
    pub b: f32,
}

impl Colour {
    /// Converts an sRGB triple `0xRRGGBB`.
    pub fn hex(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        let [r, g, b] = [red, green, blue].map(|byte| {
            let encoded = f32::from(byte) / 255.0;
            if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
        });
        let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
        Self {
            lightness: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    /// Returns linear RGB, outside of 0..1 where sRGB lacks the colour.
    pub fn linear(self) -> [f32; 3] {
        let l = (self.lightness + 0.396_337_78 * self.a + 0.215_803_76 * self.b).powi(3);
        let m = (self.lightness - 0.105_561_346 * self.a - 0.063_854_17 * self.b).powi(3);
        let s = (self.lightness - 0.089_484_18 * self.a - 1.291_485_5 * self.b).powi(3);
        [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ]
    }

    pub fn mix(self, other: Self, share: f32) -> Self {
        let blend = |from: f32, to: f32| from + (to - from) * share;
        Self {
            lightness: blend(self.lightness, other.lightness),
            a: blend(self.a, other.a),
            b: blend(self.b, other.b),
        }
    }

    pub fn lighter(self, by: f32) -> Self {
        Self { lightness: (self.lightness + by).clamp(0.0, 1.0), ..self }
    }

    /// Multiplies the chroma by `factor`.
    pub fn vivid(self, factor: f32) -> Self {
        Self { a: self.a * factor, b: self.b * factor, ..self }
    }

    /// Rotates the hue by `angle` radians; half a turn yields the complement.
    pub fn turned(self, angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { a: self.a * cos - self.b * sin, b: self.a * sin + self.b * cos, ..self }
    }

    /// Varies a colour: no two loads of a brush are alike.
    pub fn varied(self, by: f32, rng: &mut Rng) -> Self {
        let (lightness, angle, factor) =
            (by * rng.normal(), by * 3.0 * rng.normal(), 1.0 + by * 2.0 * rng.normal());
        self.lighter(lightness).turned(angle).vivid(factor)
    }
}

/// Returns the colour at `t` in 0..1 along evenly spaced stops.
pub fn ramp(stops: &[Colour], t: f32) -> Colour {
    let mut left = t.clamp(0.0, 1.0) * (0..stops.len() - 1).map(|_| 1.0).sum::<f32>();
    for pair in stops.windows(2) {
        if left <= 1.0 {
            return pair[0].mix(pair[1], left);
        }
        left -= 1.0;
    }
    stops[stops.len() - 1]
}

//! Randomness that is the same on every machine: a generator and smooth noise, both from one
//! integer hash.

/// Applies the finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
fn hash(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// Returns the upper 24 bits as a number in 0..1, which an `f32` represents exactly.
fn unit(bits: u64) -> f32 {
    let [high, middle, low, ..] = bits.to_be_bytes();
    (f32::from(high) * 65_536.0 + f32::from(middle) * 256.0 + f32::from(low)) / 16_777_216.0
}

/// The generator `SplitMix64`.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(hash(seed.wrapping_add(1)))
    }

    /// Returns a number in 0..1.
    pub fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        unit(hash(self.0))
    }

    /// Returns a number in `low..high`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Returns a number of mean 0 and standard deviation 1, approximately: the sum of four uniform
    /// ones.
    pub fn normal(&mut self) -> f32 {
        ((0..4).map(|_| self.unit()).sum::<f32>() - 2.0) * 3f32.sqrt()
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let mut chosen = from[0];
        for (index, &candidate) in (1u16..).zip(&from[1..]) {
            if self.chance(1.0 / f32::from(index + 1)) {
                chosen = candidate;
            }
        }
        chosen
    }
}

/// Smooth noise over the plane: a random value at each whole point, blended between them.
#[derive(Clone, Copy)]
pub struct Noise(pub u64);

impl Noise {
    fn corner(self, x: i64, y: i64) -> f32 {
        let [x, y] = [x, y].map(i64::cast_unsigned);
        unit(hash(
            self.0 ^ x.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ y.wrapping_mul(0xC2B2_AE3D_27D4_EB4F),
        ))
    }

    /// Returns a number in -1..1.
    pub fn at(self, x: f32, y: f32) -> f32 {
        let ([left, top], [u, v]) =
            ([x, y].map(floor), [x, y].map(|w| w - w.floor()).map(|w| w * w * (3.0 - 2.0 * w)));
        let row = |y| self.corner(left, y) * (1.0 - u) + self.corner(left + 1, y) * u;
        (row(top) * (1.0 - v) + row(top + 1) * v) * 2.0 - 1.0
    }

    /// Returns the sum of octaves of [`Self::at`], each twice as fine and half as strong as the one
    /// before; about -1..1.
    pub fn fractal(self, x: f32, y: f32, octaves: u64) -> f32 {
        let (mut sum, mut scale, mut weight) = (0.0, 1.0, 0.5);
        for octave in 0..octaves {
            sum += weight * Self(self.0.wrapping_add(octave)).at(x * scale, y * scale);
            scale *= 2.0;
            weight *= 0.5;
        }
        sum
    }
}

/// Returns the largest whole number that is not above `value`.
pub fn floor(value: f32) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "coordinates are far below the range of i64"
    )]
    let whole = value.floor() as i64;
    whole
}

//! Linear light: sRGB bytes to it and back, and mixtures of images in it.

use std::sync::LazyLock;

/// Full scale of linear light and alpha; 16 bits keep the 256 sRGB levels apart.
pub const FULL: u16 = u16::MAX;

/// Linear light of an sRGB byte, IEC 61966-2-1.
pub static TO_LINEAR: LazyLock<Vec<u16>> = LazyLock::new(|| {
    (0..=u8::MAX)
        .map(|byte| {
            let encoded = f64::from(byte) / 255.0;
            let linear = if encoded <= 0.04045 {
                encoded / 12.92
            } else {
                ((encoded + 0.055) / 1.055).powf(2.4)
            };
            quantise(linear, FULL)
        })
        .collect()
});

/// Nearest sRGB byte of each level of linear light.
pub static FROM_LINEAR: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=FULL)
        .map(|level| {
            let linear = f64::from(level) / f64::from(FULL);
            let encoded = if linear <= 0.003_130_8 {
                linear * 12.92
            } else {
                1.055f64.mul_add(linear.powf(1.0 / 2.4), -0.055)
            };
            quantise(encoded, u8::MAX)
        })
        .collect()
});

/// Returns `value` in 0..1 as a whole number of `full`.
///
/// # Panics
/// Never: a value in 0..1 stays within full scale.
pub fn quantise<T: Into<f64> + TryFrom<u32, Error: std::fmt::Debug>>(value: f64, full: T) -> T {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is in 0..=65535 here"
    )]
    let whole = (value.clamp(0.0, 1.0) * full.into()).round() as u32;
    T::try_from(whole).expect("a value in 0..1 stays within full scale")
}

/// Mixes two images of RGBA bytes in linear light: `percent` of `above`, the rest of `below`. At 0
/// and 100 it returns one of them unchanged.
///
/// # Panics
/// If the images differ in size, or `percent` exceeds 100.
pub fn mix(below: &[u8], above: &[u8], percent: u8) -> Vec<u8> {
    assert_eq!(below.len(), above.len(), "images of one size");
    assert!(percent <= 100, "{percent} per cent");
    match percent {
        0 => below.to_vec(),
        100 => above.to_vec(),
        _ => below.iter().zip(above).map(|(&below, &above)| mixed(below, above, percent)).collect(),
    }
}

fn mixed(below: u8, above: u8, percent: u8) -> u8 {
    let [below, above] = [below, above].map(|byte| u32::from(TO_LINEAR[usize::from(byte)]));
    let share = u32::from(percent);
    let level = (below * (100 - share) + above * share + 50) / 100;
    FROM_LINEAR[level as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_meet_at_the_mean_of_their_light() {
        let mixed = mix(&[0, 100, 255, 255], &[255, 100, 0, 255], 50);
        // ((0.5)^(1/2.4) · 1.055 − 0.055) · 255 = 187.5
        assert_eq!(mixed, [188, 100, 188, 255]);
    }

    #[test]
    fn the_ends_are_the_images_themselves() {
        let (photo, picture): (Vec<u8>, Vec<u8>) = ((0..=255).collect(), (0..=255).rev().collect());
        assert_eq!(mix(&photo, &picture, 0), photo);
        assert_eq!(mix(&photo, &picture, 100), picture);
    }
}

//! Numbers with their units.

/// 10⁶ bytes, with one decimal.
pub fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// 10⁹ bytes, with one decimal and the unit.
pub fn gigabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let gigabytes = bytes as f64 / 1e9;
    format!("{gigabytes:.1} GB")
}

/// A time in ms as whole seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time in seconds, clamped to a positive range"
)]
fn seconds(ms: f64, whole: fn(f64) -> f64) -> u64 {
    whole((ms / 1000.0).clamp(0.0, 1e9)) as u64
}

/// A length of time, as in "12 s" or "1 min 40 s".
pub fn duration(ms: f64) -> String {
    let seconds = seconds(ms, f64::round);
    match seconds {
        0 => "1 s".into(),
        1..=99 => format!("{seconds} s"),
        100..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A time as a person would say it.
pub fn time_left(left_ms: f64) -> String {
    let seconds = seconds(left_ms, f64::ceil);
    match seconds {
        0..=4 => "a few seconds left".into(),
        5..=55 => format!("about {} s left", seconds.div_ceil(5) * 5),
        56..=3569 => format!("about {} min left", (seconds + 30) / 60),
        _ => {
            let minutes = (seconds + 30) / 60;
            format!("about {} h {} min left", minutes / 60, minutes % 60)
        }
    }
}

/// A loss with three digits, and a prefix for the powers of a thousand.
pub fn loss(value: f32) -> String {
    let size = value.abs();
    let (scaled, prefix) = match size {
        _ if !size.is_finite() => return "not a number".into(),
        _ if size >= 1e12 => return format!("{value:.2e}"),
        _ if size >= 1e9 => (value / 1e9, " G"),
        _ if size >= 1e6 => (value / 1e6, " M"),
        _ if size >= 1e3 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    match scaled.abs() {
        s if s >= 100.0 => format!("{scaled:.0}{prefix}"),
        s if s >= 10.0 => format!("{scaled:.1}{prefix}"),
        _ => format!("{scaled:.2}{prefix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_told_in_one_or_two_units() {
        let lengths = [200.0, 12_400.0, 99_000.0, 100_000.0, 3_599_000.0, 7_260_000.0];
        let told = ["1 s", "12 s", "99 s", "1 min 40 s", "59 min 59 s", "2 h 1 min"];
        assert_eq!(lengths.map(duration), told);
    }

    #[test]
    fn losses_have_three_digits() {
        let figures =
            [0.0, 0.5, 12.34, 999.4, 1234.0, 45_600_000.0, 3.2e9, 5e13, f32::NAN].map(loss);
        assert_eq!(
            figures,
            [
                "0.00",
                "0.50",
                "12.3",
                "999",
                "1.23 k",
                "45.6 M",
                "3.20 G",
                "5.00e13",
                "not a number"
            ]
        );
    }

    #[test]
    fn a_time_left_is_rounded_as_a_person_would() {
        assert_eq!(time_left(18_800.0), "about 20 s left");
        assert_eq!(time_left(1.0), "a few seconds left");
        assert_eq!(time_left(125_000.0), "about 2 min left");
        assert_eq!(time_left(3_569_000.0), "about 59 min left");
        assert_eq!(time_left(3_570_000.0), "about 1 h 0 min left");
        assert_eq!(time_left(7_500_000.0), "about 2 h 5 min left");
    }
}

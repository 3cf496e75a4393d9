//! The total loss over a run's steps, thinned so that a long run costs no more than a short one,
//! and its curve.

/// Most points: smooth at the width it is drawn.
const CAPACITY: usize = 256;

/// The total loss over a run's steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossHistory {
    points: Vec<(u32, f32)>,
    latest: Option<(u32, f32)>,
    /// Least steps between points; doubles whenever the points are full.
    spacing: u32,
}

impl LossHistory {
    /// Adds the total loss after `step`. Values that are not finite are left out.
    pub fn push(&mut self, step: u32, total: f32) {
        if !total.is_finite() {
            return;
        }
        self.latest = Some((step, total));
        if self.points.last().is_some_and(|&(last, _)| step < last + self.spacing) {
            return;
        }
        if self.points.len() == CAPACITY {
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.spacing = self.spacing.max(1) * 2;
        }
        self.points.push((step, total));
    }

    /// Returns the first point: step and total loss.
    pub fn first(&self) -> Option<(u32, f32)> {
        self.points.first().copied()
    }

    /// Returns the latest point: step and total loss.
    pub fn latest(&self) -> Option<(u32, f32)> {
        self.latest
    }

    /// Returns the curve as `points` of an SVG polyline in a box of `width` × `height`: logarithmic
    /// loss from the least (bottom) to the greatest (top), `steps` at the right edge. Empty before
    /// the second point.
    pub fn polyline(&self, steps: u32, width: f32, height: f32) -> String {
        let points: Vec<(f32, f32)> = self
            .points
            .iter()
            .chain(self.latest.iter())
            .map(|&(step, total)| scaled(step, total))
            .collect();
        if self.latest.map(|(step, _)| step) == self.first().map(|(step, _)| step) {
            return String::new();
        }
        let low = points.iter().map(|p| p.1).fold(f32::INFINITY, f32::min);
        let high = points.iter().map(|p| p.1).fold(f32::NEG_INFINITY, f32::max);
        let range = (high - low).max(f32::EPSILON);
        let (end, _) = scaled(steps.max(1), 1.0);
        let place = |(step, log): &(f32, f32)| {
            format!("{:.1},{:.1}", step / end * width, (high - log) / range * height)
        };
        points.iter().map(place).collect::<Vec<_>>().join(" ")
    }
}

/// Returns step and logarithm of a total loss that may be zero.
#[expect(clippy::cast_precision_loss, reason = "steps are far below 2^24")]
fn scaled(step: u32, total: f32) -> (f32, f32) {
    (step as f32, total.max(f32::MIN_POSITIVE).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_stays_within_the_room_and_keeps_both_ends() {
        let mut history = LossHistory::default();
        for step in 1..=10_000u16 {
            history.push(u32::from(step), 1.0 / f32::from(step));
        }
        assert!(history.points.len() <= CAPACITY && history.points.len() >= CAPACITY / 2);
        assert_eq!(history.first(), Some((1, 1.0)));
        assert_eq!(history.latest(), Some((10_000, 1e-4)));
    }

    #[test]
    fn the_curve_spans_the_box_on_a_logarithmic_scale() {
        let mut history = LossHistory::default();
        assert_eq!(history.polyline(4, 100.0, 40.0), "");
        history.push(0, 100.0);
        assert_eq!(history.polyline(4, 100.0, 40.0), "", "one point is no curve");
        history.push(2, 10.0);
        history.push(4, 1.0);
        assert!(history.polyline(4, 100.0, 40.0).starts_with("0.0,0.0 50.0,20.0 100.0,40.0"));
    }

    #[test]
    fn a_loss_that_is_no_number_is_left_out_and_zero_is_bearable() {
        let mut history = LossHistory::default();
        history.push(1, f32::NAN);
        assert_eq!(history, LossHistory::default());
        history.push(2, 0.0);
        history.push(3, 0.0);
        assert!(!history.polyline(3, 10.0, 10.0).contains("NaN"));
    }
}

//! L-BFGS's scalars, and the decisions that they determine. On a GPU a kernel decides by the same
//! scalars and bounds (`decision.rs`), so that no step waits for a read-back; this is its twin.

/// Index of each scalar.
pub mod scalar {
    /// The three weighted loss terms at the best image: content, style, total variation.
    pub const TERMS: usize = 0;
    /// Sum of the terms.
    pub const LOSS: usize = 3;
    /// L1 norm of the gradient there.
    pub const GRADIENT_L1: usize = 4;
    /// Returns the steps accepted so far.
    pub const ITERATIONS: usize = 5;
    /// 1 unless loss or gradient are not finite.
    pub const IS_FINITE: usize = 6;
    /// 1 if the last evaluation gave loss and gradient of the best image.
    pub const REFRESHED: usize = 7;
    /// 1 if the last evaluation accepted its line-search trial.
    pub const ACCEPTED: usize = 8;
    /// Slot of a pair to store; negative for none.
    pub const SLOT: usize = 9;
    /// 1 while a line-search trial is pending; else the next evaluation is at the best image.
    pub const HAS_TRIAL: usize = 10;
    /// Directional derivative of the loss, `g·d`.
    pub const DIRECTIONAL_DERIVATIVE: usize = 11;
    /// Step size along the direction.
    pub const STEP_SIZE: usize = 12;
    /// Backtracks of the current line search.
    pub const BACKTRACKS: usize = 13;
    /// L1 norm of a step without history.
    pub const FIRST_STEP: usize = 14;
    /// That norm before any stall shrank it.
    pub const USUAL_STEP: usize = 15;
    /// Slot of the newest pair; older ones precede it, cyclically.
    pub const NEWEST: usize = 16;
    /// Pairs in the history.
    pub const PAIRS: usize = 17;
    /// First coefficient of the direction `d = Σ cᵢ·vᵢ` over the history rows and, last, the
    /// gradient. The inner products of all these vectors follow, row-major.
    pub const COEFFICIENTS: usize = 18;
}

/// Bounds of the decisions.
pub mod bound {
    /// Armijo's `c₁`: the share of the predicted decrease that a step must reach.
    pub const SUFFICIENT_DECREASE: f32 = 1e-4;
    /// Backtracks before the history is dropped.
    pub const MAX_BACKTRACKS: f32 = 20.0;
    /// Factor by which the first step shrinks when even steepest descent fails.
    pub const SHRINK: f32 = 0.1;
    /// Least curvature `s·y` of a pair in use.
    pub const LEAST_CURVATURE: f32 = 1e-10;
    /// Most pairs of a history.
    pub const MOST_PAIRS: usize = 20;
}

/// Vectors measured per evaluation: the step `s`, the change of the gradient `y`, the gradient `g`.
pub const MEASURED: usize = 3;

/// What an evaluation was of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// The line-search trial; or the best image, if there is no trial.
    Trial,
    /// The best image, because the objective changed. Any trial is dropped.
    Monitor,
    /// The line-search trial, by another objective than that of the best image.
    TrialAfterChange,
}

/// The state of L-BFGS (Nocedal 1980) with Armijo backtracking, apart from its vectors.
///
/// A trial that is not finite or violates Armijo's condition halves the step. After
/// [`bound::MAX_BACKTRACKS`] the history is dropped; without a history the first step shrinks. So
/// the loss never rises, and bad curvature never persists.
///
/// - **Source:** the two-loop recursion on inner products instead of vectors: Chen, Wang, Zhou
///   2014.
#[derive(Clone, Debug, PartialEq)]
pub struct LbfgsScalars {
    numbers: Vec<f32>,
    /// History rows: `s` of the pair in slot `i` is row `2i`, its `y` row `2i + 1`.
    rows: usize,
}

/// A direction as a combination of the history rows and the gradient.
struct Direction {
    /// Coefficients, the gradient's last.
    coefficients: Vec<f32>,
    /// `g·d`; negative for a descent.
    slope: f32,
}

impl LbfgsScalars {
    /// Creates the state before the first evaluation, for up to `pairs` and a `first_step` of this
    /// L1 norm.
    ///
    /// # Panics
    /// If `pairs` is 0 or more than [`bound::MOST_PAIRS`].
    pub fn new(pairs: usize, first_step: f32) -> Self {
        assert!((1..=bound::MOST_PAIRS).contains(&pairs), "{pairs} pairs");
        let rows = 2 * pairs;
        let mut scalars = Self { numbers: vec![0.0; length(rows)], rows };
        scalars.set(scalar::IS_FINITE, 1.0);
        scalars.set(scalar::SLOT, -1.0);
        scalars.set(scalar::FIRST_STEP, first_step);
        scalars.set(scalar::USUAL_STEP, first_step);
        scalars
    }

    /// Restores the state from its numbers; `None` if they do not fit `pairs`.
    pub fn from_numbers(pairs: usize, numbers: Vec<f32>) -> Option<Self> {
        let rows = 2 * pairs;
        let is_whole = (1..=bound::MOST_PAIRS).contains(&pairs) && numbers.len() == length(rows);
        let scalars = is_whole.then_some(Self { numbers, rows })?;
        (scalars.count(scalar::PAIRS) <= pairs && scalars.count(scalar::NEWEST) < pairs)
            .then_some(scalars)
    }

    /// Returns this state with other `inner_products` of the history rows, `[R, R]` row-major;
    /// without a history if no pair has curvature any more. The next evaluation is at the best
    /// image, whose loss and gradient are unknown.
    #[must_use]
    pub fn carried(&self, inner_products: &[f32], first_step: f32) -> Self {
        let mut carried = Self::new(self.rows / 2, first_step);
        for at in [scalar::ITERATIONS, scalar::NEWEST, scalar::PAIRS] {
            carried.set(at, self.get(at));
        }
        for (row, inner_products) in inner_products.chunks(self.rows).enumerate() {
            let first = carried.product(row, 0);
            carried.numbers[first..first + self.rows].copy_from_slice(inner_products);
        }
        if carried.slots().next().is_none() {
            carried.set(scalar::PAIRS, 0.0);
        }
        carried
    }

    /// Returns all numbers.
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// Returns the number at an index of [`scalar`].
    pub fn get(&self, at: usize) -> f32 {
        self.numbers[at]
    }

    /// Whether the flag at an index of [`scalar`] is set.
    pub fn is(&self, at: usize) -> bool {
        self.get(at) == 1.0
    }

    /// Returns the slot of a pair to store, if there is one.
    pub fn slot(&self) -> Option<usize> {
        (self.get(scalar::SLOT) >= 0.0).then(|| self.count(scalar::SLOT))
    }

    /// Steps accepted so far.
    pub fn iterations(&self) -> u32 {
        u32::try_from(self.count(scalar::ITERATIONS)).unwrap_or(u32::MAX)
    }

    /// Returns the direction's coefficients, the gradient's last.
    pub fn coefficients(&self) -> &[f32] {
        &self.numbers[scalar::COEFFICIENTS..][..=self.rows]
    }

    /// Returns the next state, given the loss `terms` of an evaluation. `measures`: the inner
    /// products of `(s, y, g)` with the history rows and with each other, row-major, then `‖g‖₁`.
    #[must_use]
    pub fn after(&self, evaluated: Evaluated, terms: [f32; 3], measures: &[f32]) -> Self {
        let rows = self.rows;
        let measure = |new: usize, with: usize| measures[new * (rows + MEASURED) + with];
        let stale = evaluated == Evaluated::TrialAfterChange;
        let looked = evaluated == Evaluated::Monitor || !self.is(scalar::HAS_TRIAL);
        let loss = terms.iter().sum::<f32>();
        let promised = bound::SUFFICIENT_DECREASE
            * (self.get(scalar::DIRECTIONAL_DERIVATIVE) * self.get(scalar::STEP_SIZE));
        // The difference of two close losses is exact in f32; a sum with the small predicted
        // decrease would often round to the same.
        let falls = loss - self.get(scalar::LOSS) <= promised;
        let moved = !looked && falls && loss.is_finite() && measure(2, rows + 2).is_finite();
        let taken = looked || moved;
        let (curvature, change_squared) = (measure(0, rows + 1), measure(1, rows + 1));
        // The change of the gradient between two objectives tells no curvature.
        let tells = curvature > bound::LEAST_CURVATURE
            && curvature.is_finite()
            && change_squared.is_finite();
        let remembered = moved && !stale && tells;

        let mut next = self.clone();
        next.set(scalar::REFRESHED, flag(taken));
        next.set(scalar::ACCEPTED, flag(moved));
        next.set(scalar::SLOT, -1.0);
        if remembered {
            next.make_room();
        }
        if taken {
            next.take_in(terms, loss, measures);
        }
        if moved {
            next.set(scalar::ITERATIONS, self.get(scalar::ITERATIONS) + 1.0);
        }
        if moved || evaluated != Evaluated::Trial {
            next.set(scalar::FIRST_STEP, self.get(scalar::USUAL_STEP));
        }
        let retreats = !taken && !stale;
        let exhausted = retreats && self.get(scalar::BACKTRACKS) >= bound::MAX_BACKTRACKS;
        if exhausted {
            next.forget();
        }
        next.descend();
        if retreats && !exhausted {
            next.set(scalar::STEP_SIZE, 0.5 * self.get(scalar::STEP_SIZE));
            next.set(scalar::BACKTRACKS, self.get(scalar::BACKTRACKS) + 1.0);
        }
        if !taken && stale {
            next.set(scalar::HAS_TRIAL, 0.0);
        }
        next
    }

    /// Assigns a slot to the new pair: the oldest one's if the history is full.
    fn make_room(&mut self) {
        let pairs = self.rows / 2;
        let slot = if self.get(scalar::PAIRS) == 0.0 {
            0
        } else {
            (self.count(scalar::NEWEST) + 1) % pairs
        };
        self.set(scalar::SLOT, number(slot));
        self.set(scalar::NEWEST, number(slot));
        self.set(scalar::PAIRS, (self.get(scalar::PAIRS) + 1.0).min(number(pairs)));
    }

    /// Stores loss, gradient norm and inner products of the evaluation, and of the pair if it has a
    /// slot.
    fn take_in(&mut self, terms: [f32; 3], loss: f32, measures: &[f32]) {
        let rows = self.rows;
        self.numbers[scalar::TERMS..][..3].copy_from_slice(&terms);
        self.set(scalar::LOSS, loss);
        self.set(scalar::GRADIENT_L1, measures[MEASURED * (rows + MEASURED)]);
        let pair = self.slot().map(|slot| [(0, 2 * slot), (1, 2 * slot + 1)]);
        let replaced: Vec<(usize, usize)> = pair.into_iter().flatten().chain([(2, rows)]).collect();
        let measured = |row: usize| {
            replaced.iter().find(|&&(_, at)| at == row).map_or(row, |&(new, _)| rows + new)
        };
        for &(new, row) in &replaced {
            for with in 0..=rows {
                let product = measures[new * (rows + MEASURED) + measured(with)];
                for at in [self.product(row, with), self.product(with, row)] {
                    self.numbers[at] = product;
                }
            }
        }
    }

    /// Drops the history; or shrinks the first step if there is none.
    fn forget(&mut self) {
        if self.get(scalar::PAIRS) == 0.0 {
            self.set(scalar::FIRST_STEP, bound::SHRINK * self.get(scalar::FIRST_STEP));
        }
        self.set(scalar::PAIRS, 0.0);
    }

    /// Computes the direction at the best image and the first step size along it.
    fn descend(&mut self) {
        let mut direction = self.direction();
        if !(direction.slope.is_finite() && direction.slope <= 0.0) {
            self.set(scalar::PAIRS, 0.0);
            direction = self.direction();
        }
        let Direction { coefficients, slope } = direction;
        // Without finite numbers nothing can decrease: the next evaluation is at the best image
        // again, by when the objective may have changed.
        let goes_on = self.get(scalar::LOSS).is_finite() && slope.is_finite();
        let (first_step, steepness) = (self.get(scalar::FIRST_STEP), self.get(scalar::GRADIENT_L1));
        let shortened = self.get(scalar::PAIRS) == 0.0 && first_step < steepness;
        self.set(scalar::IS_FINITE, flag(goes_on));
        self.set(scalar::HAS_TRIAL, flag(goes_on));
        self.set(scalar::DIRECTIONAL_DERIVATIVE, slope);
        self.set(scalar::STEP_SIZE, if shortened { first_step / steepness } else { 1.0 });
        self.set(scalar::BACKTRACKS, 0.0);
        self.numbers[scalar::COEFFICIENTS..][..coefficients.len()].copy_from_slice(&coefficients);
    }

    /// Returns `-H·g` by the two-loop recursion, with `H` the inverse Hessian approximation; `-g`
    /// without pairs.
    fn direction(&self) -> Direction {
        let gradient = self.rows;
        let pairs: Vec<(usize, usize)> =
            self.slots().map(|slot| (2 * slot, 2 * slot + 1)).collect();
        let mut coefficients = vec![0.0; gradient + 1];
        coefficients[gradient] = -1.0;
        // The direction's inner products with all rows, kept up to date.
        let mut along: Vec<f32> = (0..=gradient).map(|row| -self.between(row, gradient)).collect();
        let add = |coefficients: &mut Vec<f32>, along: &mut Vec<f32>, row: usize, factor: f32| {
            coefficients[row] += factor;
            (0..=gradient).for_each(|other| along[other] += factor * self.between(other, row));
        };
        let mut shares = Vec::new();
        for &(step, change) in &pairs {
            let share = along[step] / self.between(step, change);
            add(&mut coefficients, &mut along, change, -share);
            shares.push(share);
        }
        if let Some(&(step, change)) = pairs.first() {
            let scale = self.between(step, change) / self.between(change, change);
            coefficients.iter_mut().chain(&mut along).for_each(|number| *number *= scale);
        }
        for (&(step, change), share) in pairs.iter().zip(shares).rev() {
            let correction = share - along[change] / self.between(step, change);
            add(&mut coefficients, &mut along, step, correction);
        }
        Direction { coefficients, slope: along[gradient] }
    }

    /// Returns the slots of pairs with curvature, newest first. A pair resized for another image
    /// size may have lost it.
    fn slots(&self) -> impl Iterator<Item = usize> {
        let (room, newest) = (self.rows / 2, self.count(scalar::NEWEST));
        let slots = (0..self.count(scalar::PAIRS)).map(move |age| (newest + room - age) % room);
        slots.filter(|slot| self.between(2 * slot, 2 * slot + 1) > bound::LEAST_CURVATURE)
    }

    /// The inner product of two rows; that of the gradient comes after those in memory.
    fn between(&self, row: usize, column: usize) -> f32 {
        self.numbers[self.product(row, column)]
    }

    /// Where it stands.
    fn product(&self, row: usize, column: usize) -> usize {
        scalar::COEFFICIENTS + (1 + row) * (self.rows + 1) + column
    }

    fn set(&mut self, at: usize, number: f32) {
        self.numbers[at] = number;
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "slots and pairs are few, and a float's cast saturates"
    )]
    fn count(&self, at: usize) -> usize {
        self.get(at) as usize
    }
}

/// Numbers in the ledger of a memory with as many rows.
pub const fn length(rows: usize) -> usize {
    scalar::COEFFICIENTS + (rows + 2) * (rows + 1)
}

fn flag(is_so: bool) -> f32 {
    f32::from(u8::from(is_so))
}

#[expect(clippy::cast_precision_loss, reason = "slots and pairs are few")]
fn number(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    type Vector = [f32; 3];

    fn dot(a: &Vector, b: &Vector) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    /// The recursion as its source writes it, on vectors; the oldest pair first.
    fn two_loops(pairs: &[(Vector, Vector)], gradient: &Vector) -> Vector {
        let mut q = gradient.map(|value| -value);
        let mut shares = Vec::new();
        for (s, y) in pairs.iter().rev() {
            let share = dot(s, &q) / dot(s, y);
            q = std::array::from_fn(|i| q[i] - share * y[i]);
            shares.push(share);
        }
        if let Some((s, y)) = pairs.last() {
            q = q.map(|value| value * dot(s, y) / dot(y, y));
        }
        for ((s, y), share) in pairs.iter().zip(shares.into_iter().rev()) {
            let correction = share - dot(y, &q) / dot(s, y);
            q = std::array::from_fn(|i| q[i] + correction * s[i]);
        }
        q
    }

    /// A memory on the host beside its ledger.
    struct Mirror {
        scalars: LbfgsScalars,
        rows: Vec<Vector>,
        gradient: Vector,
    }

    impl Mirror {
        /// After a first look, with a gradient that leads down.
        fn new(pairs: usize) -> Self {
            let mut mirror = Self {
                scalars: LbfgsScalars::new(pairs, 0.1),
                rows: vec![[0.0; 3]; 2 * pairs],
                gradient: [0.0; 3],
            };
            mirror.take(Evaluated::Monitor, 100.0, [[0.0; 3], [0.0; 3], [1.0, 1.0, 1.0]]);
            mirror
        }

        fn take(&mut self, evaluated: Evaluated, loss: f32, new: [Vector; 3]) {
            let all: Vec<Vector> = self.rows.iter().chain(&new).copied().collect();
            let inner_products = new.iter().flat_map(|new| all.iter().map(|row| dot(row, new)));
            let steepness = new[2].iter().map(|value| value.abs()).sum();
            let measures: Vec<f32> = inner_products.chain([steepness]).collect();
            self.scalars = self.scalars.after(evaluated, [loss, 0.0, 0.0], &measures);
            if let Some(slot) = self.scalars.slot() {
                (self.rows[2 * slot], self.rows[2 * slot + 1]) = (new[0], new[1]);
            }
            if self.scalars.is(scalar::REFRESHED) {
                self.gradient = new[2];
            }
        }

        fn direction(&self) -> Vector {
            let (coefficients, last) = self.scalars.coefficients().split_at(self.rows.len());
            std::array::from_fn(|i| {
                let rows = self.rows.iter().zip(coefficients).map(|(row, factor)| factor * row[i]);
                last[0] * self.gradient[i] + rows.sum::<f32>()
            })
        }

        fn points_along(&self, expected: Vector) {
            let found = self.direction();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
            }
            assert!(
                (self.scalars.get(scalar::DIRECTIONAL_DERIVATIVE) - dot(&expected, &self.gradient))
                    .abs()
                    < 1e-4
            );
        }
    }

    const PAIRS: [(Vector, Vector); 4] = [
        ([1.0, 0.5, -0.2], [2.0, 1.5, 0.1]),
        ([-0.3, 0.8, 0.4], [-0.1, 1.9, 0.7]),
        ([0.2, -0.6, 1.1], [0.5, -0.4, 3.0]),
        ([0.9, 0.1, 0.3], [1.4, 0.2, 0.8]),
    ];

    /// A mirror that has taken in the first so many, with room for as many `pairs`.
    fn taken(pairs: usize, count: usize) -> (Mirror, Vector) {
        let mut mirror = Mirror::new(pairs);
        let mut gradient = [0.0; 3];
        for (index, (s, y)) in PAIRS.into_iter().take(count).enumerate() {
            gradient = [0.7, -1.3, number(index + 1)];
            mirror.take(Evaluated::Trial, 10.0 - number(index), [s, y, gradient]);
            assert!(mirror.scalars.is(scalar::ACCEPTED) && mirror.scalars.slot().is_some());
        }
        (mirror, gradient)
    }

    #[test]
    fn the_factors_give_the_direction_of_the_plain_recursion_also_after_pairs_were_dropped() {
        for count in 1..=PAIRS.len() {
            let (mirror, gradient) = taken(2, count);
            mirror.points_along(two_loops(&PAIRS[count.saturating_sub(2)..count], &gradient));
            assert_eq!(mirror.scalars.iterations(), u32::try_from(count).unwrap());
        }
    }

    #[test]
    fn a_pair_that_came_to_tell_nothing_is_passed_over_and_its_slot_filled_in_its_turn() {
        let (mut mirror, _) = taken(3, 3);
        let inner_products = |rows: &[Vector]| {
            rows.iter().flat_map(|a| rows.iter().map(|b| dot(a, b))).collect::<Vec<f32>>()
        };
        // The pair in the middle is lost to another size.
        mirror.rows[3] = [0.0; 3];
        mirror.scalars = mirror.scalars.carried(&inner_products(&mirror.rows), 0.1);
        let gradient = [0.3, 0.4, -0.6];
        mirror.take(Evaluated::Monitor, 7.0, [[0.0; 3], [0.0; 3], gradient]);
        mirror.points_along(two_loops(&[PAIRS[0], PAIRS[2]], &gradient));
        let (s, y) = PAIRS[3];
        mirror.take(Evaluated::Trial, 6.0, [s, y, gradient]);
        assert_eq!(mirror.scalars.slot(), Some(0), "the oldest's");
        mirror.points_along(two_loops(&[PAIRS[2], PAIRS[3]], &gradient));
        assert_eq!(mirror.scalars.iterations(), 4);
    }

    #[test]
    fn a_pair_without_curvature_is_not_remembered_and_none_means_steepest_descent() {
        let mut mirror = Mirror::new(2);
        let gradient = [3.0, 0.0, 4.0];
        for (loss, change) in [
            (9.0, [-1.0, 0.0, 0.0]),
            (8.0, [0.0; 3]),
            (7.0, [f32::NAN; 3]),
            (6.0, [f32::INFINITY, 0.0, 0.0]),
        ] {
            mirror.take(Evaluated::Trial, loss, [[1.0, 0.0, 0.0], change, gradient]);
            assert!(
                mirror.scalars.is(scalar::ACCEPTED) && mirror.scalars.slot().is_none(),
                "{change:?}"
            );
            mirror.points_along([-3.0, 0.0, -4.0]);
        }
        assert_eq!(
            mirror.scalars.get(scalar::STEP_SIZE),
            0.1 / 7.0,
            "the first step over the gradient's magnitudes"
        );
    }

    #[test]
    fn after_a_change_of_the_objective_no_pair_is_stored_and_a_rising_step_is_dropped() {
        let (s, y) = PAIRS[0];
        let mut mirror = Mirror::new(2);
        mirror.take(Evaluated::TrialAfterChange, 9.0, [s, y, [1.0; 3]]);
        assert!(mirror.scalars.is(scalar::ACCEPTED) && mirror.scalars.slot().is_none());
        mirror.take(Evaluated::TrialAfterChange, 99.0, [s, y, [2.0; 3]]);
        assert_eq!(
            (
                [scalar::REFRESHED, scalar::HAS_TRIAL].map(|at| mirror.scalars.is(at)),
                mirror.gradient
            ),
            ([false; 2], [1.0; 3])
        );
        mirror.take(Evaluated::Trial, 99.0, [s, y, [2.0; 3]]);
        assert!(mirror.scalars.is(scalar::REFRESHED), "it looks where it stands");
    }

    #[test]
    fn where_no_pair_tells_anything_at_another_size_there_is_no_history() {
        let carried = taken(2, 2).0.scalars.carried(&[0.0; 16], 0.1);
        assert_eq!((carried.get(scalar::PAIRS), carried.iterations()), (0.0, 2));
    }

    #[test]
    fn a_history_that_leads_up_is_forgotten() {
        let (mut mirror, _) = taken(1, 1);
        // A square below 0 is what no vectors have; inner products of rounded sums may come to as
        // little sense.
        let row = mirror.scalars.slot().map(|slot| 2 * slot + 1).unwrap();
        mirror.scalars.set(mirror.scalars.product(row, row), -1e-3);
        mirror.take(Evaluated::Monitor, 7.0, [[0.0; 3], [0.0; 3], [1.0, 2.0, 3.0]]);
        mirror.points_along([-1.0, -2.0, -3.0]);
        assert_eq!(
            (mirror.scalars.get(scalar::PAIRS), mirror.scalars.is(scalar::HAS_TRIAL)),
            (0.0, true)
        );
    }

    #[test]
    fn a_loss_that_stays_is_no_fall_however_little_was_promised() {
        let (mut mirror, gradient) = taken(2, 2);
        (0..20).for_each(|_| mirror.take(Evaluated::Trial, 1e9, [[0.1; 3], [0.1; 3], [5.0; 3]]));
        let loss = mirror.scalars.get(scalar::LOSS);
        mirror.take(Evaluated::Trial, loss, [[0.0; 3], [0.0; 3], gradient]);
        assert!(!mirror.scalars.is(scalar::ACCEPTED));
    }

    #[test]
    fn a_step_that_does_not_fall_is_halved_then_the_history_is_blamed_then_the_first_step() {
        let (mut mirror, gradient) = taken(2, 2);
        let direction = mirror.direction();
        let refuse = |mirror: &mut Mirror| {
            mirror.take(Evaluated::Trial, 1e9, [[0.1; 3], [0.1; 3], [5.0; 3]]);
        };
        let mut length = mirror.scalars.get(scalar::STEP_SIZE);
        for _ in 0..20 {
            refuse(&mut mirror);
            length *= 0.5;
            assert_eq!(
                (mirror.scalars.get(scalar::STEP_SIZE), mirror.direction(), mirror.gradient),
                (length, direction, gradient)
            );
        }
        refuse(&mut mirror);
        mirror.points_along(gradient.map(|value| -value));
        let first_step = |mirror: &Mirror| mirror.scalars.get(scalar::FIRST_STEP);
        assert_eq!((mirror.scalars.get(scalar::PAIRS), first_step(&mirror)), (0.0, 0.1));
        (0..21).for_each(|_| refuse(&mut mirror));
        assert!((first_step(&mirror) - 0.01).abs() < 1e-9);
        mirror.take(Evaluated::Trial, 1.0, [[0.1; 3], [0.1; 3], [5.0; 3]]);
        assert_eq!(first_step(&mirror), 0.1);
    }

    #[test]
    fn what_is_not_finite_where_it_stands_leaves_no_way_on_until_it_has_looked_again() {
        for (loss, gradient) in [
            (f32::NAN, [1.0; 3]),
            (f32::INFINITY, [1.0; 3]),
            (9.0, [f32::NAN; 3]),
            (9.0, [1e30, 0.0, 0.0]),
        ] {
            let (mut mirror, _) = taken(2, 1);
            mirror.take(Evaluated::Monitor, loss, [[0.0; 3], [0.0; 3], gradient]);
            assert_eq!(
                [scalar::IS_FINITE, scalar::HAS_TRIAL].map(|at| mirror.scalars.is(at)),
                [false; 2],
                "{loss}, {gradient:?}"
            );
            mirror.take(Evaluated::Trial, 9.0, [[0.0; 3], [0.0; 3], [1.0; 3]]);
            assert_eq!(
                [scalar::IS_FINITE, scalar::HAS_TRIAL].map(|at| mirror.scalars.is(at)),
                [true; 2]
            );
            mirror.take(Evaluated::Trial, loss, [[0.1; 3], [0.1; 3], gradient]);
            assert!(
                !mirror.scalars.is(scalar::REFRESHED) && mirror.scalars.is(scalar::HAS_TRIAL),
                "a step to it is refused"
            );
        }
    }

    #[test]
    fn a_ledger_is_taken_up_from_its_numbers_and_from_no_others() {
        let scalars = taken(2, 2).0.scalars;
        assert_eq!(
            LbfgsScalars::from_numbers(2, scalars.numbers().to_vec()),
            Some(scalars.clone())
        );
        assert_eq!(LbfgsScalars::from_numbers(3, scalars.numbers().to_vec()), None);
        assert_eq!(LbfgsScalars::from_numbers(0, Vec::new()), None);
        for (at, spoilt) in [(scalar::PAIRS, 3.0), (scalar::NEWEST, 2.0)] {
            let mut numbers = scalars.numbers().to_vec();
            numbers[at] = spoilt;
            assert_eq!(LbfgsScalars::from_numbers(2, numbers), None);
        }
    }
}

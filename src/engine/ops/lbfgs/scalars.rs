//! What L-BFGS knows of its vectors in numbers, and what it decides by them. A GPU decides for
//! itself, in a kernel that holds to the same places and bounds, so that no step waits for a number
//! to come back; here is the plain twin, for the processor.

/// Where a ledger's numbers stand.
pub mod scalar {
    /// The three weighted terms of the loss at the best picture so far: content, style, total
    /// variation.
    pub const TERMS: usize = 0;
    /// Their sum.
    pub const LOSS: usize = 3;
    /// Sum of the magnitudes of the gradient there.
    pub const GRADIENT_L1: usize = 4;
    /// Steps accepted so far.
    pub const ITERATIONS: usize = 5;
    /// 1 where there is a direction to go on in, or it is yet to be looked for; 0 where loss or
    /// gradient are not finite.
    pub const IS_FINITE: usize = 6;
    /// 1 where the last evaluation's loss and gradient are those of the best picture now.
    pub const REFRESHED: usize = 7;
    /// 1 where the picture evaluated last is the best one now, by a step that was accepted.
    pub const ACCEPTED: usize = 8;
    /// The slot that the newest pair goes to; negative where the last evaluation gave none.
    pub const SLOT: usize = 9;
    /// 1 where a step is under trial; otherwise the next evaluation is at the best picture itself.
    pub const HAS_TRIAL: usize = 10;
    /// Of the loss along the direction.
    pub const DIRECTIONAL_DERIVATIVE: usize = 11;
    /// How far along the direction the step goes.
    pub const STEP_SIZE: usize = 12;
    /// Times that the step was halved.
    pub const BACKTRACKS: usize = 13;
    /// Sum of the magnitudes of a step without history.
    pub const FIRST_STEP: usize = 14;
    /// The same before any stall made it shorter.
    pub const USUAL_STEP: usize = 15;
    /// The newest pair's slot; older ones lie in those before it, and round from the last.
    pub const NEWEST: usize = 16;
    /// Pairs remembered.
    pub const PAIRS: usize = 17;
    /// The first of the factors whose sum with the rows in memory, and with the gradient at the
    /// end, is the direction. Behind them stand the inner products of all those vectors, row by
    /// row.
    pub const COEFFICIENTS: usize = 18;
}

/// The bounds that decisions are held to.
pub mod bound {
    /// Share of the promised fall that a step must reach (Armijo's `c1`).
    pub const SUFFICIENT_DECREASE: f32 = 1e-4;
    /// Times that a step is halved before the history is blamed.
    pub const MAX_BACKTRACKS: f32 = 20.0;
    /// By how much the first step shrinks when even steepest descent falls nowhere.
    pub const SHRINK: f32 = 0.1;
    /// Least `s·y` of a pair that is worth remembering: below it the pair tells no curvature, or a
    /// negative one.
    pub const LEAST_CURVATURE: f32 = 1e-10;
    /// Most pairs that a ledger has room for.
    pub const MOST_PAIRS: usize = 20;
}

/// Vectors measured at each evaluation: the step, the change of the gradient, the gradient.
pub const MEASURED: usize = 3;

/// What was evaluated, beside what the ledger says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// The step under trial; or the best picture, where none is.
    Trial,
    /// The best picture, since the objective has changed: whatever step was under trial is
    /// forgotten.
    Monitor,
    /// The step under trial, by another objective than the best picture was.
    TrialAfterChange,
}

/// All that L-BFGS (Nocedal 1980) with Armijo backtracking decides by, for up to as many pairs as
/// it has room for.
///
/// A step that is not finite or does not fall enough is halved; after too many halvings the history
/// is forgotten, and without a history the first step shrinks. So the picture never gets worse, and
/// never stays on a bad curvature.
///
/// - **Source:** the two-loop recursion on inner products instead of vectors is that of Chen, Wang,
///   Zhou 2014.
#[derive(Clone, Debug, PartialEq)]
pub struct LbfgsScalars {
    numbers: Vec<f32>,
    /// Rows in memory, two for each pair: `s` of the one in slot `i` is row `2i`, its `y` row `2i +
    /// 1`.
    rows: usize,
}

/// A direction as a combination of the rows in memory and the gradient.
struct Direction {
    /// The gradient's last.
    coefficients: Vec<f32>,
    /// `g·d`: how the objective falls along it; negative for a descent.
    slope: f32,
}

impl LbfgsScalars {
    /// Nothing known yet, with room for `pairs`, and the sum of the magnitudes of a step without
    /// history.
    ///
    /// # Panics
    /// For none, and for more than [`bound::MOST_PAIRS`].
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

    /// From all numbers; `None` for those of no ledger with room for `pairs`.
    pub fn from_numbers(pairs: usize, numbers: Vec<f32>) -> Option<Self> {
        let rows = 2 * pairs;
        let is_whole = (1..=bound::MOST_PAIRS).contains(&pairs) && numbers.len() == length(rows);
        let scalars = is_whole.then_some(Self { numbers, rows })?;
        (scalars.count(scalar::PAIRS) <= pairs && scalars.count(scalar::NEWEST) < pairs)
            .then_some(scalars)
    }

    /// The pairs of this ledger with other inner products, row by row, as many as there are rows in
    /// memory; none, if none tells a curvature any more. The next evaluation is at the best
    /// picture; of loss and gradient there nothing is known.
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

    /// Every number.
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// The number at a place of [`scalar`].
    pub fn get(&self, at: usize) -> f32 {
        self.numbers[at]
    }

    /// Whether the flag at a place of [`scalar`] is set.
    pub fn is(&self, at: usize) -> bool {
        self.get(at) == 1.0
    }

    /// The slot that the newest pair goes to, if the last evaluation gave one.
    pub fn slot(&self) -> Option<usize> {
        (self.get(scalar::SLOT) >= 0.0).then(|| self.count(scalar::SLOT))
    }

    /// Steps accepted so far.
    pub fn iterations(&self) -> u32 {
        u32::try_from(self.count(scalar::ITERATIONS)).unwrap_or(u32::MAX)
    }

    /// The factors of the direction, the gradient's last.
    pub fn coefficients(&self) -> &[f32] {
        &self.numbers[scalar::COEFFICIENTS..][..=self.rows]
    }

    /// What is known and decided after an evaluation with these `terms`, of which `measures` are
    /// the inner products of step, change of the gradient and gradient with the rows in memory and
    /// with each other, row by row, and the sum of the gradient's magnitudes at the end.
    #[must_use]
    pub fn after(&self, evaluated: Evaluated, terms: [f32; 3], measures: &[f32]) -> Self {
        let rows = self.rows;
        let measure = |new: usize, with: usize| measures[new * (rows + MEASURED) + with];
        let stale = evaluated == Evaluated::TrialAfterChange;
        let looked = evaluated == Evaluated::Monitor || !self.is(scalar::HAS_TRIAL);
        let loss = terms.iter().sum::<f32>();
        let promised = bound::SUFFICIENT_DECREASE
            * (self.get(scalar::DIRECTIONAL_DERIVATIVE) * self.get(scalar::STEP_SIZE));
        // The losses' difference is exact where they are near each other; their sums with what was
        // promised would often be the same.
        let falls = loss - self.get(scalar::LOSS) <= promised;
        let moved = !looked && falls && loss.is_finite() && measure(2, rows + 2).is_finite();
        let taken = looked || moved;
        let (curvature, change_squared) = (measure(0, rows + 1), measure(1, rows + 1));
        // Of two objectives, the change of the gradient tells no curvature.
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

    /// Gives the newest pair a slot, the oldest one's if there is no other.
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

    /// Takes over loss and gradient, and the pair if it has a slot.
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

    /// Blames the history for steps that do not fall; or the first step, where there is none.
    fn forget(&mut self) {
        if self.get(scalar::PAIRS) == 0.0 {
            self.set(scalar::FIRST_STEP, bound::SHRINK * self.get(scalar::FIRST_STEP));
        }
        self.set(scalar::PAIRS, 0.0);
    }

    /// Chooses the direction from the best picture and its first length. Where the picture stays,
    /// so does the direction.
    fn descend(&mut self) {
        let mut direction = self.direction();
        if !(direction.slope.is_finite() && direction.slope <= 0.0) {
            self.set(scalar::PAIRS, 0.0);
            direction = self.direction();
        }
        let Direction { coefficients, slope } = direction;
        // Where they are not finite, nothing could fall: the next evaluation is at the best picture
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

    /// `-H·g`, with `H` the inverse Hessian that the pairs tell of; `-g` without any.
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

    /// Slots of the pairs that tell a curvature, newest first. A pair that was carried to another
    /// size may have come to tell none.
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

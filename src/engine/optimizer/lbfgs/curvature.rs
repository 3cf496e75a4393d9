//! The two-loop recursion on inner products alone, in host memory.

use std::collections::VecDeque;

use crate::engine::{State, StateError};

/// Least `s·y` of a pair that is worth remembering: below it the pair tells no curvature, or a negative one.
const LEAST_CURVATURE: f64 = 1e-10;

/// Inner products of one new vector with all vectors in memory: row `2i` is `s_i`, row `2i + 1` is `y_i`.
pub type Products = Vec<f64>;

/// The newest pair's and gradient's inner products, as they come back from the device.
#[derive(Debug)]
pub struct PairProducts {
    /// Of `s` with the memory.
    pub step: Products,
    /// Of `y` with the memory.
    pub change: Products,
    /// `s·s`, `s·y`, `s·g`
    pub step_with: [f64; 3],
    /// `y·y`, `y·g`
    pub change_with: [f64; 2],
}

/// A direction as a combination of the vectors in memory and the gradient.
#[derive(Debug)]
pub struct Direction {
    /// Factor of each row of the memory.
    pub rows: Vec<f64>,
    /// Factor of the gradient.
    pub gradient: f64,
    /// `g·d`: how the objective falls along it; negative for a descent.
    pub slope: f64,
}

/// Which pairs are remembered, and every inner product between them and the gradient.
///
/// - **Source:** two-loop recursion of Nocedal 1980, carried out on coefficients as by Chen, Wang, Zhou 2014.
#[derive(Debug)]
pub struct Curvature {
    /// Slots in use, newest first.
    slots: VecDeque<usize>,
    capacity: usize,
    /// `[2·capacity, 2·capacity]`
    products: Vec<f64>,
    /// Of the gradient with the memory.
    gradient: Products,
    gradient_squared: f64,
}

impl Curvature {
    /// Room for `capacity` pairs.
    pub fn new(capacity: usize) -> Self {
        let rows = 2 * capacity;
        Self {
            slots: VecDeque::new(),
            capacity,
            products: vec![0.0; rows * rows],
            gradient: vec![0.0; rows],
            gradient_squared: 0.0,
        }
    }

    /// From all inner products of the pairs in `slots`, newest first, as after [`Self::remember`] of each; a pair that tells no curvature is
    /// left out. The gradient is yet to come.
    pub fn from_products(capacity: usize, slots: impl IntoIterator<Item = usize>, products: Vec<f64>) -> Self {
        let mut curvature = Self { products, ..Self::new(capacity) };
        let tells = |&slot: &usize| curvature.curvature(slot) > LEAST_CURVATURE && curvature.curvature(slot).is_finite();
        curvature.slots = slots.into_iter().filter(tells).collect();
        curvature
    }

    /// Slots in use, newest first.
    pub fn slots(&self) -> impl Iterator<Item = usize> {
        self.slots.iter().copied()
    }

    /// Keeps everything in `state`.
    pub fn save(&self, state: &mut State) {
        #[expect(clippy::cast_precision_loss, reason = "slots are few")]
        let slots: Vec<f64> = self.slots.iter().map(|&slot| slot as f64).collect();
        state.put_numbers("lbfgs.slots", &slots);
        state.put_numbers("lbfgs.products", &self.products);
        state.put_numbers("lbfgs.gradient_products", &self.gradient);
        state.put_numbers("lbfgs.gradient_squared", &[self.gradient_squared]);
    }

    /// What [`Self::save`] kept.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn load(capacity: usize, state: &State) -> Result<Self, StateError> {
        let rows = 2 * capacity;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float's cast saturates, and slots are checked"
        )]
        let slots: VecDeque<usize> = state.numbers("lbfgs.slots")?.iter().map(|&slot| slot as usize).collect();
        let [gradient_squared] = state.exact_numbers("lbfgs.gradient_squared")?;
        let (products, gradient) = (state.numbers("lbfgs.products")?, state.numbers("lbfgs.gradient_products")?);
        let fits = products.len() == rows * rows && gradient.len() == rows && slots.iter().all(|&slot| slot < capacity);
        if !fits {
            return Err(StateError::Part("lbfgs.products".to_owned()));
        }
        Ok(Self { slots, capacity, products, gradient, gradient_squared })
    }

    /// Pairs that there is room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Rows that the memory on the device has.
    pub fn rows(&self) -> usize {
        2 * self.capacity
    }

    /// Whether no pair is remembered.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Forgets all pairs.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    /// Takes the inner products of a new gradient with the memory and with itself.
    pub fn set_gradient(&mut self, gradient: Products, squared: f64) {
        self.gradient = gradient;
        self.gradient_squared = squared;
    }

    /// Remembers a pair in place of the oldest if it tells a curvature. Answers the slot that its vectors must go to. The
    /// gradient's products must have been set before.
    pub fn remember(&mut self, pair: &PairProducts) -> Option<usize> {
        let [_, curvature, _] = pair.step_with;
        let [change_squared, _] = pair.change_with;
        if !(curvature > LEAST_CURVATURE && change_squared.is_finite()) {
            return None;
        }
        let free = (0..self.capacity).find(|slot| !self.slots.contains(slot));
        let slot = if let Some(free) = free { free } else { self.slots.pop_back()? };
        self.slots.push_front(slot);
        let (step, change) = (2 * slot, 2 * slot + 1);
        for row in 0..self.rows() {
            self.set(step, row, pair.step[row]);
            self.set(change, row, pair.change[row]);
        }
        self.set(step, step, pair.step_with[0]);
        self.set(step, change, curvature);
        self.set(change, change, change_squared);
        self.gradient[step] = pair.step_with[2];
        self.gradient[change] = pair.change_with[1];
        Some(slot)
    }

    /// `-H·g`, with `H` the inverse Hessian that the pairs tell of; `-g` without any.
    pub fn direction(&self) -> Direction {
        let mut direction = Direction { rows: vec![0.0; self.rows()], gradient: -1.0, slope: 0.0 };
        let mut shares = Vec::with_capacity(self.slots.len());
        for &slot in &self.slots {
            let share = self.along(&direction, 2 * slot) / self.curvature(slot);
            direction.rows[2 * slot + 1] -= share;
            shares.push(share);
        }
        if let Some(&newest) = self.slots.front() {
            let scale = self.curvature(newest) / self.get(2 * newest + 1, 2 * newest + 1);
            direction.rows.iter_mut().for_each(|factor| *factor *= scale);
            direction.gradient *= scale;
        }
        for (&slot, share) in self.slots.iter().zip(shares).rev() {
            direction.rows[2 * slot] += share - self.along(&direction, 2 * slot + 1) / self.curvature(slot);
        }
        let products = direction.rows.iter().zip(&self.gradient);
        direction.slope =
            direction.gradient * self.gradient_squared + products.map(|(factor, product)| factor * product).sum::<f64>();
        direction
    }

    /// Inner product of a direction with one row of the memory.
    fn along(&self, direction: &Direction, row: usize) -> f64 {
        let products = direction.rows.iter().enumerate().map(|(other, factor)| factor * self.get(other, row));
        direction.gradient * self.gradient[row] + products.sum::<f64>()
    }

    fn curvature(&self, slot: usize) -> f64 {
        self.get(2 * slot, 2 * slot + 1)
    }

    fn get(&self, row: usize, column: usize) -> f64 {
        self.products[row * self.rows() + column]
    }

    fn set(&mut self, row: usize, column: usize, product: f64) {
        let rows = self.rows();
        self.products[row * rows + column] = product;
        self.products[column * rows + row] = product;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Vector = [f64; 3];

    fn dot(a: &Vector, b: &Vector) -> f64 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    /// The recursion as its source writes it, on vectors.
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

    /// A memory on the host beside the curvature, as the device keeps it.
    struct Mirror {
        curvature: Curvature,
        rows: Vec<Vector>,
    }

    impl Mirror {
        fn take(&mut self, s: Vector, y: Vector, g: &Vector) -> bool {
            let with_rows = |vector: &Vector| self.rows.iter().map(|row| dot(row, vector)).collect::<Vec<_>>();
            self.curvature.set_gradient(with_rows(g), dot(g, g));
            let pair = PairProducts {
                step: with_rows(&s),
                change: with_rows(&y),
                step_with: [dot(&s, &s), dot(&s, &y), dot(&s, g)],
                change_with: [dot(&y, &y), dot(&y, g)],
            };
            let slot = self.curvature.remember(&pair);
            if let Some(slot) = slot {
                (self.rows[2 * slot], self.rows[2 * slot + 1]) = (s, y);
            }
            slot.is_some()
        }
    }

    #[test]
    fn the_coefficients_give_the_direction_of_the_plain_recursion_also_after_pairs_were_dropped() {
        let mut mirror = Mirror { curvature: Curvature::new(2), rows: vec![[0.0; 3]; 4] };
        let pairs = [
            ([1.0, 0.5, -0.2], [2.0, 1.5, 0.1]),
            ([-0.3, 0.8, 0.4], [-0.1, 1.9, 0.7]),
            ([0.2, -0.6, 1.1], [0.5, -0.4, 3.0]),
            ([0.9, 0.1, 0.3], [1.4, 0.2, 0.8]),
        ];
        for count in 1..=pairs.len() {
            let gradient = [0.7, -1.3, f64::from(u8::try_from(count).unwrap())];
            let (s, y) = pairs[count - 1];
            assert!(mirror.take(s, y, &gradient));
            let expected = two_loops(&pairs[count.saturating_sub(2)..count], &gradient);
            let direction = mirror.curvature.direction();
            let found: Vector = std::array::from_fn(|i| {
                let rows = mirror.rows.iter().zip(&direction.rows).map(|(row, factor)| factor * row[i]);
                direction.gradient * gradient[i] + rows.sum::<f64>()
            });
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "after {count} pairs: {found} for {expected}");
            }
            assert!((direction.slope - dot(&expected, &gradient)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_slot_of_a_pair_that_was_left_out_is_the_next_to_be_filled() {
        let mut products = vec![0.0; 36];
        // `s·y` of the pairs in slots 0 and 2; that in slot 1 tells nothing.
        (products[1], products[6], products[29], products[34]) = (1.0, 1.0, 1.0, 1.0);
        let mut curvature = Curvature::from_products(3, [2, 1, 0], products);
        assert_eq!(curvature.slots().collect::<Vec<_>>(), [2, 0]);
        curvature.set_gradient(vec![0.0; 6], 1.0);
        let pair = PairProducts { step: vec![0.0; 6], change: vec![0.0; 6], step_with: [1.0; 3], change_with: [1.0; 2] };
        assert_eq!(curvature.remember(&pair), Some(1));
        assert_eq!(curvature.slots().collect::<Vec<_>>(), [1, 2, 0]);
    }

    #[test]
    fn a_pair_without_curvature_is_not_remembered_and_none_means_steepest_descent() {
        let mut mirror = Mirror { curvature: Curvature::new(2), rows: vec![[0.0; 3]; 4] };
        let gradient = [3.0, 0.0, 4.0];
        assert!(!mirror.take([1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], &gradient));
        assert!(!mirror.take([1.0, 0.0, 0.0], [f64::NAN; 3], &gradient));
        let direction = mirror.curvature.direction();
        assert!(mirror.curvature.is_empty());
        assert_eq!((direction.gradient, direction.slope), (-1.0, -25.0));
        assert!(direction.rows.iter().all(|&factor| factor == 0.0));
    }
}

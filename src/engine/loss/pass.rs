//! One evaluation of the objective and its gradient, split into short parts.

use burn::tensor::Tensor;

use super::objective::Objective;
use super::style::Matrices;
use super::terms::{PixelLosses, Terms};
use crate::engine::{ImageTensor, Tile, Vgg19};

/// Evaluation in progress.
///
/// A pastiche of one tile takes a single part. A larger one takes two sweeps over its tiles: the
/// first sums the style matrices; the second, given the gradient of the style loss with respect to
/// these, sums the pixel gradient.
#[derive(Debug)]
pub struct Pass {
    pastiche: ImageTensor,
    /// Number of finished parts.
    done: usize,
    /// Style matrices summed over the tiles of the first sweep so far.
    matrices: Option<Matrices>,
    second_sweep: Option<SecondSweep>,
}

/// State of the second sweep over the tiles.
#[derive(Debug)]
struct SecondSweep {
    /// Gradient of the style loss with respect to the style matrices of the whole pastiche.
    style_gradient: Option<Matrices>,
    /// Weighted terms: style, total variation and outlines are complete from the start, the content
    /// term is summed tile by tile.
    terms: Terms,
    /// Pixel gradient summed so far, `[1, 3, H, W]`.
    gradient: Tensor<4>,
}

/// Outcome of one part of a [`Pass`].
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "only one value exists at a time")]
pub enum Progress {
    /// Unfinished evaluation.
    Going(Pass),
    /// Weighted terms, and the gradient of their sum with respect to the pastiche, `[1, 3, H, W]`,
    /// outside any autodiff graph.
    Done(Terms, Tensor<4>),
}

impl Pass {
    /// Begins an evaluation at `x`, `[1, 3, H, W]`.
    pub fn new(x: Tensor<4>) -> Self {
        Self { pastiche: ImageTensor::new(x), done: 0, matrices: None, second_sweep: None }
    }

    /// Submits the next part, without waiting for the device.
    ///
    /// # Panics
    /// Never: every tile has at least one group of layers.
    pub fn advance(mut self, objective: &Objective, vgg: &Vgg19) -> Progress {
        let tiles = objective.tiles();
        if tiles.len() == 1 {
            let tile_terms = objective.groups(&tiles[0]).iter().map(|&group| {
                value_and_gradient(&self.pastiche, |pastiche| {
                    let terms = objective.evaluate(vgg, pastiche, group);
                    (terms.total(), terms.detached())
                })
            });
            let sum = tile_terms
                .reduce(|(terms, gradient), (other, part)| (terms.plus(other), gradient + part));
            let (terms, gradient) = sum.expect("a tile has a group of layers");
            return Progress::Done(terms, gradient);
        }
        if let Some(tile) = tiles.get(self.done) {
            self.matrices = objective.matrices(vgg, &tile.seen(&self.pastiche), tile).map(|part| {
                match self.matrices.take() {
                    Some(sum) => sum.plus(part),
                    None => part,
                }
            });
            self.done += 1;
            return Progress::Going(self);
        }
        let index = self.done - tiles.len();
        let (matrices, pastiche) = (self.matrices.take(), &self.pastiche);
        let second_sweep = self
            .second_sweep
            .take()
            .unwrap_or_else(|| SecondSweep::new(objective, matrices, pastiche))
            .with(objective, vgg, pastiche, index);
        if index + 1 == tiles.len() {
            return Progress::Done(second_sweep.terms, second_sweep.gradient);
        }
        self.second_sweep = Some(second_sweep);
        self.done += 1;
        Progress::Going(self)
    }
}

impl SecondSweep {
    fn new(objective: &Objective, matrices: Option<Matrices>, pastiche: &ImageTensor) -> Self {
        let (style, style_gradient) =
            matrices.and_then(|matrices| objective.style_gradient(&matrices)).unzip();
        let (pixel_losses, gradient) = value_and_gradient(pastiche, |pastiche| {
            let pixel_losses = objective.pixel_losses(pastiche);
            (pixel_losses.total(), pixel_losses.detached())
        });
        let PixelLosses { content, total_variation } = pixel_losses;
        let none = || Tensor::zeros([1], &gradient.device());
        let terms = Terms {
            // Outlines count as content; see `Terms`.
            content: content.unwrap_or_else(none),
            style: style.unwrap_or_else(none),
            total_variation,
        };
        Self { style_gradient, terms, gradient }
    }

    /// Adds the content term and the gradient of tile number `index`; a no-op if no layer has a
    /// weight.
    fn with(
        mut self,
        objective: &Objective,
        vgg: &Vgg19,
        pastiche: &ImageTensor,
        index: usize,
    ) -> Self {
        if objective.layers().is_empty() {
            return self;
        }
        let tile: &Tile = &objective.tiles()[index];
        for &group in objective.groups(tile) {
            let (content, gradient) = value_and_gradient(&tile.seen(pastiche), |seen| {
                let (content, style_product) =
                    objective.tile_terms(vgg, seen, index, self.style_gradient.as_ref(), group);
                let loss = content
                    .iter()
                    .chain(&style_product)
                    .cloned()
                    .reduce(|sum, part| sum + part)
                    .expect("a layer counts");
                (loss, content.map(Tensor::without_autodiff))
            });
            if let Some(content) = content {
                self.terms.content = self.terms.content + content;
            }
            self.gradient = tile.added(self.gradient, gradient);
        }
        self
    }
}

impl Objective {
    /// Returns the weighted terms at `x`, `[1, 3, H, W]`, and the gradient of their sum with
    /// respect to it, outside any autodiff graph. Runs all parts of a [`Pass`] without waiting for
    /// the device.
    pub fn gradient(&self, vgg: &Vgg19, x: Tensor<4>) -> (Terms, Tensor<4>) {
        let mut pass = Pass::new(x);
        loop {
            pass = match pass.advance(self, vgg) {
                Progress::Going(pass) => pass,
                Progress::Done(terms, gradient) => return (terms, gradient),
            };
        }
    }
}

/// Returns the second value of `evaluate`, and the gradient of the first, a loss, with respect to
/// `picture`, outside any autodiff graph.
fn value_and_gradient<T>(
    picture: &ImageTensor,
    evaluate: impl FnOnce(&ImageTensor) -> (Tensor<1>, T),
) -> (T, Tensor<4>) {
    let x = picture.tensor().clone().autodiff().require_grad();
    let (loss, beside) = evaluate(&ImageTensor::new(x.clone()));
    let mut gradients = loss.backward();
    (beside, x.grad_remove(&mut gradients).expect("the loss depends on the picture"))
}

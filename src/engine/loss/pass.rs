//! One evaluation of the objective with its gradient, in parts that each end soon.

use burn::tensor::Tensor;

use super::objective::Objective;
use super::style::Matrices;
use super::terms::Terms;
use crate::engine::{ImageTensor, Tile, Vgg19};

/// An evaluation under way. A picture that is seen as a whole takes one part. Of a larger one each
/// tile is seen twice: once for its part in the Gram matrices, and, when it is known how the loss
/// pulls at those, once more for its part in the gradient.
#[derive(Debug)]
pub struct Pass {
    pastiche: ImageTensor,
    /// Parts done.
    done: usize,
    /// Of the tiles seen so far.
    matrices: Option<Matrices>,
    second: Option<Second>,
}

/// What the second look at the tiles has come to so far.
#[derive(Debug)]
struct Second {
    /// The gradient of the style loss with respect to the Gram matrices of the whole.
    style_gradient: Option<Matrices>,
    /// Style, total variation and outlines are known from the beginning, the content's part of each
    /// tile is added.
    terms: Terms,
    gradient: Tensor<4>,
}

/// What a part has come to.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time")]
pub enum Progress {
    /// More is to do.
    Going(Pass),
    /// The weighted terms at the picture, and the gradient of their sum with respect to it, `[1, 3,
    /// H, W]`, outside of any autodiff graph.
    Done(Terms, Tensor<4>),
}

impl Pass {
    /// Begins at `x`, `[1, 3, H, W]`.
    pub fn new(x: Tensor<4>) -> Self {
        Self { pastiche: ImageTensor::new(x), done: 0, matrices: None, second: None }
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
        let second = self
            .second
            .take()
            .unwrap_or_else(|| Second::new(objective, matrices, pastiche))
            .with(objective, vgg, pastiche, index);
        if index + 1 == tiles.len() {
            return Progress::Done(second.terms, second.gradient);
        }
        self.second = Some(second);
        self.done += 1;
        Progress::Going(self)
    }
}

impl Second {
    fn new(objective: &Objective, matrices: Option<Matrices>, pastiche: &ImageTensor) -> Self {
        let (style, style_gradient) =
            matrices.and_then(|matrices| objective.style_gradient(&matrices)).unzip();
        let ((outlines, total_variation), gradient) = value_and_gradient(pastiche, |pastiche| {
            let (outlines, variation) =
                (objective.outlines(pastiche), objective.total_variation(pastiche));
            let loss = outlines.iter().cloned().fold(variation.clone(), |sum, loss| sum + loss);
            (loss, (outlines.map(Tensor::without_autodiff), variation.without_autodiff()))
        });
        let none = || Tensor::zeros([1], &gradient.device());
        let terms = Terms {
            content: outlines.unwrap_or_else(none),
            style: style.unwrap_or_else(none),
            total_variation,
        };
        Self { style_gradient, terms, gradient }
    }

    /// With tile number `index`, if a layer counts at all.
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
    /// The weighted terms at `x`, `[1, 3, H, W]`, and the gradient of their sum with respect to it,
    /// outside of any autodiff graph: all parts of a [`Pass`], one after another. Nothing is waited
    /// for.
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

/// What `evaluate` gives beside a loss, and the loss's gradient with respect to `picture`, outside
/// of any autodiff graph.
fn value_and_gradient<T>(
    picture: &ImageTensor,
    evaluate: impl FnOnce(&ImageTensor) -> (Tensor<1>, T),
) -> (T, Tensor<4>) {
    let x = picture.tensor().clone().autodiff().require_grad();
    let (loss, beside) = evaluate(&ImageTensor::new(x.clone()));
    let mut gradients = loss.backward();
    (beside, x.grad_remove(&mut gradients).expect("the loss depends on the picture"))
}

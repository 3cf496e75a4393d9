use leptos::prelude::*;

use crate::protocol::Losses;
use crate::words::figures;
use crate::words::page::PageWords;

/// Of the plot's box; it is drawn to any width.
const WIDTH: f32 = 320.0;
/// Of the plot's box.
const HEIGHT: f32 = 56.0;

/// The course of the total loss, and its terms now.
#[component]
pub fn LossPlot(
    /// The curve in a box of the given width and height, as the points of a polyline.
    curve: Callback<(f32, f32), String>,
    /// The curve in words.
    #[prop(into)]
    description: Signal<String>,
    /// The terms at the last known step.
    #[prop(into)]
    losses: Signal<Option<Losses>>,
    /// Words of the page.
    words: &'static PageWords,
) -> impl IntoView {
    let figure = move |term: fn(&Losses) -> f32| {
        move || losses.get().map(|losses| figures::loss(term(&losses)))
    };
    let [loss, content, style, smoothness] = words.in_workshop.losses;
    view! {
        <div class="losses" hidden=move || losses.get().is_none()>
            <svg viewBox=format!("0 -2 {WIDTH} {}", HEIGHT + 4.0) preserveAspectRatio="none"
                role="img"
                aria-label=description
            >
                <line x1="0" x2=WIDTH.to_string() y1=HEIGHT.to_string() y2=HEIGHT.to_string()></line>
                <polyline points=move || curve.run((WIDTH, HEIGHT))></polyline>
            </svg>
            <dl>
                <div><dt>{loss}</dt><dd>{figure(Losses::total)}</dd></div>
                <div><dt>{content}</dt><dd>{figure(|losses| losses.content)}</dd></div>
                <div><dt>{style}</dt><dd>{figure(|losses| losses.style)}</dd></div>
                <div><dt>{smoothness}</dt><dd>{figure(|losses| losses.total_variation)}</dd></div>
            </dl>
        </div>
    }
}

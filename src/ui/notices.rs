//! Errors and notices of the page itself, in words.

use crate::protocol::UserError;

/// The notice that the graphics card would not open.
pub fn fallback_notice(error: UserError) -> UserError {
    UserError {
        headline: "The graphics card could not be used, so this page computes on the processor."
            .into(),
        advice: "It works all the same, but slowly; smaller sizes and fewer steps help.".into(),
        detail: [error.headline, error.detail].join("\n").trim().into(),
    }
}

/// The error that a recipe file was not loaded, given what is wrong with it.
pub fn recipe_refused(name: &str, reason: &str) -> UserError {
    UserError::new(
        format!("{name} was not loaded"),
        format!("The {reason}. Your settings are as they were."),
        "",
    )
}

/// The notice that a recipe's size is more than the device can hold.
pub fn recipe_held_back(asked: u32, held: u32) -> UserError {
    let advice = format!(
        "This device paints it at {held} px. The recipe's own size is kept for one that can hold it."
    );
    UserError::new(format!("The recipe asks for {asked} px, which is too large here"), advice, "")
}

//! Words for what the page itself finds, notices and errors.

use super::UserError;

/// The notice that the graphics card would not open, given why.
pub fn fallback(error: UserError) -> UserError {
    UserError {
        headline: "The graphics card could not be used, so this page computes on the processor."
            .into(),
        advice: "It works all the same, but slowly; smaller sizes and fewer steps help.".into(),
        detail: [error.headline, error.detail].join("\n").trim().into(),
    }
}

/// The notice that there is nothing to paint yet.
pub fn photo_first() -> UserError {
    UserError::new("Choose a photo first", "Choose, drop or paste one, or take a sample photo.", "")
}

/// The error that a recipe file was not loaded, given what is wrong with it.
pub fn recipe_refused(name: &str, reason: &str) -> UserError {
    UserError::new(
        format!("{name} was not loaded"),
        format!("The {reason}. Your settings are as they were."),
        "",
    )
}

/// The error that a file is too long to be a recipe.
pub fn recipe_too_long(name: &str) -> UserError {
    recipe_refused(name, "file is too long to be a recipe")
}

/// The error that the browser does not give a recipe's text.
pub fn recipe_unreadable(name: &str) -> UserError {
    recipe_refused(name, "file cannot be read")
}

/// The notice that a recipe's size is more than the device can hold.
pub fn recipe_held_back(asked: u32, held: u32) -> UserError {
    UserError::new(
        format!("The recipe asks for {asked} px, which is too large here"),
        format!(
            "This device paints it at {held} px. The recipe's own size is kept for one that can \
             hold it."
        ),
        "",
    )
}

/// The notice that not every file was taken.
pub fn left_out(taken: &[String]) -> UserError {
    UserError::new(
        format!("Only {} was taken", taken.join(", ")),
        "A place holds one picture. Drop several beside the places to fill them in order: photo, \
         painting, second painting.",
        "",
    )
}

/// The error that the file `name` was not taken, given why.
pub fn refused(name: &str, refusal: UserError) -> UserError {
    UserError { headline: format!("{name} was not taken. {}", refusal.headline), ..refusal }
}

/// The error that a sample could not be fetched.
pub fn sample_unfetched(detail: String) -> UserError {
    UserError::new(
        "The sample picture could not be fetched.",
        "Check the connection, or choose a picture of your own.",
        detail,
    )
}

/// The error that a result could not be drawn.
pub fn unpainted(detail: String) -> UserError {
    UserError::new(
        "The picture could not be shown.",
        "Choose a smaller size, or close other pages that need much memory.",
        detail,
    )
}

/// The error that a film could not be made.
pub fn unfilmed(detail: String) -> UserError {
    UserError::new("The film could not be made.", "Save it as GIF instead.", detail)
}

/// The error that a result could not be read back from its canvas.
pub fn unread(detail: String) -> UserError {
    UserError::new(
        "The picture could not be read from the page.",
        "Free some memory, then try again.",
        detail,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_and_remainders_name_the_files() {
        let refusal = UserError::new("This file is not a picture", "Choose another.", "");
        assert_eq!(
            refused("notes.png", refusal).headline,
            "notes.png was not taken. This file is not a picture"
        );
        assert_eq!(left_out(&["a.png".into()]).headline, "Only a.png was taken");
    }
}

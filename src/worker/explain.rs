//! The one place where a typed error becomes words for the person.

use super::error::{DownloadError, Role, RunError};
use crate::codec::DecodeError;
use crate::engine::TransferError;
use crate::engine::device::DeviceError;
use crate::engine::weights::WeightsError;
use crate::protocol::UserError;

/// The words for a painting's frame that is left out.
pub fn frame() -> UserError {
    let advice = "Its colours do not count for the style. To keep it, tick the painting's frame under “Advanced”.";
    UserError::new("The frame around the painting is left out", advice, "")
}

/// The words for a failed run.
pub fn run(error: &RunError) -> UserError {
    match error {
        RunError::Unreadable(role, reason) => UserError::new(
            format!("{} could not be read", subject(*role)),
            "The file may have been moved or changed since it was chosen. Choose it again.",
            reason,
        ),
        RunError::Picture(role, error) => picture(*role, error),
        RunError::Download(error) => download(error),
        RunError::Weights(error) => weights(error),
        RunError::Transfer(error) => transfer(error),
        RunError::NoDevice => {
            UserError::new("Nothing to compute on is open yet", "Reload the page.", "")
        }
    }
}

fn picture(role: Role, error: &DecodeError) -> UserError {
    let headline = match role {
        Role::Chosen => error.to_string(),
        _ => format!("{}: {}", subject(role), lower_first(&error.to_string())),
    };
    UserError::new(headline, error.advice(), causes(error))
}

/// The words for a device that could not be opened.
pub fn device(error: &DeviceError) -> UserError {
    let headline = match error {
        DeviceError::NoAdapter(_) => "This browser offers no graphics card",
        DeviceError::Unfit(_) => "The graphics card could not be used",
        DeviceError::NotBuiltIn => "This worker was built for another device",
    };
    let advice = "The processor can do the work instead, more slowly. Current versions of Chrome, Edge, Firefox and Safari can use the \
                  graphics card when its driver is up to date.";
    UserError::new(headline, advice, error.to_string())
}

/// The words for a device that went away.
pub fn device_lost(reason: &str) -> UserError {
    UserError::new(
        "The graphics card was lost",
        "Its driver was restarted, or it ran out of memory. Your pictures and settings are still here: press Stylise to start again, \
         perhaps at a smaller size.",
        reason,
    )
}

/// The words for a worker that broke.
pub fn panic(message: &str) -> UserError {
    let lower = message.to_lowercase();
    if lower.contains("memory") {
        return UserError::new(
            "There is not enough memory for this size",
            "Choose a smaller size and press Stylise again. Your pictures and settings are still here.",
            message,
        );
    }
    if lower.contains("device") && lower.contains("lost")
        || lower.contains("poison")
        || lower.contains("destroyed")
    {
        return device_lost(message);
    }
    UserError::new(
        "Something went wrong inside",
        "Your pictures and settings are still here: press Stylise to start again. If it happens every time, choose a smaller size or \
         compute on the processor.",
        message,
    )
}

/// The words for storage that cannot be used.
pub fn storage(reason: &str) -> UserError {
    UserError::new(
        "The network could not be kept for the next visit",
        "The browser's storage is full or closed to this page. Everything works; the next visit downloads it again.",
        reason,
    )
}

fn download(error: &DownloadError) -> UserError {
    match error {
        DownloadError::Unreachable(reason) => UserError::new(
            "The network could not be downloaded",
            "Check your connection, then press Retry.",
            reason,
        ),
        DownloadError::Refused { status } => UserError::new(
            format!("The server does not have the network (it answers {status})"),
            "Press Retry in a while. If you run this page yourself, check that its weights folder was uploaded.",
            "",
        ),
        DownloadError::Dropped { received, total, reason } => UserError::new(
            format!(
                "The download broke off at {} of {} MB",
                megabytes(*received),
                megabytes(*total)
            ),
            "Press Retry: it goes on from there.",
            reason,
        ),
    }
}

fn weights(error: &WeightsError) -> UserError {
    let (headline, advice) = match error {
        WeightsError::Truncated { .. } => {
            ("The network arrived incomplete", "Press Retry: it goes on from where it stopped.")
        }
        WeightsError::WebPage => (
            "A web page came in place of the network",
            "A sign-in page of the Wi-Fi, or a missing file on the server, can do this. Open the connection, then press Retry.",
        ),
        WeightsError::TooLong { .. } | WeightsError::Altered { .. } => (
            "The network arrived damaged",
            "Nothing of it was used. Press Retry to download it anew; if that does not help, reload the page.",
        ),
        WeightsError::Container(_)
        | WeightsError::Missing(_)
        | WeightsError::Unexpected(_)
        | WeightsError::Misshapen { .. }
        | WeightsError::NotPositive(_) => (
            "The network does not belong to this page",
            "Reload the page to get both in one version.",
        ),
    };
    UserError::new(headline, advice, error.to_string())
}

fn transfer(error: &TransferError) -> UserError {
    match error {
        TransferError::Recipe(recipe) => {
            UserError::new("A setting makes no sense", format!("The {recipe}."), "")
        }
        TransferError::TooManyStyles(_) => {
            UserError::new("There are too many style pictures", "Take one away.", error.to_string())
        }
        TransferError::Masks { .. } | TransferError::Sizes(..) | TransferError::State(_) => {
            UserError::new(
                "The pictures do not belong together",
                "Choose photo and painting anew.",
                error.to_string(),
            )
        }
        TransferError::Device(cause) => device_lost(&cause.to_string()),
        TransferError::Diverged(..) => UserError::new(
            "The picture ran away",
            "The losses grew beyond every number. Move the slider towards content, or lower the smoothness, and start again.",
            error.to_string(),
        ),
    }
}

fn subject(role: Role) -> &'static str {
    match role {
        Role::Content => "The content picture",
        Role::Style => "The style picture",
        Role::Earlier => "The earlier result",
        Role::Chosen => "The file",
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The causes of an error, in one line; what the error itself says is in the headline.
fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(error.source(), |cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1}")
}

#[cfg(test)]
mod tests {
    use burn::tensor::ExecutionError;

    use super::*;
    use crate::engine::StateError;
    use crate::losses::Losses;
    use crate::pixels::ImageSize;
    use crate::recipe::Recipe;

    #[test]
    fn every_failure_has_a_headline_and_an_advice_of_whole_sentences() {
        let absurd = Recipe { steps: 0, ..Recipe::default() }.validate().unwrap_err();
        let size = ImageSize::new(8, 8);
        let failures = [
            RunError::Unreadable(Role::Content, "gone".into()),
            RunError::Picture(Role::Style, DecodeError::Empty),
            RunError::Picture(Role::Chosen, DecodeError::Empty),
            RunError::Picture(Role::Earlier, DecodeError::Empty),
            RunError::Download(DownloadError::Unreachable("offline".into())),
            RunError::Download(DownloadError::Refused { status: 404 }),
            RunError::Download(DownloadError::Dropped {
                received: 1,
                total: 2,
                reason: "reset".into(),
            }),
            RunError::Weights(WeightsError::WebPage),
            RunError::Weights(WeightsError::Truncated { found: 1, expected: 2 }),
            RunError::Weights(WeightsError::TooLong { found: 2, expected: 1 }),
            RunError::Weights(WeightsError::Missing("conv1_1.codes".into())),
            RunError::Transfer(TransferError::Recipe(absurd)),
            RunError::Transfer(TransferError::TooManyStyles(9)),
            RunError::Transfer(TransferError::Sizes(size, size)),
            RunError::Transfer(TransferError::Masks { masks: 1, paintings: 2 }),
            RunError::Transfer(TransferError::State(StateError::Part("x".into()))),
            RunError::Transfer(TransferError::Device(ExecutionError::WithContext {
                reason: "lost".into(),
            })),
            RunError::Transfer(TransferError::Diverged(Losses::default(), 3)),
            RunError::NoDevice,
        ];
        let device = device(&DeviceError::NotBuiltIn);
        for words in failures.iter().map(run).chain([device, storage("full"), frame()]) {
            assert!(
                words.headline.starts_with(char::is_uppercase) && !words.headline.ends_with('.'),
                "{words:?}"
            );
            assert!(
                words.advice.starts_with(char::is_uppercase) && words.advice.ends_with('.'),
                "{words:?}"
            );
        }
    }

    #[test]
    fn a_picture_is_named_by_its_place_but_for_the_one_just_chosen() {
        let headline = |role| run(&RunError::Picture(role, DecodeError::Empty)).headline;
        assert!(headline(Role::Content).starts_with("The content picture: "));
        assert!(headline(Role::Style).starts_with("The style picture: "));
        assert_eq!(headline(Role::Chosen), DecodeError::Empty.to_string());
    }

    #[test]
    fn a_broken_download_says_how_far_it_came() {
        let broken = DownloadError::Dropped {
            received: 4_250_000,
            total: 13_000_000,
            reason: "reset".into(),
        };
        let words = run(&RunError::Download(broken));
        assert!(words.headline.contains("4.2 of 13.0 MB"), "{words:?}");
        assert_eq!(words.detail, "reset");
    }

    #[test]
    fn a_panic_is_told_by_what_it_was_about() {
        assert!(panic("Out of Memory").headline.contains("not enough memory"));
        assert_eq!(panic("Device was lost").headline, device_lost("").headline);
        assert_eq!(panic("a poisoned lock").headline, device_lost("").headline);
        assert!(panic("index out of bounds").headline.contains("inside"));
    }
}

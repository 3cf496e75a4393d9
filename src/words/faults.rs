//! Words for [`Fault`]s.

use super::UserError;
use super::figures::megabytes;
use crate::fault::{
    DeviceFault, DownloadFault, Fault, ForeignFormat, PictureFault, PictureFormat, Role,
    WeightsFault,
};

/// The words for `fault`.
pub fn of(fault: &Fault) -> UserError {
    match fault {
        Fault::FrameLeftOut => UserError::new(
            "The frame around the painting is left out",
            "Its colours do not count for the style. To keep it, tick the painting's frame in the \
             Workshop.",
            "",
        ),
        Fault::Unstored { detail } => UserError::new(
            "The network could not be kept for the next visit",
            "The browser's storage is full or closed to this page. Everything works; the next \
             visit downloads it again.",
            detail,
        ),
        Fault::Unreadable { role, detail } => UserError::new(
            format!("{} could not be read", subject(*role)),
            "The file may have been moved or changed since it was chosen. Choose it again.",
            detail,
        ),
        Fault::Picture { role, fault, detail } => file(*role, *fault, detail),
        Fault::Download(fault) => download(fault),
        Fault::Weights { fault, detail } => weights(*fault, detail),
        Fault::Recipe { detail } => {
            UserError::new("A setting makes no sense", format!("The {detail}."), "")
        }
        Fault::TooManyStyles { detail } => {
            UserError::new("There are too many style pictures", "Take one away.", detail)
        }
        Fault::Mismatched { detail } => UserError::new(
            "The pictures do not belong together",
            "Choose photo and painting anew.",
            detail,
        ),
        Fault::Diverged { detail } => UserError::new(
            "The picture ran away",
            "The losses grew beyond every number. Move the slider towards content, or lower the \
             smoothness, and start again.",
            detail,
        ),
        Fault::NoDevice => {
            UserError::new("Nothing to compute on is open yet", "Reload the page.", "")
        }
        Fault::Unopened { fault, detail } => device(*fault, detail),
        Fault::DeviceLost { detail } => UserError::new(
            "The graphics card was lost",
            "Its driver was restarted, or it ran out of memory. Your pictures and settings are \
             still here: press Paint to start again, perhaps at a smaller size.",
            detail,
        ),
        Fault::OutOfMemory { detail } => UserError::new(
            "There is not enough memory for this size",
            "Choose a smaller size and press Paint again. Your pictures and settings are still \
             here.",
            detail,
        ),
        Fault::Panicked { detail } => UserError::new(
            "Something went wrong inside",
            "Your pictures and settings are still here: press Paint to start again. If it \
             happens every time, choose a smaller size or compute on the processor.",
            detail,
        ),
        Fault::WorkerUnstarted { detail } => UserError::new(
            "The part of the page that paints could not be started",
            "Check the connection and press Paint to try again. If that does not help, a newer \
             browser may.",
            detail,
        ),
        Fault::WorkerStopped { detail } => UserError::new(
            "The part of the page that paints has stopped unexpectedly",
            "Your pictures and settings are still here: press Paint to start it again, perhaps \
             at a smaller size.",
            detail,
        ),
    }
}

fn file(role: Role, fault: PictureFault, detail: &str) -> UserError {
    let words = picture(fault);
    let headline = match role {
        Role::Chosen => words.headline,
        _ => format!("{}: {}", subject(role), lower_first(&words.headline)),
    };
    UserError::new(headline, words.advice, detail)
}

/// The words for a file that is no image to work with, whichever it is.
pub fn picture(fault: PictureFault) -> UserError {
    UserError::new(picture_headline(fault), picture_advice(fault), "")
}

fn picture_headline(fault: PictureFault) -> String {
    match fault {
        PictureFault::Empty => "The file is empty".into(),
        PictureFault::NotAPicture => "This file is not a picture".into(),
        PictureFault::Foreign(format) => {
            format!("This is {}, which cannot be read here", foreign(format))
        }
        PictureFault::Truncated(format) => format!("This {} file is incomplete", readable(format)),
        PictureFault::Damaged(format) => format!("This {} file is damaged", readable(format)),
        PictureFault::Variety(format) => {
            format!("This kind of {} file cannot be read", readable(format))
        }
        PictureFault::TooLarge { size, .. } => {
            format!("The picture is too large: {} × {} pixels", size.width, size.height)
        }
        PictureFault::TooSmall => "The picture is too small".into(),
    }
}

fn picture_advice(fault: PictureFault) -> String {
    match fault {
        PictureFault::Empty => "Choose the file again; if it stays empty, fetch the picture anew \
                                from where it came."
            .into(),
        PictureFault::NotAPicture => "Choose a JPEG, PNG, WebP, GIF, TIFF or BMP file.".into(),
        PictureFault::Foreign(format) => foreign_advice(format).into(),
        PictureFault::Truncated(_) => "It was probably cut short on its way. Download or copy it \
                                       again, and choose that."
            .into(),
        PictureFault::Damaged(_) => "Fetch it again from where it came, or open it in a picture \
                                     viewer and save it anew as PNG."
            .into(),
        PictureFault::Variety(_) => {
            "Open it in a picture viewer, save it as PNG or JPEG, and choose that.".into()
        }
        PictureFault::TooLarge { most_pixels, .. } => format!(
            "Make it smaller in a picture editor; {} million pixels can be read.",
            most_pixels / 1_000_000
        ),
        PictureFault::TooSmall => {
            "Choose a larger picture, one less narrow, or a larger size for the result.".into()
        }
    }
}

const fn readable(format: PictureFormat) -> &'static str {
    match format {
        PictureFormat::Bmp => "BMP",
        PictureFormat::Gif => "GIF",
        PictureFormat::Jpeg => "JPEG",
        PictureFormat::Png => "PNG",
        PictureFormat::Tiff => "TIFF",
        PictureFormat::WebP => "WebP",
    }
}

/// With its article, as in "this is …".
const fn foreign(format: ForeignFormat) -> &'static str {
    match format {
        ForeignFormat::Avif => "an AVIF picture",
        ForeignFormat::CameraRaw => "a camera's raw file",
        ForeignFormat::Heic => "an HEIC picture",
        ForeignFormat::JpegXl => "a JPEG XL picture",
        ForeignFormat::Pdf => "a PDF document",
        ForeignFormat::Photoshop => "a Photoshop document",
        ForeignFormat::Svg => "an SVG drawing",
        ForeignFormat::Video => "a video",
        ForeignFormat::WebPage => "a web page",
        ForeignFormat::Rare => "a picture in a rare format",
    }
}

/// How the person gets a readable picture out of such a file.
const fn foreign_advice(format: ForeignFormat) -> &'static str {
    match format {
        ForeignFormat::Heic => {
            "Export it as JPEG and choose that. An iPhone takes JPEG photos after Settings › \
             Camera › Formats › Most Compatible."
        }
        ForeignFormat::CameraRaw => {
            "Export it as JPEG from the camera maker's program or any raw converter, and choose \
             that."
        }
        ForeignFormat::Pdf => {
            "Export the page as PNG or JPEG, or take a screenshot of it, and choose that."
        }
        ForeignFormat::Svg => {
            "It holds shapes and no pixels. Export it as PNG at the size that you want, and choose \
             that."
        }
        ForeignFormat::Video => "Take a still picture of it and choose that.",
        ForeignFormat::WebPage => {
            "The page around the picture was saved instead. Open the picture alone, save it, and \
             choose that."
        }
        ForeignFormat::Avif
        | ForeignFormat::JpegXl
        | ForeignFormat::Photoshop
        | ForeignFormat::Rare => {
            "Open it in a picture viewer, save it as PNG or JPEG, and choose that."
        }
    }
}

fn download(fault: &DownloadFault) -> UserError {
    match fault {
        DownloadFault::Unreachable { detail } => UserError::new(
            "The network could not be downloaded",
            "Check your connection, then press Retry.",
            detail,
        ),
        DownloadFault::Refused { status } => UserError::new(
            format!("The server does not have the network (it answers {status})"),
            "Press Retry in a while. If you run this page yourself, check that its weights folder \
             was uploaded.",
            "",
        ),
        DownloadFault::Dropped { received, total, detail } => UserError::new(
            format!(
                "The download broke off at {} of {} MB",
                megabytes(*received),
                megabytes(*total)
            ),
            "Press Retry: it goes on from there.",
            detail,
        ),
    }
}

fn weights(fault: WeightsFault, detail: &str) -> UserError {
    let (headline, advice) = match fault {
        WeightsFault::Truncated => {
            ("The network arrived incomplete", "Press Retry: it goes on from where it stopped.")
        }
        WeightsFault::WebPage => (
            "A web page came in place of the network",
            "A sign-in page of the Wi-Fi, or a missing file on the server, can do this. Open the \
             connection, then press Retry.",
        ),
        WeightsFault::Altered => (
            "The network arrived damaged",
            "Nothing of it was used. Press Retry to download it anew; if that does not help, \
             reload the page.",
        ),
        WeightsFault::Foreign => (
            "The network does not belong to this page",
            "Reload the page to get both in one version.",
        ),
    };
    UserError::new(headline, advice, detail)
}

fn device(fault: DeviceFault, detail: &str) -> UserError {
    let headline = match fault {
        DeviceFault::NoAdapter => "This browser offers no graphics card",
        DeviceFault::Unfit => "The graphics card could not be used",
        DeviceFault::NotBuiltIn => "This worker was built for another device",
    };
    UserError::new(
        headline,
        "The processor can do the work instead, more slowly. Current versions of Chrome, Edge, \
         Firefox and Safari can use the graphics card when its driver is up to date.",
        detail,
    )
}

const fn subject(role: Role) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::ImageSize;

    const DETAIL: &str = "cause";

    fn picture_faults() -> Vec<PictureFault> {
        let size = ImageSize::new(8, 8);
        let formats = [PictureFormat::Jpeg, PictureFormat::Png];
        let foreign = [
            ForeignFormat::Avif,
            ForeignFormat::CameraRaw,
            ForeignFormat::Heic,
            ForeignFormat::JpegXl,
            ForeignFormat::Pdf,
            ForeignFormat::Photoshop,
            ForeignFormat::Svg,
            ForeignFormat::Video,
            ForeignFormat::WebPage,
            ForeignFormat::Rare,
        ];
        let mut faults = vec![
            PictureFault::Empty,
            PictureFault::NotAPicture,
            PictureFault::TooLarge { size, most_pixels: 120_000_000 },
            PictureFault::TooSmall,
        ];
        faults.extend(foreign.map(PictureFault::Foreign));
        faults.extend(formats.map(PictureFault::Truncated));
        faults.extend(formats.map(PictureFault::Damaged));
        faults.extend(formats.map(PictureFault::Variety));
        faults
    }

    fn faults() -> Vec<Fault> {
        let detail = || DETAIL.to_owned();
        let mut faults = vec![
            Fault::FrameLeftOut,
            Fault::Unstored { detail: detail() },
            Fault::Unreadable { role: Role::Content, detail: detail() },
            Fault::Download(DownloadFault::Unreachable { detail: detail() }),
            Fault::Download(DownloadFault::Refused { status: 404 }),
            Fault::Download(DownloadFault::Dropped { received: 1, total: 2, detail: detail() }),
            Fault::Recipe { detail: "steps is 0; it must lie between 1 and 9".into() },
            Fault::TooManyStyles { detail: detail() },
            Fault::Mismatched { detail: detail() },
            Fault::Diverged { detail: detail() },
            Fault::NoDevice,
            Fault::DeviceLost { detail: detail() },
            Fault::OutOfMemory { detail: detail() },
            Fault::Panicked { detail: detail() },
            Fault::WorkerUnstarted { detail: detail() },
            Fault::WorkerStopped { detail: detail() },
        ];
        let weights = [
            WeightsFault::Truncated,
            WeightsFault::WebPage,
            WeightsFault::Altered,
            WeightsFault::Foreign,
        ];
        faults.extend(weights.map(|fault| Fault::Weights { fault, detail: detail() }));
        let devices = [DeviceFault::NoAdapter, DeviceFault::Unfit, DeviceFault::NotBuiltIn];
        faults.extend(devices.map(|fault| Fault::Unopened { fault, detail: detail() }));
        let roles = [Role::Content, Role::Style, Role::Earlier, Role::Chosen];
        faults.extend(roles.into_iter().flat_map(|role| {
            let file = move |fault| Fault::Picture { role, fault, detail: DETAIL.to_owned() };
            picture_faults().into_iter().map(file)
        }));
        faults
    }

    #[test]
    fn every_fault_has_a_headline_and_advice_in_whole_sentences() {
        for words in faults().iter().map(of) {
            let UserError { headline, advice, .. } = &words;
            assert!(
                headline.starts_with(char::is_uppercase) && !headline.ends_with('.'),
                "{words:?}"
            );
            assert!(advice.starts_with(char::is_uppercase) && advice.ends_with('.'), "{words:?}");
            let text = format!("{headline}{advice}");
            assert!(!text.contains("  ") && !text.contains(DETAIL), "{words:?}");
        }
    }

    #[test]
    fn a_fault_crosses_as_json_and_comes_back_the_same() {
        for fault in faults() {
            let text = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
        }
    }

    #[test]
    fn a_picture_is_named_by_its_place_but_for_the_one_just_chosen() {
        let headline = |role| {
            of(&Fault::Picture { role, fault: PictureFault::Empty, detail: String::new() }).headline
        };
        assert_eq!(headline(Role::Content), "The content picture: the file is empty");
        assert!(headline(Role::Style).starts_with("The style picture: "));
        assert_eq!(headline(Role::Chosen), "The file is empty");
    }

    #[test]
    fn a_broken_download_says_how_far_it_came() {
        let broken = DownloadFault::Dropped {
            received: 4_250_000,
            total: 13_000_000,
            detail: "reset".into(),
        };
        let words = of(&Fault::Download(broken));
        assert!(words.headline.contains("4.3 of 13.0 MB"), "{words:?}");
        assert_eq!(words.detail, "reset");
    }

    #[test]
    fn limits_are_told_in_figures() {
        let fault = PictureFault::TooLarge { size: ImageSize::new(9, 8), most_pixels: 120_000_000 };
        let words = picture(fault);
        assert!(words.advice.contains("120 million pixels"), "{words:?}");
        assert!(words.headline.contains("9 × 8 pixels"), "{words:?}");
    }
}

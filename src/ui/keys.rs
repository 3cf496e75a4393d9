//! Keys of the page, as one table for the handler and for the list that a person reads.

use crate::words::page::PageWords;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// Starts painting.
    Paint,
    /// Pauses or resumes.
    Pause,
    /// Saves the picture.
    Save,
    /// Opens the file dialogue for the photo.
    ChoosePhoto,
    /// Opens the file dialogue for the painting.
    ChoosePainting,
    /// Shows the photo alone.
    SeePhoto,
    /// Shows half and half.
    SeeHalf,
    /// Shows the picture alone.
    SeePicture,
    /// Shows both beside each other.
    SeeBoth,
    /// Holds the photo up while pressed.
    Hold,
    /// Enlarges.
    ZoomIn,
    /// Makes smaller.
    ZoomOut,
    /// Fits the picture.
    Fit,
    /// Shows actual pixels.
    Actual,
    /// Puts everything but the picture away.
    PictureOnly,
    /// Hides or shows the pictures.
    Pictures,
    /// Hides or shows the look.
    Look,
    /// Takes a painting by chance.
    Surprise,
    /// Opens the list of keys.
    Keys,
}

/// Control that has the focus, as far as it matters to keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// A field that takes letters or digits, or a list.
    Field,
    /// A button or a link, which takes the space bar.
    Button,
    /// A slider, which takes arrows.
    Slider,
    /// Anything else.
    Elsewhere,
}

/// Returns the shortcut of `key`, as the browser names it, with or without Ctrl (or Cmd), while
/// `focus` has the focus. Single keys act only if `single` allows.
pub fn shortcut(key: &str, ctrl: bool, focus: Focus, single: bool) -> Option<Shortcut> {
    if ctrl {
        return match key {
            "Enter" => Some(Shortcut::Paint),
            "s" => Some(Shortcut::Save),
            _ => None,
        };
    }
    if !single || focus == Focus::Field {
        return None;
    }
    Some(match key {
        " " if focus == Focus::Elsewhere => Shortcut::Pause,
        "o" => Shortcut::ChoosePhoto,
        "O" => Shortcut::ChoosePainting,
        "1" => Shortcut::SeePhoto,
        "2" => Shortcut::SeeHalf,
        "3" => Shortcut::SeePicture,
        "4" => Shortcut::SeeBoth,
        "p" => Shortcut::Hold,
        "+" | "=" => Shortcut::ZoomIn,
        "-" => Shortcut::ZoomOut,
        "0" => Shortcut::Fit,
        "9" => Shortcut::Actual,
        "f" => Shortcut::PictureOnly,
        "[" => Shortcut::Pictures,
        "]" => Shortcut::Look,
        "r" => Shortcut::Surprise,
        "?" => Shortcut::Keys,
        _ => return None,
    })
}

/// Returns the rows of the list: keys, and what they do.
pub fn rows(words: &PageWords) -> Vec<(&'static str, String)> {
    let of = |text: &str| text.to_owned();
    vec![
        ("Ctrl+Enter", of(words.paint)),
        ("Space", format!("{}, {}", words.pause, words.resume)),
        ("Escape", format!("{}, {}", words.close, words.stop)),
        ("Ctrl+S", of(words.save)),
        ("O", of(words.choose_photo)),
        ("Shift+O", of(words.choose_painting)),
        ("Ctrl+V", of(words.paste)),
        ("R", of(words.surprise)),
        ("1", of(words.see_photo)),
        ("2", of(words.see_half)),
        ("3", of(words.see_picture)),
        ("4", of(words.see_both)),
        ("P", of(words.hold)),
        ("+", of(words.zoom_in)),
        ("−", of(words.zoom_out)),
        ("0", of(words.fit)),
        ("9", of(words.actual)),
        ("← → ↑ ↓", of(words.pan)),
        ("F", of(words.picture_only)),
        ("[", (words.toggle_panel)(words.pictures)),
        ("]", (words.toggle_panel)(words.look)),
        ("?", of(words.keys)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::page::ENGLISH;

    #[test]
    fn single_keys_rest_in_fields_and_when_switched_off() {
        assert_eq!(shortcut("3", false, Focus::Elsewhere, true), Some(Shortcut::SeePicture));
        assert_eq!(shortcut("3", false, Focus::Field, true), None);
        assert_eq!(shortcut("3", false, Focus::Elsewhere, false), None);
        for focus in [Focus::Field, Focus::Elsewhere] {
            assert_eq!(shortcut("Enter", true, focus, false), Some(Shortcut::Paint));
        }
    }

    #[test]
    fn the_space_bar_stays_with_buttons() {
        assert_eq!(shortcut(" ", false, Focus::Elsewhere, true), Some(Shortcut::Pause));
        assert_eq!(shortcut(" ", false, Focus::Button, true), None);
        assert_eq!(shortcut(" ", false, Focus::Slider, true), None);
    }

    #[test]
    fn the_list_names_every_key_that_acts() {
        let rows = rows(&ENGLISH);
        assert!(rows.len() >= 15);
        for key in ["o", "1", "2", "3", "p", "+", "0", "9", "f", "[", "]", "?"] {
            assert!(shortcut(key, false, Focus::Elsewhere, true).is_some());
            assert!(rows.iter().any(|(keys, _)| *keys == key.to_uppercase()), "{key}");
        }
    }
}

//! Files that a person brings: which input slot each goes to, and which await the verdict of the
//! worker.

use crate::protocol::FileId;

/// An input slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Well {
    /// The content picture.
    Content,
    /// The style picture.
    Style,
    /// A second style picture, blended with the first.
    SecondStyle,
}

impl Well {
    /// All slots, in the order in which several files fill them.
    pub const ALL: [Self; 3] = [Self::Content, Self::Style, Self::SecondStyle];

    /// Returns its key: the attribute `data-well`, and the name in storage.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Style => "style",
            Self::SecondStyle => "second-style",
        }
    }

    /// Returns the slot of this [`Self::key`].
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|well| well.key() == key)
    }
}

/// Returns the slot of each of `count` pictures brought at once. On a slot only the first is taken.
/// Beside the slots one picture fills the first empty slot, several fill them in order; the rest is
/// dropped.
pub fn places(brought_to: Option<Well>, count: usize, first_empty: Well) -> Vec<Well> {
    match (brought_to, count) {
        (_, 0) => Vec::new(),
        (Some(well), _) => vec![well],
        (None, 1) => vec![first_empty],
        (None, _) => Well::ALL.into_iter().take(count).collect(),
    }
}

/// Whether a file is a recipe, by its name.
pub fn is_recipe(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

/// Pictures that await the verdict of the worker, so that a file that is no picture never replaces
/// one.
#[derive(Debug)]
pub struct Intake<P> {
    last: u32,
    waiting: Vec<(FileId, Well, P)>,
}

impl<P> Default for Intake<P> {
    fn default() -> Self {
        Self { last: 0, waiting: Vec::new() }
    }
}

impl<P> Intake<P> {
    /// Adds `picture` for `well`. What already waits there may still turn out to be the better one.
    pub fn admit(&mut self, well: Well, picture: P) -> FileId {
        self.last += 1;
        self.waiting.push((FileId(self.last), well, picture));
        FileId(self.last)
    }

    /// Removes and returns the picture of an accepted `file`, and drops earlier ones for its slot.
    /// `None` if it was recalled.
    pub fn accept(&mut self, file: FileId) -> Option<(Well, P)> {
        let (well, picture) = self.reject(file)?;
        // Verdicts may overtake each other where a question was repeated.
        self.waiting.retain(|(earlier, waiting, _)| *waiting != well || earlier.0 > file.0);
        Some((well, picture))
    }

    /// Removes and returns the picture of a rejected `file`. `None` if it was recalled.
    pub fn reject(&mut self, file: FileId) -> Option<(Well, P)> {
        let index = self.waiting.iter().position(|(waiting, ..)| *waiting == file)?;
        let (_, well, picture) = self.waiting.remove(index);
        Some((well, picture))
    }

    /// Swaps what waits for the two slots.
    pub fn exchange(&mut self, one: Well, other: Well) {
        for (_, well, _) in &mut self.waiting {
            *well = match *well {
                well if well == one => other,
                well if well == other => one,
                well => well,
            };
        }
    }

    /// Drops what waits for `well`.
    pub fn recall(&mut self, well: Well) {
        self.waiting.retain(|(_, waiting, _)| *waiting != well);
    }

    /// Returns all that wait, with their file ids.
    pub fn waiting(&self) -> impl Iterator<Item = (FileId, &P)> {
        self.waiting.iter().map(|(file, _, picture)| (*file, picture))
    }

    /// Returns the latest that waits for `well`.
    pub fn waiting_for(&self, well: Well) -> Option<&P> {
        self.waiting
            .iter()
            .rev()
            .find(|(_, waiting, _)| *waiting == well)
            .map(|(.., picture)| picture)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_takes_one_and_the_page_at_large_fills_them_in_order() {
        assert_eq!(places(Some(Well::Style), 2, Well::Content), [Well::Style]);
        assert_eq!(places(None, 1, Well::Style), [Well::Style]);
        assert_eq!(places(None, 2, Well::Style), [Well::Content, Well::Style]);
        assert_eq!(places(None, 9, Well::Content), Well::ALL);
        assert_eq!(places(None, 0, Well::Content), []);
    }

    #[test]
    fn each_file_waits_for_its_answer_and_the_latest_good_one_holds() {
        let mut intake = Intake::default();
        let first = intake.admit(Well::Content, "first");
        let style = intake.admit(Well::Style, "style");
        let second = intake.admit(Well::Content, "second");
        assert_eq!(
            intake.waiting().map(|(file, _)| file).collect::<Vec<_>>(),
            [first, style, second],
            "in their order"
        );
        assert_eq!(intake.waiting_for(Well::Content), Some(&"second"));
        let third = intake.admit(Well::Content, "third");
        assert_eq!(intake.accept(second), Some((Well::Content, "second")));
        assert_eq!(
            (intake.accept(second), intake.accept(first)),
            (None, None),
            "once, and not over a later one"
        );
        assert_eq!(intake.reject(third), Some((Well::Content, "third")));
        assert_eq!(intake.waiting_for(Well::Content), None);
        let fourth = intake.admit(Well::Content, "fourth");
        intake.recall(Well::Content);
        assert_eq!(
            intake.accept(fourth),
            None,
            "a late answer about what the person has taken back"
        );
        assert_eq!(intake.accept(style), Some((Well::Style, "style")));
        assert!(intake.is_empty());
    }

    #[test]
    fn pictures_on_their_way_are_exchanged_too() {
        let mut intake = Intake::default();
        let photo = intake.admit(Well::Content, "photo");
        let painting = intake.admit(Well::Style, "painting");
        let second = intake.admit(Well::SecondStyle, "second");
        intake.exchange(Well::Content, Well::Style);
        assert_eq!(intake.accept(photo), Some((Well::Style, "photo")));
        assert_eq!(intake.accept(painting), Some((Well::Content, "painting")));
        assert_eq!(intake.accept(second), Some((Well::SecondStyle, "second")));
    }

    #[test]
    fn a_recipe_is_known_by_its_name() {
        assert!(is_recipe("bold.json") && is_recipe("BOLD.JSON"));
        assert!(!is_recipe("json") && !is_recipe("photo.json.png"));
    }
}

//! Which parts of the page are open around the stage.

/// A panel beside the stage, or below it in a narrow window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The inputs.
    Pictures,
    /// The settings.
    Look,
}

/// Open parts of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panels {
    /// Whether the window is too narrow for panels beside the stage.
    narrow: bool,
    pictures: bool,
    look: bool,
    /// Whether the picture has the window to itself.
    only: bool,
    /// Whether the view inside the network covers the stage.
    inside: bool,
}

impl Panels {
    /// Opens both panels, or the pictures alone in a narrow window.
    pub const fn new(narrow: bool) -> Self {
        Self { narrow, pictures: true, look: !narrow, only: false, inside: false }
    }

    /// Whether `panel` is open.
    pub const fn is_open(self, panel: Panel) -> bool {
        !self.only
            && match panel {
                Panel::Pictures => self.pictures,
                Panel::Look => self.look,
            }
    }

    /// Opens or closes `panel`. In a narrow window one is open at a time, so that the picture keeps
    /// its place.
    pub fn toggle(&mut self, panel: Panel) {
        let open = !self.is_open(panel);
        self.only = false;
        if self.narrow && open {
            (self.pictures, self.look) = (false, false);
        }
        match panel {
            Panel::Pictures => self.pictures = open,
            Panel::Look => self.look = open,
        }
    }

    /// Makes room for the picture of a run that begins: in a narrow window the inputs close.
    pub fn make_room(&mut self) {
        self.inside = false;
        if self.narrow {
            self.pictures = false;
        }
    }

    /// Follows the window's width.
    pub fn set_narrow(&mut self, narrow: bool) {
        if narrow != self.narrow {
            self.narrow = narrow;
            self.look = !narrow;
            self.pictures = !narrow;
        }
    }

    /// Whether the picture has the window to itself.
    pub const fn is_picture_only(self) -> bool {
        self.only
    }

    /// Gives the picture the window, or takes it back.
    pub fn set_picture_only(&mut self, only: bool) {
        self.only = only;
    }

    /// Whether the view inside the network is open.
    pub const fn shows_inside(self) -> bool {
        self.inside
    }

    /// Opens or closes the view inside the network.
    pub fn show_inside(&mut self, inside: bool) {
        (self.inside, self.only) = (inside, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_window_has_one_panel_open_at_a_time() {
        let mut panels = Panels::new(true);
        assert!(panels.is_open(Panel::Pictures) && !panels.is_open(Panel::Look));
        panels.toggle(Panel::Look);
        assert!(!panels.is_open(Panel::Pictures) && panels.is_open(Panel::Look));
        panels.toggle(Panel::Look);
        assert!(!panels.is_open(Panel::Look));
        let mut wide = Panels::new(false);
        wide.toggle(Panel::Look);
        assert!(wide.is_open(Panel::Pictures) && !wide.is_open(Panel::Look));
    }

    #[test]
    fn picture_only_hides_panels_and_brings_them_back() {
        let mut panels = Panels::new(false);
        panels.set_picture_only(true);
        assert!(!panels.is_open(Panel::Pictures) && !panels.is_open(Panel::Look));
        panels.set_picture_only(false);
        assert!(panels.is_open(Panel::Pictures) && panels.is_open(Panel::Look));
        panels.set_picture_only(true);
        panels.toggle(Panel::Look);
        assert!(panels.is_open(Panel::Look), "asking for a panel brings everything back");
    }
}

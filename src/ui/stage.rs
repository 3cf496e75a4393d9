//! The stage: where the picture lies, how large, and how much of the photo is laid over it. Pure
//! geometry in CSS px; the origin is the stage's top left corner.

/// Factor of one step of zoom.
pub const ZOOM_STEP: f64 = 1.25;
/// Zoom allowed, per cent: picture pixels to device pixels.
pub const PERCENT: std::ops::RangeInclusive<f64> = 10.0..=1600.0;
/// From this zoom on, per cent, single pixels are shown.
const PIXELATED_FROM: f64 = 200.0;
/// Least width of a stage that shows two images beside each other, CSS px.
const WIDE_PX: f64 = 560.0;
/// Distance of one arrow key, CSS px.
pub const PAN_STEP: f64 = 48.0;

/// Width and height, or a point.
pub type Pair = [f64; 2];

/// Addresses of the finished sample: the photo and its picture.
const SAMPLE: [&str; 2] = ["samples/photo-cat.jpg", "looks/sample.jpg"];

/// What the stage shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnStage {
    /// A finished sample, before there is a photo.
    Sample,
    /// The photo at this address, before the first run.
    Photo(Option<String>),
    /// The original of a run that has no image yet.
    Preparing(Option<String>),
    /// The result, and its original.
    Result(Option<String>),
}

impl OnStage {
    /// Returns the address of the image on top, of which the left part is shown.
    pub fn above(&self) -> Option<String> {
        match self {
            Self::Sample => Some(SAMPLE[0].to_owned()),
            Self::Photo(photo) | Self::Preparing(photo) | Self::Result(photo) => photo.clone(),
        }
    }

    /// Returns the address of the image below, unless that is the canvas.
    pub fn below(&self) -> Option<String> {
        matches!(self, Self::Sample).then(|| SAMPLE[1].to_owned())
    }

    /// Whether the canvas shows the result.
    pub const fn is_result(&self) -> bool {
        matches!(self, Self::Result(_))
    }

    /// Whether there are two images to compare.
    pub const fn is_compared(&self) -> bool {
        matches!(self, Self::Sample | Self::Result(Some(_)))
    }

    /// Whether the photo's size is that of the picture.
    pub const fn is_measured_by_photo(&self) -> bool {
        !self.is_result()
    }
}

/// Scale of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Zoom {
    /// As large as the stage allows.
    #[default]
    Fit,
    /// CSS px per picture pixel.
    Scale(f64),
}

/// A rectangle on the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left and top.
    pub at: Pair,
    /// Width and height.
    pub size: Pair,
}

/// State of the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Size of the stage; zero before it is laid out.
    size: Pair,
    /// Size of the picture, pixels.
    picture: Pair,
    /// Device pixels per CSS px.
    pixel_ratio: f64,
    zoom: Zoom,
    /// Centre of the view, as a share of the picture's sides.
    centre: Pair,
    /// Share of the photo, per cent from the left.
    compare: f64,
    /// Whether the photo is held up in the place of the picture.
    held: bool,
    /// Whether photo and picture are to lie beside each other.
    beside: bool,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            size: [0.0; 2],
            picture: [3.0, 2.0],
            pixel_ratio: 1.0,
            zoom: Zoom::Fit,
            centre: [0.5; 2],
            compare: 50.0,
            held: false,
            beside: false,
        }
    }
}

impl Stage {
    /// Takes the stage's size and the device pixels per CSS px.
    pub fn lay_out(&mut self, size: Pair, pixel_ratio: f64) {
        self.size = size;
        self.pixel_ratio = if pixel_ratio > 0.0 { pixel_ratio } else { 1.0 };
    }

    /// Shows a picture of `size` pixels. The part in view stays, as when a picture grows while it
    /// is painted; one of another shape is shown whole.
    pub fn show(&mut self, size: Pair) {
        if size[0] < 1.0 || size[1] < 1.0 {
            return;
        }
        let [before, after] = [self.picture, size].map(|[width, height]| width / height);
        if (before / after - 1.0).abs() > 0.02 {
            self.fit();
        } else if let Zoom::Scale(scale) = self.zoom {
            self.zoom = Zoom::Scale(scale * self.picture[0] / size[0]);
        }
        self.picture = size;
    }

    /// Whether photo and picture lie beside each other.
    pub fn is_beside(&self) -> bool {
        self.beside && self.size[0] >= WIDE_PX
    }

    /// Returns the size of what an image lies in: the stage, or its half.
    pub fn room(&self) -> Pair {
        if self.is_beside() { [self.size[0] / 2.0, self.size[1]] } else { self.size }
    }

    /// Returns the scale at which the picture fits.
    fn fitting(&self) -> f64 {
        let room = self.room();
        (room[0] / self.picture[0]).min(room[1] / self.picture[1])
    }

    /// Returns CSS px per picture pixel.
    fn scale(&self) -> f64 {
        match self.zoom {
            Zoom::Fit => self.fitting(),
            Zoom::Scale(scale) => scale,
        }
    }

    /// Returns the zoom, per cent.
    pub fn percent(&self) -> f64 {
        100.0 * self.scale() * self.pixel_ratio
    }

    /// Whether the picture fits the stage by itself.
    pub fn fits(&self) -> bool {
        self.zoom == Zoom::Fit
    }

    /// Whether single pixels are shown: a picture that is enlarged to fit stays smooth.
    pub fn is_pixelated(&self) -> bool {
        !self.fits() && self.percent() >= PIXELATED_FROM
    }

    /// Returns where the picture lies in its [room](Self::room). It is centred where it is smaller,
    /// and covers the room where it is larger.
    pub fn picture(&self) -> Area {
        let size = self.picture.map(|side| side * self.scale());
        let at = [0, 1].map(|axis| {
            let room = self.room()[axis];
            let left = room - size[axis];
            let centred = room / 2.0 - self.centre[axis] * size[axis];
            if left >= 0.0 { left / 2.0 } else { centred.clamp(left, 0.0) }
        });
        Area { at, size }
    }

    /// Returns the part of the room that the picture covers.
    pub fn visible(&self) -> Area {
        let Area { at, size } = self.picture();
        let from = at.map(|from| from.max(0.0));
        let to = [0, 1].map(|axis| (at[axis] + size[axis]).min(self.room()[axis]));
        Area { at: from, size: [0, 1].map(|axis| (to[axis] - from[axis]).max(0.0)) }
    }

    /// Shows the whole picture.
    pub fn fit(&mut self) {
        (self.zoom, self.centre) = (Zoom::Fit, [0.5; 2]);
    }

    /// Zooms to `percent`, within [`PERCENT`], around the centre of the view.
    pub fn zoom_to(&mut self, percent: f64) {
        self.zoom_by(percent / self.percent(), self.room().map(|side| side / 2.0));
    }

    /// Zooms by `factor`; the picture's point at `point` of the stage stays there.
    pub fn zoom_by(&mut self, factor: f64, point: Pair) {
        let percent = (self.percent() * factor).clamp(*PERCENT.start(), *PERCENT.end());
        let (before, room) = (self.picture(), self.room());
        let point = [point[0] % room[0].max(1.0), point[1]];
        let scale = percent / 100.0 / self.pixel_ratio;
        if !scale.is_finite() || scale <= 0.0 {
            return;
        }
        self.zoom = Zoom::Scale(scale);
        for axis in [0, 1] {
            let share = (point[axis] - before.at[axis]) / before.size[axis];
            let moved = room[axis] / 2.0 - point[axis];
            self.centre[axis] = share + moved / (self.picture[axis] * scale);
        }
        self.settle();
    }

    /// Moves the picture by CSS px.
    pub fn pan(&mut self, [right, down]: Pair) {
        let Area { size, .. } = self.picture();
        self.centre[0] -= right / size[0];
        self.centre[1] -= down / size[1];
        self.settle();
    }

    /// Replaces the centre by that of the view, so that no movement is lost beyond an edge.
    fn settle(&mut self) {
        let Area { at, size } = self.picture();
        self.centre = [0, 1].map(|axis| (self.room()[axis] / 2.0 - at[axis]) / size[axis]);
    }

    /// Returns the share of the photo, per cent from the left.
    pub fn compared(&self) -> f64 {
        if self.held { 100.0 } else { self.compare }
    }

    /// Shows the photo on the left `percent` of the picture.
    pub fn compare(&mut self, percent: f64) {
        (self.compare, self.held, self.beside) = (percent.clamp(0.0, 100.0), false, false);
    }

    /// Shows photo and picture beside each other, where the stage is wide enough.
    pub fn see_both(&mut self) {
        (self.held, self.beside) = (false, true);
    }

    /// Whether the photo is held up.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Holds the photo up, or lets it go.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Returns the shares of the picture's width that lie beyond its room, left and right.
    pub fn beyond(&self) -> Pair {
        let (visible, picture) = (self.visible(), self.picture());
        let left = visible.at[0] - picture.at[0];
        let right = picture.size[0] - left - visible.size[0];
        [left, right].map(|beyond| (beyond / picture.size[0]).max(0.0))
    }

    /// Returns the share of the photo's width that is cut off at its right.
    pub fn cut(&self) -> f64 {
        let (visible, picture) = (self.visible(), self.picture());
        let line = visible.at[0] + visible.size[0] * self.compared() / 100.0;
        (1.0 - (line - picture.at[0]) / picture.size[0]).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Stage {
        let mut stage = Stage::default();
        stage.lay_out([900.0, 500.0], 2.0);
        stage.show([300.0, 200.0]);
        stage
    }

    fn close(one: Pair, other: Pair) -> bool {
        one.iter().zip(other).all(|(&a, b)| near(a, b))
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn a_picture_fits_and_is_centred() {
        let area = stage().picture();
        assert!(close(area.size, [750.0, 500.0]) && close(area.at, [75.0, 0.0]), "{area:?}");
        assert!((stage().percent() - 500.0).abs() < 1e-9);
    }

    #[test]
    fn actual_pixels_are_device_pixels() {
        let mut stage = stage();
        stage.zoom_to(100.0);
        assert!(close(stage.picture().size, [150.0, 100.0]));
        assert!(!stage.is_pixelated());
        stage.zoom_to(200.0);
        assert!(stage.is_pixelated());
        stage.zoom_to(9999.0);
        assert!((stage.percent() - 1600.0).abs() < 1e-9);
        stage.zoom_to(1.0);
        assert!((stage.percent() - 10.0).abs() < 1e-9);
    }

    #[test]
    fn the_point_under_the_pointer_stays_there() {
        let mut stage = stage();
        let share = |stage: &Stage| {
            let area = stage.picture();
            [0, 1].map(|axis| ([500.0, 200.0][axis] - area.at[axis]) / area.size[axis])
        };
        let before = share(&stage);
        stage.zoom_by(2.0, [500.0, 200.0]);
        assert!(close(share(&stage), before), "{:?} was {before:?}", share(&stage));
        assert!((stage.percent() - 1000.0).abs() < 1e-9);
    }

    #[test]
    fn a_larger_picture_covers_the_stage_however_far_it_is_moved() {
        let mut stage = stage();
        stage.zoom_by(2.0, [450.0, 250.0]);
        stage.pan([5000.0, -5000.0]);
        let area = stage.picture();
        assert!(close(area.at, [0.0, 500.0 - 1000.0]), "{area:?}");
        stage.pan([-PAN_STEP, PAN_STEP]);
        assert!(close(stage.picture().at, [-PAN_STEP, -500.0 + PAN_STEP]), "no movement was lost");
    }

    #[test]
    fn the_view_stays_while_a_picture_grows_and_another_is_shown_whole() {
        let mut stage = stage();
        stage.zoom_by(3.0, [300.0, 300.0]);
        let before = stage.picture();
        stage.show([451.0, 300.0]);
        let after = stage.picture();
        assert!(
            near(after.size[0], before.size[0]) && near(after.at[0], before.at[0]),
            "{after:?}"
        );
        stage.show([300.0, 300.0]);
        assert!(stage.fits());
    }

    #[test]
    fn both_lie_beside_each_other_at_the_same_zoom() {
        let mut stage = stage();
        stage.see_both();
        assert!(close(stage.picture().size, [450.0, 300.0]), "it fits half the stage");
        assert!(close(stage.beyond(), [0.0, 0.0]));
        // The same point in either half.
        let mut other = stage;
        stage.zoom_by(2.0, [100.0, 250.0]);
        other.zoom_by(2.0, [550.0, 250.0]);
        assert_eq!(stage, other);
        assert!(close(stage.picture().at, [-100.0, -50.0]), "{:?}", stage.picture());
        assert!(close(stage.beyond(), [1.0 / 9.0, 7.0 / 18.0]), "{:?}", stage.beyond());
        stage.lay_out([400.0, 500.0], 2.0);
        assert!(!stage.is_beside(), "it is too narrow for two");
        stage.lay_out([900.0, 500.0], 2.0);
        stage.compare(50.0);
        assert!(!stage.is_beside());
    }

    #[test]
    fn the_photo_covers_its_share_of_what_is_in_view() {
        let mut stage = stage();
        stage.compare(50.0);
        assert!(near(stage.cut(), 0.5));
        stage.compare(100.0);
        assert!(near(stage.cut(), 0.0));
        stage.compare(0.0);
        assert!(near(stage.cut(), 1.0));
        stage.hold(true);
        assert!(near(stage.cut(), 0.0));
        stage.hold(false);
        assert!(stage.compared() < 1e-9, "what was set before comes back");
        // In view is the picture's middle half.
        stage.compare(25.0);
        stage.zoom_by(2.4, [450.0, 250.0]);
        assert!(near(stage.cut(), 0.625), "{:?}", stage.cut());
    }
}

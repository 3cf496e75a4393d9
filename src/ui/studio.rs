//! The state of the page, and the one function that changes it on events of the worker. No web, no
//! widgets: what must happen outside is returned as a [`Task`], so that every path is tested
//! without a browser.

mod changes;
mod film;
mod look;
mod pace;
mod run;

pub use film::Film;
use look::LookTaken;
pub use run::{Errand, Phase, Run};

use super::device_choice::{DeviceChoice, better_device, device_after_failure, first_device};
use super::grid;
use super::settings::{Settings, is_fast};
use crate::fault::Fault;
use crate::memory::DeviceLimits;
use crate::pixels::ImageSize;
use crate::protocol::{
    Command, DeviceKind, DeviceReport, Event, FileId, Losses, RunId, Stage, WeightsSource,
};
use crate::recipe::pyramid;
use crate::recipe::{Cell, LossWeights, Recipe, Sizes};
use crate::words::{self, UserError, notices};

/// What the shell around the [`Studio`] must do after a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Create a worker for this device, ending the current one.
    Boot(DeviceKind),
    /// End the worker.
    Retire,
    /// Post a command; [`Command::Start`] takes the files along.
    Post(Command),
    /// Put the waiting picture of this id into its slot.
    Accept(FileId),
    /// Drop the waiting picture of this id, and say why.
    Refuse(FileId, Fault),
    /// Show the event's attachment, an image of this size.
    Draw(ImageSize),
    /// Show it in this cell of the grid.
    DrawCell(usize, ImageSize),
    /// Keep the event's attachment, the PNG of the shown image.
    Keep,
    /// Save the event's attachment, a PNG, as a file.
    Save,
    /// Keep the event's attachment, the photo of the run at this size.
    KeepPhoto(ImageSize),
    /// Keep the event's attachment, the JPEG of this step.
    KeepMoment(u32),
    /// Save the event's attachment, a GIF, as a file.
    SaveFilm,
}

/// State of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// No worker; the next start creates one.
    Down,
    /// The worker boots, or opens this device.
    Opening(DeviceKind),
    /// The worker takes commands.
    Up,
}

/// Progress of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightsProgress {
    /// Where they come from.
    pub source: WeightsSource,
    /// Bytes received.
    pub received: u64,
    /// Bytes in all.
    pub total: u64,
}

/// An error on view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its words.
    pub error: UserError,
    /// What may help.
    pub remedy: Option<Remedy>,
}

/// What the person can do about an error with one press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Start the same run again.
    Retry,
    /// Let the page choose the device, since the chosen GPU is not there.
    ChooseDevice,
}

/// The state of the page apart from the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Studio {
    settings: Settings,
    has_webgpu: bool,
    /// Whether the GPU failed and is not tried again.
    fallen_back: bool,
    link: Link,
    report: Option<DeviceReport>,
    weights: Option<WeightsProgress>,
    run: Option<Run>,
    /// The cells of the current or last grid.
    grid: Vec<Cell>,
    film: Option<Film>,
    look_taken: Option<LookTaken>,
    last_id: u32,
    notice: Option<UserError>,
    trouble: Option<Trouble>,
}

impl Studio {
    /// Creates the state of a new page; `has_webgpu`: the browser has `navigator.gpu`.
    pub fn new(settings: Settings, has_webgpu: bool) -> Self {
        Self {
            settings,
            has_webgpu,
            fallen_back: false,
            link: Link::Down,
            report: None,
            weights: None,
            run: None,
            grid: Vec::new(),
            film: None,
            look_taken: None,
            last_id: 0,
            notice: None,
            trouble: None,
        }
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How the worker stands.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Returns the device opened last.
    pub fn report(&self) -> Option<&DeviceReport> {
        self.report.as_ref()
    }

    /// Returns the limits of the GPU, real or emulated, for the chosen use of memory, if a GPU
    /// computes.
    pub fn gpu_limits(&self) -> Option<DeviceLimits> {
        self.report
            .as_ref()
            .filter(|report| report.kind == DeviceKind::Gpu)
            .map(|report| report.limits.with(self.settings.memory))
    }

    /// Returns the progress of the weights, once known.
    pub fn weights(&self) -> Option<WeightsProgress> {
        self.weights
    }

    /// Returns the current or last run.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Returns the phase of the current or last run.
    pub fn phase(&self) -> Option<Phase> {
        self.run.as_ref().map(|run| run.phase)
    }

    /// Whether a run is live.
    pub fn is_live(&self) -> bool {
        self.phase().is_some_and(Phase::is_live)
    }

    /// Returns the notice on view.
    pub fn notice(&self) -> Option<&UserError> {
        self.notice.as_ref()
    }

    /// Returns the error on view.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Boots a worker before it is needed.
    pub fn open(&mut self) -> Option<Task> {
        let kind = if self.fallen_back {
            DeviceKind::Cpu
        } else {
            first_device(self.settings.device, self.has_webgpu)
        };
        Some(self.boot(kind))
    }

    /// Starts repainting the photo, leaving any other run.
    pub fn start(&mut self) -> Option<Task> {
        self.start_run(Errand::Repaint)
    }

    /// Has the worker prepare a run with these settings and this many `paintings`, while none is
    /// live. After a failure nothing is fetched again before the person asks.
    pub fn get_ready(&self, paintings: usize) -> Option<Task> {
        let rests = self.link == Link::Up && !self.is_live() && self.phase() != Some(Phase::Failed);
        // Without what compiles no pipeline, so that the same request is made once.
        let Recipe { steps, seed, loss_weights, .. } = Recipe::default();
        let recipe =
            Recipe { steps, seed, loss_weights, ..self.settings.recipe_on(self.report.as_ref()) };
        rests.then_some(Task::Post(Command::Prepare {
            recipe,
            paintings,
            memory: self.settings.memory,
        }))
    }

    /// Starts a run from an earlier result.
    pub fn go_on(&mut self) -> Option<Task> {
        self.start_run(Errand::GoOn)
    }

    /// Starts a reconstruction.
    pub fn reconstruct(&mut self) -> Option<Task> {
        self.start_run(Errand::Reconstruct(self.settings.reconstruction))
    }

    /// Starts the grid, cell after cell.
    pub fn paint_grid(&mut self) -> Option<Task> {
        self.start_run(Errand::Cell(0))
    }

    /// Takes over the settings of a cell, but for size and steps.
    pub fn take_cell(&mut self, number: usize) -> Option<Task> {
        let taken = self.cell_as_set(number)?;
        (self.settings.recipe, self.look_taken) = (taken, None);
        self.adjustment()
    }

    /// Whether the settings, but for size and steps, are those of a cell.
    pub fn is_cell_taken(&self, number: usize) -> bool {
        self.cell_as_set(number).is_some_and(|recipe| recipe == self.settings.recipe)
    }

    /// Returns the recipe of a cell with the current size and steps.
    fn cell_as_set(&self, number: usize) -> Option<Recipe> {
        let Recipe { size, steps, .. } = self.settings.recipe;
        self.grid.get(number).map(|cell| Recipe { size, steps, ..cell.recipe.clone() })
    }

    /// Starts the last run again.
    pub fn retry(&mut self) -> Option<Task> {
        let errand = self.run.as_ref().map(|run| run.errand)?;
        self.start_run(errand)
    }

    fn start_run(&mut self, errand: Errand) -> Option<Task> {
        (self.trouble, self.film) = (None, None);
        self.last_id += 1;
        self.run = Some(Run::new(RunId(self.last_id), errand));
        match self.link {
            Link::Up => self.begin(),
            Link::Opening(_) => None,
            Link::Down => self.open(),
        }
    }

    /// Pauses or resumes.
    pub fn toggle_pause(&mut self) -> Option<Task> {
        let run = self.run.as_mut()?;
        match run.phase {
            Phase::Running => {
                run.phase = Phase::Pausing;
                Some(Task::Post(Command::Pause(run.id)))
            }
            Phase::Pausing | Phase::Paused => {
                run.phase = Phase::Running;
                Some(Task::Post(Command::Resume(run.id)))
            }
            _ => None,
        }
    }

    /// Cancels the run at once; later events of it are ignored.
    pub fn cancel(&mut self) -> Option<Task> {
        let up = self.link == Link::Up;
        let run = self.run.as_mut().filter(|run| run.phase.is_live())?;
        run.phase = Phase::Cancelled;
        run.exporting = false;
        up.then_some(Task::Post(Command::Cancel(run.id)))
    }

    /// Requests the current image. `None` without a live run: then the shown result can be saved.
    pub fn export(&mut self) -> Option<Task> {
        let run = self.run.as_mut().filter(|run| run.phase.is_stepping())?;
        run.exporting = true;
        Some(Task::Post(Command::Export(run.id)))
    }

    /// Changes the settings of the next run.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        self.look_taken = None;
        change(&mut self.settings);
    }

    /// Takes over a recipe, also in the live run as far as it can follow.
    pub fn take_recipe(&mut self, recipe: Recipe) -> Option<Task> {
        self.look_taken = None;
        let asked = recipe.size;
        self.settings.take_recipe(recipe);
        let held = self.settings.size_on(self.report.as_ref());
        if held != asked {
            self.notice = Some(notices::recipe_held_back(asked, held));
        }
        self.adjustment()
    }

    /// Sets the weights of the loss terms; [`Self::adjustment`] sends them to a live run.
    pub fn set_loss_weights(&mut self, change: impl FnOnce(&mut LossWeights)) {
        self.look_taken = None;
        change(&mut self.settings.recipe.loss_weights);
    }

    /// Returns the command that brings weights and optimiser to the live run. Reconstructions and
    /// grid cells have their own.
    pub fn adjustment(&self) -> Option<Task> {
        let follows = |run: &&Run| matches!(run.errand, Errand::Repaint | Errand::GoOn);
        let run = self
            .run
            .as_ref()
            .filter(follows)
            .filter(|run| run.phase.is_live() && run.phase != Phase::Waiting)?;
        let Recipe { loss_weights, optimizer, .. } = self.settings.recipe;
        Some(Task::Post(Command::Adjust { run: run.id, loss_weights, optimizer }))
    }

    /// Chooses the device, leaving any run, and moves there at once.
    pub fn choose_device(&mut self, choice: DeviceChoice) -> Option<Task> {
        self.settings.device = choice;
        self.fallen_back = false;
        let wanted = first_device(choice, self.has_webgpu);
        let stays = |report: &DeviceReport| {
            report.kind == wanted && better_device(choice, report).is_none()
        };
        if self.link == Link::Up && self.report.as_ref().is_some_and(stays) {
            return None;
        }
        self.end_run(Phase::Cancelled);
        (self.notice, self.trouble) = (None, None);
        Some(self.boot(wanted))
    }

    /// Dismisses the error.
    pub fn dismiss_trouble(&mut self) {
        self.trouble = None;
    }

    /// Dismisses the notice.
    pub fn dismiss_notice(&mut self) {
        self.notice = None;
    }

    /// Shows a notice.
    pub fn notify(&mut self, notice: UserError) {
        self.notice = Some(notice);
    }

    /// Shows an error of the page itself.
    pub fn report_trouble(&mut self, error: UserError) {
        self.trouble = Some(Trouble { error, remedy: None });
    }

    /// Applies an event of the worker. Events of a run other than the current, live one change
    /// nothing; but a lost worker is lost for every run.
    pub fn apply(&mut self, event: Event) -> Option<Task> {
        match event {
            Event::Booted => self.booted(),
            Event::Opened(report) => self.opened(report),
            Event::Examined { file, refusal: None } => Some(Task::Accept(file)),
            Event::Examined { file, refusal: Some(refusal) } => Some(Task::Refuse(file, refusal)),
            Event::Weights { source, received, total } => {
                self.weights = Some(WeightsProgress { source, received, total });
                None
            }
            Event::Preparing { run, stage } => {
                self.live(run)?.phase = Phase::Preparing(stage);
                None
            }
            Event::Progress { run, step, steps, losses, elapsed_ms } => {
                self.progressed(run, step, steps, losses, elapsed_ms)
            }
            Event::Preview { run, size, .. } => self.live(run).map(|run| match run.errand {
                Errand::Cell(number) => Task::DrawCell(number, size),
                _ => Task::Draw(size),
            }),
            Event::Photo { run, size } => self.painting(run).then_some(Task::KeepPhoto(size)),
            Event::Moment { run, step, .. } => self.painting(run).then_some(Task::KeepMoment(step)),
            Event::Paused { run, step } => self.paused(run, step),
            Event::Exported { run, .. } => self.exported(run),
            Event::Finished { run, step } => self.finished(run, step),
            Event::Filming { film, done, of } => {
                self.film_on(film, done, of);
                None
            }
            Event::Filmed(film) => self.end_film(film).then_some(Task::SaveFilm),
            Event::Notice(notice) => {
                self.notice = Some(words::faults::of(&notice));
                None
            }
            Event::Failed { fault, fatal: true, .. } => Some(self.lost(words::faults::of(&fault))),
            Event::Failed { run, fault, fatal: false } => {
                self.failed(run, words::faults::of(&fault))
            }
        }
    }

    fn boot(&mut self, kind: DeviceKind) -> Task {
        self.weights = None;
        self.link = Link::Opening(kind);
        self.report = None;
        Task::Boot(kind)
    }

    fn booted(&self) -> Option<Task> {
        match self.link {
            Link::Opening(kind) => Some(Task::Post(Command::Open(kind))),
            Link::Down | Link::Up => None,
        }
    }

    fn opened(&mut self, report: DeviceReport) -> Option<Task> {
        if let Some(better) = better_device(self.settings.device, &report) {
            self.fallen_back = true;
            return Some(self.boot(better));
        }
        self.link = Link::Up;
        self.report = Some(report);
        let waits = self.phase() == Some(Phase::Waiting);
        if waits { self.begin() } else { None }
    }

    /// Sends the waiting run to the worker.
    fn begin(&mut self) -> Option<Task> {
        let mut recipe = self.settings.recipe_on(self.report.as_ref());
        let run = self.run.as_mut()?;
        match run.errand {
            Errand::Repaint => {}
            // At full size alone: a smaller size would lose the earlier result's detail.
            Errand::GoOn => recipe.sizes = Sizes::One,
            Errand::Reconstruct(reconstruction) => recipe = reconstruction.recipe(&recipe),
            Errand::Cell(number) => {
                if number == 0 {
                    self.grid = grid::cells(&recipe, is_fast(self.report.as_ref()));
                }
                recipe = self.grid.get(number)?.recipe.clone();
            }
        }
        run.steps = recipe.steps;
        run.recipe = Some(recipe.clone());
        // The photo's shape is unknown here; for the time left a square will do.
        run.levels =
            pyramid::levels(ImageSize::new(recipe.size, recipe.size), recipe.sizes, recipe.steps);
        run.phase = Phase::Preparing(Stage::Pictures);
        Some(Task::Post(Command::Start { run: run.id, recipe, memory: self.settings.memory }))
    }

    /// Returns the run of this id if it is current and live.
    fn live(&mut self, id: RunId) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.id == id && run.phase.is_live())
    }

    /// Whether the run of this id is current and live, and repaints the photo.
    fn painting(&mut self, id: RunId) -> bool {
        self.live(id).is_some_and(|run| matches!(run.errand, Errand::Repaint | Errand::GoOn))
    }

    fn progressed(
        &mut self,
        id: RunId,
        step: u32,
        steps: u32,
        losses: Losses,
        elapsed_ms: f64,
    ) -> Option<Task> {
        let run = self.live(id)?;
        (run.step, run.steps, run.losses, run.elapsed_ms) = (step, steps, Some(losses), elapsed_ms);
        run.history.push(step, losses.total());
        if !run.phase.is_stepping() {
            run.phase = Phase::Running;
        }
        None
    }

    /// A late pause that the person has taken back changes nothing.
    fn paused(&mut self, id: RunId, step: u32) -> Option<Task> {
        let run = self.live(id).filter(|run| run.phase == Phase::Pausing)?;
        (run.phase, run.step) = (Phase::Paused, step);
        None
    }

    fn exported(&mut self, id: RunId) -> Option<Task> {
        let run = self.run.as_mut().filter(|run| run.id == id && run.exporting)?;
        run.exporting = false;
        Some(Task::Save)
    }

    fn finished(&mut self, id: RunId, step: u32) -> Option<Task> {
        let run = self.live(id)?;
        (run.phase, run.step) = (Phase::Finished, step);
        let errand = run.errand;
        self.note_pace();
        match errand {
            Errand::Cell(number) if number + 1 < grid::CELLS => {
                self.start_run(Errand::Cell(number + 1))
            }
            Errand::Cell(_) => None,
            _ => Some(Task::Keep),
        }
    }

    /// A run, or work of the worker itself, failed; the worker goes on. A picture that could not be
    /// read will not be readable the next time either.
    fn failed(&mut self, id: Option<RunId>, error: UserError) -> Option<Task> {
        let Some(id) = id else {
            self.film = None;
            self.report_trouble(error);
            return None;
        };
        let run = self.live(id)?;
        let remedy = (run.phase != Phase::Preparing(Stage::Pictures)).then_some(Remedy::Retry);
        run.phase = Phase::Failed;
        self.trouble = Some(Trouble { error, remedy });
        None
    }

    /// The worker is unusable. One that served nobody goes quietly.
    fn lost(&mut self, error: UserError) -> Task {
        let opening = match self.link {
            Link::Opening(kind) => Some(kind),
            Link::Down | Link::Up => None,
        };
        if let Some(next) =
            opening.and_then(|kind| device_after_failure(self.settings.device, kind))
        {
            self.fallen_back = true;
            self.notice = Some(notices::fallback(error));
            return self.boot(next);
        }
        (self.link, self.film) = (Link::Down, None);
        let ended = self.end_run(Phase::Failed);
        if ended || opening.is_some() {
            let forced =
                opening == Some(DeviceKind::Gpu) && self.settings.device == DeviceChoice::Gpu;
            let remedy =
                if forced { Some(Remedy::ChooseDevice) } else { ended.then_some(Remedy::Retry) };
            self.trouble = Some(Trouble { error, remedy });
        }
        Task::Retire
    }

    /// Ends the current run if it is live, and returns whether it was.
    fn end_run(&mut self, phase: Phase) -> bool {
        let Some(run) = self.run.as_mut().filter(|run| run.phase.is_live()) else { return false };
        run.phase = phase;
        run.exporting = false;
        true
    }
}

#[cfg(test)]
mod tests;

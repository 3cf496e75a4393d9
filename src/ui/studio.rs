//! The state of the page and the one function that changes it on news from the worker. No web, no
//! widgets: what must happen outside is handed back as an [`Task`], so every path is tested without
//! a browser.

mod run;

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

/// What the shell around the [`Studio`] has to do after a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Make a worker for this device, ending the one there is.
    Boot(DeviceKind),
    /// End the worker.
    Retire,
    /// Post a command; [`Command::Start`] takes the pictures along.
    Post(Command),
    /// Put the picture that waits under this name into its well.
    Accept(FileId),
    /// Let go of the picture that waits under this name, and say why.
    Refuse(FileId, Fault),
    /// Show the event's attachment, a picture of this size.
    Draw(ImageSize),
    /// Show it in the grid's cell of this number.
    DrawCell(usize, ImageSize),
    /// Keep the event's attachment, the PNG of the picture on view.
    Keep,
    /// Save the event's attachment, a PNG, as a file.
    Save,
}

/// How the worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// There is none; the next start makes one.
    Down,
    /// It boots, or opens this device.
    Opening(DeviceKind),
    /// It takes commands.
    Up,
}

/// How far the weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightsProgress {
    /// Where they come from.
    pub source: WeightsSource,
    /// Bytes so far.
    pub received: u64,
    /// Bytes in all.
    pub total: u64,
}

/// An error on view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What to tell the person.
    pub error: UserError,
    /// What may well help.
    pub remedy: Option<Remedy>,
}

/// What the person can do about an error with one press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Begin the same run once more.
    Retry,
    /// Have the page choose where to compute, for the graphics card that was chosen is not there.
    ChooseDevice,
}

/// The whole state of the page apart from the pictures themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Studio {
    settings: Settings,
    has_webgpu: bool,
    /// Whether the GPU turned out not to be worth trying again.
    fallen_back: bool,
    link: Link,
    report: Option<DeviceReport>,
    weights: Option<WeightsProgress>,
    run: Option<Run>,
    /// The cells of the grid that is painted, or was painted last.
    grid: Vec<Cell>,
    last_id: u32,
    notice: Option<UserError>,
    trouble: Option<Trouble>,
}

impl Studio {
    /// A page just opened; `has_webgpu` is whether the browser shows `navigator.gpu`.
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
            last_id: 0,
            notice: None,
            trouble: None,
        }
    }

    /// What the person has set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How the worker stands.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The device opened last.
    pub fn report(&self) -> Option<&DeviceReport> {
        self.report.as_ref()
    }

    /// What the graphics card, real or emulated, has room for as its memory is to be used, where
    /// one is what computes.
    pub fn card(&self) -> Option<DeviceLimits> {
        self.report
            .as_ref()
            .filter(|report| report.kind == DeviceKind::Gpu)
            .map(|report| report.limits.with(self.settings.memory))
    }

    /// How far the weights are, once the worker has told.
    pub fn weights(&self) -> Option<WeightsProgress> {
        self.weights
    }

    /// The current run, or the last one.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// Where the current or last run stands.
    pub fn phase(&self) -> Option<Phase> {
        self.run.as_ref().map(|run| run.phase)
    }

    /// Whether a run is under way.
    pub fn is_live(&self) -> bool {
        self.phase().is_some_and(Phase::is_live)
    }

    /// Something the person should know.
    pub fn notice(&self) -> Option<&UserError> {
        self.notice.as_ref()
    }

    /// What has gone wrong.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Makes a worker ready before it is needed.
    pub fn open(&mut self) -> Option<Task> {
        let kind = if self.fallen_back {
            DeviceKind::Cpu
        } else {
            first_device(self.settings.device, self.has_webgpu)
        };
        Some(self.boot(kind))
    }

    /// Begins to repaint the photo, leaving any other run.
    pub fn start(&mut self) -> Option<Task> {
        self.start_run(Errand::Repaint)
    }

    /// Has the worker get ready for a run as the settings have it, with as many `paintings`, while
    /// none is under way. Nothing is fetched anew after a failure before the person asks.
    pub fn get_ready(&self, paintings: usize) -> Option<Task> {
        let rests = self.link == Link::Up && !self.is_live() && self.phase() != Some(Phase::Failed);
        // What decides no program is left out, so that the same is asked for once.
        let Recipe { steps, seed, loss_weights, .. } = Recipe::default();
        let recipe =
            Recipe { steps, seed, loss_weights, ..self.settings.recipe_on(self.report.as_ref()) };
        rests.then_some(Task::Post(Command::Prepare {
            recipe,
            paintings,
            memory: self.settings.memory,
        }))
    }

    /// Begins a run that goes on from an earlier picture.
    pub fn go_on(&mut self) -> Option<Task> {
        self.start_run(Errand::GoOn)
    }

    /// Begins to show what the chosen layers know of one picture.
    pub fn reconstruct(&mut self) -> Option<Task> {
        self.start_run(Errand::Reconstruct(self.settings.reconstruction))
    }

    /// Begins to paint the grid, cell after cell.
    pub fn paint_grid(&mut self) -> Option<Task> {
        self.start_run(Errand::Cell(0))
    }

    /// Sets everything but size and steps to what a cell of the grid was painted by.
    pub fn take_cell(&mut self, number: usize) -> Option<Task> {
        let taken = self.cell_as_set(number)?;
        self.settings.recipe = taken;
        self.adjustment()
    }

    /// Whether the settings, but for size and steps, are those of a cell of the grid.
    pub fn is_cell_taken(&self, number: usize) -> bool {
        self.cell_as_set(number).is_some_and(|recipe| recipe == self.settings.recipe)
    }

    /// The recipe of a cell, with the size and the steps that are set.
    fn cell_as_set(&self, number: usize) -> Option<Recipe> {
        let Recipe { size, steps, .. } = self.settings.recipe;
        self.grid.get(number).map(|cell| Recipe { size, steps, ..cell.recipe.clone() })
    }

    /// Begins the last run once more.
    pub fn retry(&mut self) -> Option<Task> {
        let errand = self.run.as_ref().map(|run| run.errand)?;
        self.start_run(errand)
    }

    fn start_run(&mut self, errand: Errand) -> Option<Task> {
        self.trouble = None;
        self.last_id += 1;
        self.run = Some(Run::new(RunId(self.last_id), errand));
        match self.link {
            Link::Up => self.begin(),
            Link::Opening(_) => None,
            Link::Down => self.open(),
        }
    }

    /// Rests, or goes on.
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

    /// Leaves the run, now; what the worker still sends of it will not be heard.
    pub fn cancel(&mut self) -> Option<Task> {
        let up = self.link == Link::Up;
        let run = self.run.as_mut().filter(|run| run.phase.is_live())?;
        run.phase = Phase::Cancelled;
        run.exporting = false;
        up.then_some(Task::Post(Command::Cancel(run.id)))
    }

    /// Asks for the picture as it is now. `None` when no picture is under work: what there is to
    /// save is on view.
    pub fn export(&mut self) -> Option<Task> {
        let run = self.run.as_mut().filter(|run| run.phase.is_stepping())?;
        run.exporting = true;
        Some(Task::Post(Command::Export(run.id)))
    }

    /// Sets what holds from the next run on.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
    }

    /// Sets everything to what a recipe says, also in the running picture as far as it can follow.
    pub fn take_recipe(&mut self, recipe: Recipe) -> Option<Task> {
        let asked = recipe.size;
        self.settings.take_recipe(recipe);
        let held = self.settings.size_on(self.report.as_ref());
        if held != asked {
            self.notice = Some(notices::recipe_held_back(asked, held));
        }
        self.adjustment()
    }

    /// Sets what content, style and smoothness weigh; [`Self::adjustment`] tells a running picture.
    pub fn set_loss_weights(&mut self, change: impl FnOnce(&mut LossWeights)) {
        change(&mut self.settings.recipe.loss_weights);
    }

    /// The command that brings the current emphasis and optimiser to the running picture. A
    /// reconstruction and a grid's cell have one of their own.
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

    /// Chooses where to compute, leaving any run, and moves there at once if it is elsewhere.
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

    /// Takes the error off view.
    pub fn dismiss_trouble(&mut self) {
        self.trouble = None;
    }

    /// Takes the notice off view.
    pub fn dismiss_notice(&mut self) {
        self.notice = None;
    }

    /// Puts on view what the person should know.
    pub fn notify(&mut self, notice: UserError) {
        self.notice = Some(notice);
    }

    /// Puts an error of the page itself on view.
    pub fn report_trouble(&mut self, error: UserError) {
        self.trouble = Some(Trouble { error, remedy: None });
    }

    /// Takes in what the worker tells. Events of another run than the current, live one change
    /// nothing, save that a worker which calls itself lost is lost for every run.
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
            Event::Paused { run, step } => self.paused(run, step),
            Event::Exported { run, .. } => self.exported(run),
            Event::Finished { run, step } => self.finished(run, step),
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
            // At its own size alone: a smaller one would lose the earlier result's detail.
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
        // The photo's shape is not known here; for the time left a square will do.
        run.levels =
            pyramid::levels(ImageSize::new(recipe.size, recipe.size), recipe.sizes, recipe.steps);
        run.phase = Phase::Preparing(Stage::Pictures);
        Some(Task::Post(Command::Start { run: run.id, recipe, memory: self.settings.memory }))
    }

    /// The run of this name, if it is the current one and not over.
    fn live(&mut self, id: RunId) -> Option<&mut Run> {
        self.run.as_mut().filter(|run| run.id == id && run.phase.is_live())
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

    /// A late answer to a pause that the person has taken back is no news.
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
        match run.errand {
            Errand::Cell(number) if number + 1 < grid::CELLS => {
                self.start_run(Errand::Cell(number + 1))
            }
            Errand::Cell(_) => None,
            _ => Some(Task::Keep),
        }
    }

    /// A run, or the worker's own work, has failed; the worker goes on. A picture that could not be
    /// read will not be readable the next time either.
    fn failed(&mut self, id: Option<RunId>, error: UserError) -> Option<Task> {
        let Some(id) = id else {
            self.report_trouble(error);
            return None;
        };
        let run = self.live(id)?;
        let remedy = (run.phase != Phase::Preparing(Stage::Pictures)).then_some(Remedy::Retry);
        run.phase = Phase::Failed;
        self.trouble = Some(Trouble { error, remedy });
        None
    }

    /// The worker is of no further use. One that served nobody goes quietly.
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
        self.link = Link::Down;
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

    /// Ends the current run, if it lives, and tells whether it did.
    fn end_run(&mut self, phase: Phase) -> bool {
        let Some(run) = self.run.as_mut().filter(|run| run.phase.is_live()) else { return false };
        run.phase = phase;
        run.exporting = false;
        true
    }
}

#[cfg(test)]
mod tests;

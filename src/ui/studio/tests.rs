use super::*;
use crate::layer::Layer;
use crate::memory::{DeviceLimits, MemoryUse};
use crate::recipe::{OptimizerKind, Start};

const STEPS: u32 = 200;

fn gpu(software: bool) -> DeviceReport {
    DeviceReport {
        kind: DeviceKind::Gpu,
        name: "Test".into(),
        software,
        max_edge: 1024,
        limits: DeviceLimits::AMPLE,
    }
}

fn cpu() -> DeviceReport {
    DeviceReport {
        kind: DeviceKind::Cpu,
        software: false,
        name: String::new(),
        max_edge: 512,
        limits: DeviceLimits::AMPLE,
    }
}

fn fault() -> Fault {
    Fault::Panicked { detail: "cause".into() }
}

fn failed(run: Option<u32>, fatal: bool) -> Event {
    Event::Failed { run: run.map(RunId), fault: fault(), fatal }
}

fn progress(run: u32, step: u32) -> Event {
    let losses = Losses { content: 1.0, style: 2.0, total_variation: 0.0 };
    Event::Progress { run: RunId(run), step, steps: STEPS, losses, elapsed_ms: 100.0 }
}

fn preview(run: u32) -> Event {
    Event::Preview { run: RunId(run), step: 1, size: ImageSize::new(4, 3) }
}

/// A page whose worker is up on a real GPU.
fn opened() -> Studio {
    let mut studio = Studio::new(Settings::default(), true);
    assert_eq!(studio.open(), Some(Task::Boot(DeviceKind::Gpu)));
    assert_eq!(studio.apply(Event::Booted), Some(Task::Post(Command::Open(DeviceKind::Gpu))));
    assert_eq!(studio.apply(Event::Opened(gpu(false))), None);
    studio
}

/// The same with run 1 at step 12.
fn running() -> Studio {
    let mut studio = opened();
    assert!(matches!(studio.start(), Some(Task::Post(Command::Start { run: RunId(1), .. }))));
    studio.apply(Event::Preparing { run: RunId(1), stage: Stage::FirstStep });
    studio.apply(progress(1, 12));
    assert_eq!(studio.phase(), Some(Phase::Running));
    studio
}

fn every_run_event(run: u32) -> Vec<Event> {
    let id = RunId(run);
    vec![
        Event::Preparing { run: id, stage: Stage::Targets { done: 1, of: 2 } },
        progress(run, 99),
        preview(run),
        Event::Paused { run: id, step: 99 },
        Event::Exported { run: id, step: 99 },
        Event::Finished { run: id, step: 99 },
        failed(Some(run), false),
    ]
}

#[test]
fn events_of_another_run_change_nothing() {
    let mut studio = running();
    studio.start();
    studio.apply(progress(2, 3));
    let before = studio.clone();
    for event in every_run_event(1).into_iter().chain(every_run_event(7)) {
        assert_eq!(studio.apply(event.clone()), None, "{event:?}");
        assert_eq!(studio, before, "{event:?}");
    }
}

#[test]
fn cancel_is_instant_and_late_events_change_nothing() {
    let mut studio = running();
    studio.export();
    assert_eq!(studio.cancel(), Some(Task::Post(Command::Cancel(RunId(1)))));
    assert_eq!(studio.phase(), Some(Phase::Cancelled));
    let before = studio.clone();
    for event in every_run_event(1) {
        assert_eq!(studio.apply(event.clone()), None, "{event:?}");
        assert_eq!(studio, before, "{event:?}");
    }
    assert_eq!(studio.cancel(), None, "there is nothing left to cancel");
    assert!(matches!(studio.start(), Some(Task::Post(Command::Start { run: RunId(2), .. }))));
}

#[test]
fn a_start_before_the_device_is_open_waits_for_it() {
    let mut studio = Studio::new(Settings::default(), false);
    studio.open();
    assert_eq!(studio.start(), None);
    assert_eq!(studio.adjustment(), None, "the worker does not know the run yet");
    assert_eq!(studio.apply(Event::Booted), Some(Task::Post(Command::Open(DeviceKind::Cpu))));
    let Some(Task::Post(Command::Start { recipe, .. })) = studio.apply(Event::Opened(cpu())) else {
        panic!("the run begins")
    };
    assert_eq!((recipe.size, recipe.steps), (128, 60), "by what the device can bear");
}

#[test]
fn a_start_cancelled_before_the_device_is_open_never_begins() {
    let mut studio = Studio::new(Settings::default(), false);
    studio.open();
    studio.start();
    assert_eq!(studio.cancel(), None, "the worker knows nothing of it");
    assert_eq!(studio.apply(Event::Opened(cpu())), None);
}

#[test]
fn pause_and_resume_answer_at_once_and_a_late_answer_is_no_news() {
    let mut studio = running();
    assert_eq!(studio.toggle_pause(), Some(Task::Post(Command::Pause(RunId(1)))));
    assert_eq!(studio.phase(), Some(Phase::Pausing));
    studio.apply(progress(1, 13));
    studio.apply(Event::Paused { run: RunId(1), step: 13 });
    assert_eq!((studio.phase(), studio.run().unwrap().step), (Some(Phase::Paused), 13));
    assert_eq!(studio.toggle_pause(), Some(Task::Post(Command::Resume(RunId(1)))));
    studio.apply(Event::Paused { run: RunId(1), step: 13 });
    assert_eq!(studio.phase(), Some(Phase::Running));
}

#[test]
fn previews_of_the_run_are_drawn_and_the_finished_picture_is_kept() {
    let mut studio = running();
    assert_eq!(studio.apply(preview(1)), Some(Task::Draw(ImageSize::new(4, 3))));
    assert_eq!(studio.apply(Event::Finished { run: RunId(1), step: STEPS }), Some(Task::Keep));
    assert_eq!((studio.phase(), studio.run().unwrap().step), (Some(Phase::Finished), STEPS));
    assert_eq!(studio.export(), None, "what there is to save is on view");
}

#[test]
fn an_export_is_saved_once_and_even_when_the_run_ends_meanwhile() {
    let mut studio = running();
    let exported = Event::Exported { run: RunId(1), step: 12 };
    assert_eq!(studio.apply(exported.clone()), None, "nobody asked");
    assert_eq!(studio.export(), Some(Task::Post(Command::Export(RunId(1)))));
    studio.apply(Event::Finished { run: RunId(1), step: STEPS });
    assert_eq!(studio.apply(exported.clone()), Some(Task::Save));
    assert_eq!(studio.apply(exported), None);
}

#[test]
fn what_the_worker_says_of_a_file_is_handed_on_whatever_runs() {
    let mut studio = running();
    let (file, before) = (FileId(3), studio.clone());
    assert_eq!(studio.apply(Event::Examined { file, refusal: None }), Some(Task::Accept(file)));
    let refusal = fault();
    assert_eq!(
        studio.apply(Event::Examined { file, refusal: Some(refusal.clone()) }),
        Some(Task::Refuse(file, refusal))
    );
    assert_eq!(studio, before);
}

#[test]
fn a_slider_and_the_optimiser_reach_the_running_picture_and_no_other() {
    let mut studio = opened();
    studio.set_loss_weights(|loss_weights| loss_weights.content_weight = 20.0);
    assert_eq!(studio.adjustment(), None);
    studio.start();
    studio.set(|settings| settings.recipe.optimizer = OptimizerKind::Adam);
    let Some(Task::Post(Command::Adjust { run, loss_weights, optimizer })) = studio.adjustment()
    else {
        panic!("the run is told")
    };
    assert_eq!(
        (run, loss_weights, optimizer),
        (RunId(1), studio.settings().recipe.loss_weights, OptimizerKind::Adam)
    );
}

#[test]
fn a_recipe_reaches_the_running_picture_and_says_when_it_is_too_large() {
    let mut studio = running();
    let mut recipe = Recipe { size: 900, seed: 7, ..Recipe::default() };
    recipe.loss_weights.grain = 0.5;
    let Some(Task::Post(Command::Adjust { loss_weights, .. })) = studio.take_recipe(recipe.clone())
    else {
        panic!("the run is told")
    };
    assert_eq!(loss_weights, recipe.loss_weights);
    assert_eq!(
        (studio.notice(), studio.settings().recipe_on(studio.report())),
        (None, recipe.clone())
    );
    studio.take_recipe(Recipe { size: 3000, ..recipe });
    assert!(studio.notice().unwrap().headline.contains("3000 px"));
}

#[test]
fn a_reconstruction_paints_as_it_was_begun_and_no_slider_reaches_it() {
    let mut studio = opened();
    studio.set(|settings| settings.reconstruction.content_layer = Layer::Conv1_1);
    let Some(Task::Post(Command::Start { recipe, .. })) = studio.reconstruct() else {
        panic!("it begins")
    };
    assert_eq!(recipe.loss_weights.counted_content_layers().layers(), [Layer::Conv1_1]);
    assert_eq!(studio.adjustment(), None);
    studio.apply(progress(1, 1));
    studio.set(|settings| settings.reconstruction.content_layer = Layer::Conv5_1);
    studio.apply(failed(Some(1), false));
    let Some(Task::Post(Command::Start { recipe: again, .. })) = studio.retry() else {
        panic!("it begins again")
    };
    assert_eq!(again, recipe);
}

#[test]
fn a_grid_paints_one_cell_after_another_until_it_is_cancelled_and_a_cell_can_be_taken_over() {
    let mut studio = opened();
    studio.set(|settings| settings.recipe.start = Start::NOISE);
    let mut next = studio.paint_grid();
    for number in 0..3 {
        let Some(Task::Post(Command::Start { run, recipe, .. })) = next else {
            panic!("cell {number} begins")
        };
        assert_eq!((recipe.size, recipe.start), (128, Start::NOISE));
        assert_eq!(recipe.loss_weights.content_weight.to_bits(), grid::COLUMNS[number].to_bits());
        assert_eq!(
            studio.apply(preview(run.0)),
            Some(Task::DrawCell(number, ImageSize::new(4, 3)))
        );
        assert_eq!(studio.adjustment(), None, "no slider reaches it");
        next = studio.apply(Event::Finished { run, step: STEPS });
    }
    studio.cancel();
    assert_eq!(
        studio.apply(Event::Finished { run: RunId(4), step: STEPS }),
        None,
        "the rest is not painted"
    );

    assert!(!studio.is_cell_taken(2));
    assert_eq!(studio.take_cell(2), None);
    assert!(studio.is_cell_taken(2) && !studio.is_cell_taken(1));
    assert_eq!(studio.settings().recipe.loss_weights.style_layers.layers(), [Layer::Conv1_1]);
    assert_eq!(studio.settings().size_on(studio.report()), 512, "size and steps are the person's");
    assert_eq!(studio.take_cell(99), None);
}

#[test]
fn a_grid_ends_with_its_last_cell_and_goes_on_where_it_failed() {
    let mut studio = opened();
    studio.paint_grid();
    for run in 1..=7 {
        studio.apply(Event::Finished { run: RunId(run), step: STEPS });
    }
    studio.apply(failed(Some(8), false));
    assert!(matches!(studio.retry(), Some(Task::Post(Command::Start { run: RunId(9), .. }))));
    assert_eq!(studio.run().unwrap().errand, Errand::Cell(7));
    for run in 9..=16 {
        studio.apply(Event::Finished { run: RunId(run), step: STEPS });
    }
    assert_eq!(
        (studio.run().unwrap().errand, studio.phase()),
        (Errand::Cell(14), Some(Phase::Finished))
    );
}

#[test]
fn a_failed_run_leaves_worker_and_settings_and_starts_again() {
    let mut studio = running();
    studio.set(|settings| settings.size = Some(256));
    assert_eq!(studio.apply(failed(Some(1), false)), None);
    assert_eq!((studio.phase(), studio.link()), (Some(Phase::Failed), Link::Up));
    assert_eq!(studio.trouble().unwrap().remedy, Some(Remedy::Retry));
    assert_eq!(studio.settings().size, Some(256));
    assert!(matches!(studio.start(), Some(Task::Post(Command::Start { run: RunId(2), .. }))));
    assert_eq!(studio.trouble(), None);
}

#[test]
fn the_worker_gets_ready_only_while_it_is_up_and_at_rest() {
    assert_eq!(Studio::new(Settings::default(), true).get_ready(1), None);
    let mut studio = opened();
    let ready = studio.get_ready(2);
    assert!(matches!(ready, Some(Task::Post(Command::Prepare { paintings: 2, .. }))));
    studio.set(|settings| settings.recipe.seed = 96);
    assert_eq!(studio.get_ready(2), ready, "no other program");
    studio.set(|settings| settings.recipe.sizes = Sizes::Doubling(3));
    assert_ne!(studio.get_ready(2), ready, "pictures are carried from size to size");
    let ready = studio.get_ready(2);
    studio.set(|settings| settings.recipe.optimizer = OptimizerKind::Adam);
    assert_ne!(studio.get_ready(2), ready);
    studio.start();
    assert_eq!(studio.get_ready(1), None);
    studio.apply(Event::Failed { run: Some(RunId(1)), fault: fault(), fatal: false });
    assert_eq!(studio.get_ready(1), None, "it would fetch what has just failed");
}

#[test]
fn where_what_was_chosen_to_compute_on_is_not_there_the_page_offers_to_choose() {
    for begun in [false, true] {
        let mut studio = Studio::new(Settings::default(), true);
        studio.choose_device(DeviceChoice::Gpu);
        if begun {
            studio.start();
        }
        assert_eq!(studio.apply(failed(None, true)), Some(Task::Retire));
        assert_eq!(studio.trouble().unwrap().remedy, Some(Remedy::ChooseDevice));
        assert_eq!(studio.choose_device(DeviceChoice::Auto), Some(Task::Boot(DeviceKind::Gpu)));
        assert_eq!(studio.trouble(), None);
        assert_eq!(studio.retry(), None, "a run waits for the device");
        assert_eq!(studio.apply(failed(None, true)), Some(Task::Boot(DeviceKind::Cpu)));
        let began = studio.apply(Event::Opened(cpu()));
        assert_eq!(matches!(began, Some(Task::Post(Command::Start { .. }))), begun);
    }
    let mut studio = Studio::new(Settings::default(), true);
    studio.choose_device(DeviceChoice::Cpu);
    studio.start();
    studio.apply(failed(None, true));
    assert_eq!(
        studio.trouble().unwrap().remedy,
        Some(Remedy::Retry),
        "the page would choose no better"
    );
}

#[test]
fn a_picture_that_cannot_be_read_offers_no_retry() {
    let mut studio = opened();
    studio.start();
    studio.apply(failed(Some(1), false));
    assert!(studio.trouble().unwrap().remedy.is_none());
}

#[test]
fn a_lost_worker_is_retired_and_the_next_start_makes_another() {
    let mut studio = running();
    studio.set(|settings| settings.size = Some(256));
    assert_eq!(studio.apply(failed(Some(1), true)), Some(Task::Retire));
    assert_eq!((studio.phase(), studio.link()), (Some(Phase::Failed), Link::Down));
    assert_eq!(studio.trouble().unwrap().remedy, Some(Remedy::Retry));
    assert_eq!(studio.start(), Some(Task::Boot(DeviceKind::Gpu)));
    assert_eq!(studio.apply(Event::Booted), Some(Task::Post(Command::Open(DeviceKind::Gpu))));
    let Some(Task::Post(Command::Start { run, recipe, .. })) =
        studio.apply(Event::Opened(gpu(false)))
    else {
        panic!("it begins")
    };
    assert_eq!((run, recipe.size), (RunId(2), 256));
}

#[test]
fn a_worker_lost_over_a_run_left_behind_takes_the_current_run_along() {
    let mut studio = running();
    studio.start();
    assert_eq!(studio.apply(failed(Some(1), true)), Some(Task::Retire));
    assert_eq!(studio.phase(), Some(Phase::Failed));
}

#[test]
fn an_idle_worker_goes_quietly() {
    let mut studio = running();
    studio.cancel();
    assert_eq!(studio.apply(failed(None, true)), Some(Task::Retire));
    assert_eq!(studio.trouble(), None);
    assert_eq!(studio.start(), Some(Task::Boot(DeviceKind::Gpu)));
}

#[test]
fn automatic_falls_back_to_the_processor_with_a_notice_and_stays_there() {
    let mut studio = Studio::new(Settings::default(), true);
    studio.open();
    studio.start();
    assert_eq!(studio.apply(failed(None, true)), Some(Task::Boot(DeviceKind::Cpu)));
    assert_eq!(studio.link(), Link::Opening(DeviceKind::Cpu));
    assert!(studio.notice().is_some() && studio.trouble().is_none());
    assert!(matches!(studio.apply(Event::Opened(cpu())), Some(Task::Post(Command::Start { .. }))));
    studio.apply(failed(Some(1), true));
    studio.start();
    assert_eq!(studio.link(), Link::Opening(DeviceKind::Cpu), "the GPU is not tried again");
}

#[test]
fn no_device_at_all_is_an_error_and_can_be_tried_again() {
    let mut studio = Studio::new(Settings::default(), false);
    studio.open();
    assert_eq!(studio.apply(failed(None, true)), Some(Task::Retire));
    assert!(studio.trouble().unwrap().remedy.is_none(), "nothing was started");
    assert_eq!(studio.start(), Some(Task::Boot(DeviceKind::Cpu)));
    studio.apply(failed(None, true));
    assert_eq!(studio.trouble().unwrap().remedy, Some(Remedy::Retry));
}

#[test]
fn an_emulated_gpu_is_left_for_the_processor_unless_the_person_wants_it() {
    let mut studio = Studio::new(Settings::default(), true);
    studio.open();
    assert_eq!(studio.apply(Event::Opened(gpu(true))), Some(Task::Boot(DeviceKind::Cpu)));
    assert_eq!(studio.link(), Link::Opening(DeviceKind::Cpu));
    studio.apply(Event::Opened(cpu()));

    assert_eq!(studio.choose_device(DeviceChoice::Gpu), Some(Task::Boot(DeviceKind::Gpu)));
    assert_eq!(studio.apply(Event::Opened(gpu(true))), None);
    assert_eq!((studio.link(), studio.report()), (Link::Up, Some(&gpu(true))));
}

#[test]
fn choosing_another_device_leaves_the_run_and_choosing_the_same_does_not() {
    let mut studio = running();
    assert_eq!(studio.choose_device(DeviceChoice::Gpu), None, "it already computes there");
    assert_eq!(studio.phase(), Some(Phase::Running));
    assert_eq!(studio.choose_device(DeviceChoice::Cpu), Some(Task::Boot(DeviceKind::Cpu)));
    assert_eq!(
        (studio.phase(), studio.settings().device),
        (Some(Phase::Cancelled), DeviceChoice::Cpu)
    );
    assert_eq!(studio.link(), Link::Opening(DeviceKind::Cpu));
}

#[test]
fn a_run_from_the_result_stays_one_while_it_waits_for_the_device_and_when_it_is_retried() {
    let starts = |task| assert!(matches!(task, Some(Task::Post(Command::Start { .. }))));
    let errand = |studio: &Studio| studio.run().map(|run| run.errand);
    let mut studio = opened();
    starts(studio.go_on());
    assert_eq!(errand(&studio), Some(Errand::GoOn));
    studio.apply(failed(None, true));
    assert_eq!(studio.go_on(), Some(Task::Boot(DeviceKind::Gpu)));
    starts(studio.apply(Event::Opened(gpu(false))));
    assert_eq!(errand(&studio), Some(Errand::GoOn));
    studio.apply(failed(Some(2), false));
    starts(studio.retry());
    assert_eq!(errand(&studio), Some(Errand::GoOn));
    studio.cancel();
    starts(studio.start());
    assert_eq!(errand(&studio), Some(Errand::Repaint));
}

#[test]
fn memory_is_spared_where_the_person_wants_it_and_only_on_a_card() {
    let mut studio = opened();
    studio.set(|settings| settings.memory = MemoryUse::Sparing);
    assert!(studio.gpu_limits().is_some_and(|limits| !limits.sees_whole(1024, 1024)));
    assert!(matches!(
        studio.start(),
        Some(Task::Post(Command::Start { memory: MemoryUse::Sparing, .. }))
    ));
    studio.apply(Event::Opened(cpu()));
    assert_eq!(studio.gpu_limits(), None);
}

//! The built page in real browsers, driven as a person would: Chromium and Firefox, each against
//! the release build in `dist/`. `cargo xtask test` builds it, brings the browsers, and runs these
//! one after another.

mod making;
mod pictures;
mod runs;
mod stage;
mod troubles;
mod visits;

use harness::browser::Browser;
use harness::browser::driver::{Session, play};
use harness::browser::page::Page;
use harness::browser::site::Site;
use impasto::words::page::ENGLISH as WORDS;
use pictures::Pictures;

/// Makes each scenario a test in both browsers.
macro_rules! in_both_browsers {
    ($($module:ident :: $scenario:ident),+ $(,)?) => {
        mod chromium {
            $(#[test] fn $scenario() { super::play(super::Browser::Chromium, super::$module::$scenario); })+
        }
        mod firefox {
            $(#[test] fn $scenario() { super::play(super::Browser::Firefox, super::$module::$scenario); })+
        }
    };
}

in_both_browsers! {
    runs::a_first_run_ends_with_a_picture_to_keep,
    runs::the_gpu_does_the_same,
    runs::the_gpu_paints_what_the_processor_does,
    runs::the_gpu_paints_in_tiles_what_the_processor_does_as_a_whole,
    runs::a_run_that_spares_memory_comes_as_far,
    runs::a_run_takes_the_memory_that_is_told,
    runs::compiling_for_the_gpu_is_told_and_can_be_called_off,
    runs::a_pause_holds_the_run_and_resume_goes_on,
    runs::cancel_is_felt_at_once_and_a_new_run_begins,
    runs::the_slider_acts_on_the_running_picture,
    runs::options_are_followed_and_a_run_goes_on_from_its_result,
    runs::each_picture_can_be_reconstructed_alone,
    runs::a_grid_grows_and_a_cell_is_taken_over,
    runs::the_page_stays_responsive,
    stage::the_picture_is_the_page,
    stage::photo_and_picture_are_compared,
    stage::photo_and_picture_lie_side_by_side,
    stage::a_look_is_chosen_by_its_picture_and_taken_back,
    stage::the_picture_is_zoomed_and_moved,
    stage::a_telephone_keeps_the_picture_above_what_changes_it,
    stage::keys_act_and_rest_in_fields,
    stage::controls_are_named_and_large_enough,
    stage::what_is_missing_is_said_and_led_to,
    stage::changes_that_wait_are_counted,
    making::strength_lies_between_photo_and_picture,
    making::moments_lead_back,
    making::a_film_is_saved_or_called_off,
    making::time_is_told_before_and_after,
    visits::the_second_visit_fetches_no_weights,
    visits::what_a_run_needs_comes_while_the_person_chooses,
    visits::pictures_and_settings_survive_a_reload,
    visits::a_recipe_is_saved_and_loaded,
    visits::nothing_is_asked_of_any_other_site,
    visits::the_page_works_below_a_sub_path,
    visits::one_click_on_a_sample_gives_a_result,
    visits::without_webgpu_the_processor_does_the_work,
    visits::without_storage_it_works_from_memory,
    troubles::bad_files_are_named_and_the_page_goes_on,
    troubles::a_broken_download_is_resumed,
    troubles::wrong_weights_are_refused_and_fetched_anew,
    troubles::a_lost_gpu_is_survived,
    troubles::a_dead_worker_is_survived,
}

/// A page with both pictures chosen, computing where `device` says, for `steps` steps.
async fn prepared<'a>(
    session: &'a Session,
    site: &Site,
    pictures: &Pictures,
    device: &str,
    steps: u32,
) -> Page<'a> {
    let page = Page::open(session, &site.url()).await;
    page.set(WORDS.in_workshop.device, device).await;
    page.set(WORDS.steps, &steps.to_string()).await;
    page.choose_file(WORDS.photo, &pictures.content()).await;
    page.choose_file(WORDS.painting, &pictures.style()).await;
    page
}

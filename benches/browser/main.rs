//! Measures the built page in a real browser, driven as a user would drive it. It is the unchanged
//! release build; injected scripts record when the worker's events arrive and count the worker's
//! GPU buffers.

mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use harness::bench;
use harness::bench::case::{BenchSubject, Case, Steps};
use harness::bench::line::{Line, StepLine};
use harness::bench::pictures;
use harness::browser::driver::{self, Session};
use harness::browser::page::Page;
use harness::browser::site::Site;
use harness::failure::{Context, Failure, Outcome};
use impasto::codec::encode_png;
use impasto::pixels::Pixels;
use impasto::recipe::Recipe;
use impasto::words::page::ENGLISH as WORDS;
use tempfile::TempDir;

use self::watch::Watch;

fn main() -> ExitCode {
    bench::main(|case| {
        let BenchSubject::Steps(steps @ Steps { browser: Some(browser), .. }) = case.subject else {
            return Err(Failure::new("the page does whole steps alone", "measure natively"));
        };
        driver::play(browser, async |session| measure(session, case, steps).await)?.print();
        Ok(())
    })
}

/// Makes one visit: brings the pictures, watches the run and cancels it.
async fn measure(session: &Session, case: &Case, steps: Steps) -> Outcome<Line> {
    let site = Site::start();
    site.watch_buffers();
    site.hook_page(watch::SCRIPT);
    // The page reads the files again when the run begins.
    let folder = tempfile::tempdir().or_fail(
        || "no folder can be made".to_owned(),
        "see to the permissions of the system's temporary folder",
    )?;
    let page = prepared(session, &site, &folder, case, steps).await?;
    let watch = Watch::of_run(&page, session.driver.id(), case.runs).await?;
    let cancelled = watch::cancel(&page).await?;
    Ok(Line::Step(StepLine {
        adapter: watch.adapter(),
        // More than requested if the worker reports several at once.
        steps: watch.steps(),
        cpu_ms_per_step: watch.cpu_ms_per_step(),
        peak_device_bytes: watch.peak_device_bytes(),
        memory: watch.memory(),
        page: Some(watch.page_figures(cancelled)),
        ..StepLine::new(case, steps, watch.ms_per_step(), watch.warm_up_s())
    }))
}

/// Opens the page with pictures and recipe, before Paint is pressed.
async fn prepared<'a>(
    session: &'a Session,
    site: &Site,
    folder: &TempDir,
    case: &Case,
    steps: Steps,
) -> Outcome<Page<'a>> {
    let page = Page::open(session, &site.url()).await;
    page.set(WORDS.in_workshop.device, case.device.name()).await;
    watch::until_opened(&page).await?;
    // More steps than anyone waits for.
    let endless = *Recipe::STEPS.end();
    let recipe = steps.recipe(case.size, endless).to_json();
    page.choose_file(
        WORDS.in_workshop.load_recipe,
        &file(folder, "recipe.json", recipe.as_bytes()),
    )
    .await;
    page.until("the recipe is taken", async || {
        (page.chosen(WORDS.steps).await == endless.to_string()).then_some(())
    })
    .await;
    bring(&page, folder, WORDS.photo, "photo.png", &pictures::photo(case.size)).await;
    for (number, well) in (1..=steps.styles).zip([WORDS.painting, WORDS.second_painting]) {
        bring(
            &page,
            folder,
            well,
            &format!("painting{number}.png"),
            &pictures::painting(case.size, number),
        )
        .await;
    }
    Ok(page)
}

/// Gives a picture to an input slot and waits until its name is shown. Paint cannot be pressed
/// until the worker has decoded it.
async fn bring(page: &Page<'_>, folder: &TempDir, well: &str, name: &str, picture: &Pixels) {
    page.choose_file(well, &file(folder, name, &encode_png(picture))).await;
    page.until_text(name).await;
}

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the file can be written");
    path
}

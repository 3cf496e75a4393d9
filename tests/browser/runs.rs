//! A run from Paint to Save.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use impasto::codec;
use impasto::engine::weights::{ChannelMeans, Weights};
use impasto::engine::{self, StyleTransfer, Vgg19};
use impasto::memory::DeviceLimits;
use impasto::recipe::{Preset, Recipe};
use serde::Deserialize;

use crate::pictures::{CONTENT, Pictures};
use crate::prepared;
use harness::browser::driver::Session;
use harness::browser::page::Page;
use harness::browser::site::Site;
use impasto::words::page::ENGLISH as WORDS;

/// More steps than any test waits for.
const LONG: u32 = 5000;
/// Within this a person feels no delay; the allowance is for two cores that also emulate the GPU.
const AT_ONCE: Duration = Duration::from_millis(500);
/// Longest task on the page's thread while a run goes on, ms; on a machine that also emulates the
/// GPU.
const LONGEST_TASK_MS: f64 = 200.0;

/// What workers have of the GPU's memory, bytes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buffers {
    held: u64,
    peak: u64,
    given_back: u64,
}

async fn buffers(page: &Page<'_>) -> Buffers {
    serde_json::from_value(page.run("return window.buffers;", vec![]).await)
        .expect("the page was told")
}

/// The whole way, on `device`: the steps rise, the loss falls, the picture changes and can be kept.
async fn run_to_the_end(session: &Session, device: &str, steps: u32) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, device, steps).await;
    let asks = async || {
        let script = "const leave = new Event('beforeunload', { cancelable: true }); \
                      dispatchEvent(leave); return leave.defaultPrevented;";
        page.run(script, vec![]).await
    };
    assert_eq!(asks().await, false, "there is nothing to lose");
    page.press(WORDS.paint).await;
    page.reach_step(1).await;
    assert_eq!(asks().await, true, "the run would be lost");
    let (first_loss, first) = (page.loss().await, page.until_shown_other_than(None).await);
    assert_eq!((first.width, first.height), (CONTENT.0.into(), CONTENT.1.into()));
    page.until_status("finished").await;
    assert_eq!(page.reach_step(steps).await, steps);
    let (last_loss, last) = (page.loss().await, page.shown().await);
    assert!(last_loss < 0.9 * first_loss, "the loss went from {first_loss} to {last_loss}");
    assert_ne!(Some(first), last, "the picture has not changed");
    assert_eq!(asks().await, true, "the picture would be lost");

    page.press(WORDS.save).await;
    let path = page.downloaded("png").await;
    let picture = page.until("the file is whole", async || image::open(&path).ok()).await;
    assert_eq!((picture.width(), picture.height()), CONTENT);
    assert_eq!(asks().await, false, "the picture is saved");
}

/// On what the page chooses by itself.
pub async fn a_first_run_ends_with_a_picture_to_keep(session: &Session) {
    run_to_the_end(session, "auto", 12).await;
}

/// Through WebGPU.
pub async fn the_gpu_does_the_same(session: &Session) {
    run_to_the_end(session, "gpu", 4).await;
}

/// A run through WebGPU comes to the picture to which the engine comes on the processor.
async fn paint_as_on_the_processor<'a>(
    session: &'a Session,
    site: &Site,
    content: (u32, u32),
) -> Page<'a> {
    const STEPS: u32 = 3;
    let pictures = Pictures::new();
    let photo = pictures.other_content(content);
    let page = prepared(session, site, &pictures, "gpu", STEPS).await;
    page.choose_file(WORDS.photo, &photo).await;
    // Sizes beyond the photo's are not listed.
    page.set(WORDS.size, if content.0 > 128 { "256" } else { "64" }).await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    page.press(WORDS.save).await;
    let path = page.downloaded("png").await;
    let ours = page.until("the file is whole", async || image::open(&path).ok()).await.into_rgb8();
    assert_eq!(ours.dimensions(), content);
    let recipe = Recipe { steps: STEPS, ..Recipe::default() };
    let [begun, expected] = on_the_processor(&recipe, &photo, &pictures.style()).await;
    let (apart, way) = (distance(&ours, &expected), distance(&begun, &expected));
    assert!(way > 5.0 && apart < 0.01 * way, "{apart} levels apart after a way of {way}");
    page
}

/// The picture before and after a run of the engine itself.
async fn on_the_processor(recipe: &Recipe, photo: &Path, painting: &Path) -> [Vec<u8>; 2] {
    let device = Device::flex();
    let vgg = Rc::new(Vgg19::new(Weights::committed(), &ChannelMeans::built_in(), &device));
    let [photo, painting] = [photo, painting].map(|path| {
        let bytes = std::fs::read(path).expect("the picture is there");
        codec::decode_fitted(&bytes, recipe.size).expect("it is one")
    });
    let pictures = engine::Pictures::new(photo, vec![painting]);
    let mut transfer = StyleTransfer::new(vgg, &pictures, recipe, DeviceLimits::AMPLE, &device)
        .expect("the recipe makes sense");
    let begun = transfer.pixels().await.expect("the processor is there");
    while !transfer.finished() {
        transfer.step().await.expect("the processor is there");
    }
    let ended = transfer.pixels().await.expect("the processor is there");
    [begun, ended]
        .map(|pixels| pixels.rgba().chunks(4).flat_map(|pixel| pixel[..3].to_vec()).collect())
}

/// Root mean square of what lies between two pictures, levels of 255.
#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn distance(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let squares: f64 =
        one.iter().zip(other).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    (squares / one.len() as f64).sqrt()
}

/// Of sizes that nothing divides.
pub async fn the_gpu_paints_what_the_processor_does(session: &Session) {
    let site = Site::start();
    let page = paint_as_on_the_processor(session, &site, (61, 47)).await;
    assert_eq!(
        page.run(KNOWS_THE_CARD, vec![]).await,
        true,
        "another card would be taken for this one"
    );
}

/// Whether what was found out about the card is kept under what the browser tells of it.
const KNOWS_THE_CARD: &str = "return (async () => {
    const name = (await caches.keys()).find(name => name.startsWith('impasto-tuning'));
    const kept = await (await caches.open(name)).keys();
    const { info } = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    return kept.length === 1 && decodeURIComponent(kept[0].url).includes(`${info.vendor} ${info.architecture} ${info.device}`);
})();";

/// On a graphics card whose buffers hold maps of 208 px.
pub async fn the_gpu_paints_in_tiles_what_the_processor_does_as_a_whole(session: &Session) {
    let site = Site::start();
    site.limit_buffers(210 * 210 * 256);
    let page = paint_as_on_the_processor(session, &site, (217, 27)).await;
    page.choose_file(WORDS.photo, &Pictures::new().large_content(600)).await;
    assert_eq!(largest_size(&page).await, 384, "with such buffers");
}

/// With memory spared, for which maps are kept in f16 where the browser offers it, a run comes as
/// far. A run that is called off gives its memory back.
pub async fn a_run_that_spares_memory_comes_as_far(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    site.watch_buffers();
    let page = prepared(session, &site, &pictures, "gpu", LONG).await;
    let given_back = async || buffers(&page).await.given_back;
    page.press(WORDS.paint).await;
    page.reach_step(1).await;
    let before = given_back().await;
    page.press(WORDS.stop).await;
    // Block 1's two largest gradients alone.
    let bytes = u64::from(2 * 64 * 4 * CONTENT.0 * CONTENT.1);
    page.until("the run's memory is given back", async || {
        (given_back().await >= before + bytes).then_some(())
    })
    .await;
    page.set(WORDS.steps, "3").await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    let ample = page.loss().await;
    page.set(WORDS.in_workshop.memory, "sparing").await;
    page.press(WORDS.paint).await;
    page.until("another run begins", async || {
        (!page.status().await.contains("finished")).then_some(())
    })
    .await;
    page.until_status("finished").await;
    let sparing = page.loss().await;
    assert!((sparing / ample - 1.0).abs() < 0.02, "{sparing} with memory spared, {ample} without");
}

/// What the page tells of the graphics card's memory is what a run takes of it, as a whole and in
/// tiles, and most of it is given back at once.
pub async fn a_run_takes_the_memory_that_is_told(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    site.watch_buffers_idly();
    // In the last, where buffers are large enough, what CubeCL lets go of by itself would be half
    // as much again.
    for (memory, size, steps) in [("ample", 512, 2), ("sparing", 1024, 2), ("ample", 2048, 6)] {
        let page = prepared(session, &site, &pictures, "gpu", steps).await;
        page.choose_file(WORDS.photo, &pictures.large_content(size)).await;
        page.set(WORDS.in_workshop.memory, memory).await;
        let size = size.min(largest_size(&page).await);
        page.set(WORDS.size, &size.to_string()).await;
        let told =
            page.until("the size goes by the photo", async || gigabytes_told(&page).await).await;
        page.press(WORDS.paint).await;
        page.until_status("finished").await;
        let most_given_back =
            async || Some(buffers(&page).await).filter(|buffers| 2 * buffers.held < buffers.peak);
        let peak = page.until("most of a run's memory is given back", most_given_back).await.peak;
        #[expect(clippy::cast_precision_loss, reason = "compared to two digits")]
        let peak = peak as f64 / 1e9;
        // What is told is rounded, and a few buffers wait for the collector.
        assert!(
            peak > 0.8 * told - 0.05 && peak < 1.15 * told + 0.05,
            "{size} px took {peak:.2} GB, and {told} were told"
        );
    }
}

/// The largest size offered, once sizes go by a photo that is as large as one of them or larger.
async fn largest_size(page: &Page<'_>) -> u32 {
    let script = "const { value, textContent } = \
                  document.querySelector('#size option:last-child'); \
                  return textContent.includes('the photo has') ? null : Number(value);";
    let largest =
        async || serde_json::from_value(page.run(script, vec![]).await).expect("a number");
    page.until("sizes go by the photo", largest).await
}

/// What the chosen size says that it takes of the graphics card's memory; `None` while the photo is
/// another that is smaller.
async fn gigabytes_told(page: &Page<'_>) -> Option<f64> {
    let script = "return [...document.querySelectorAll('option:checked')].map(option => \
                  option.textContent).find(text => text.includes(' GB'));";
    let told = page.run(script, vec![]).await;
    let told = told.as_str().filter(|told| !told.contains("the photo has"))?;
    told.split_once(" GB")?.0.rsplit_once(' ')?.1.parse().ok()
}

/// Before the first step a bar tells how far the compiling is, and one need not wait for its end.
pub async fn compiling_for_the_gpu_is_told_and_can_be_called_off(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "gpu", LONG).await;
    page.press(WORDS.paint).await;
    page.until_status("Preparing the graphics card").await;
    let bar = async || {
        let value =
            page.run("return document.querySelector('progress')?.position ?? -1;", vec![]).await;
        value.as_f64().filter(|&done| done > 0.0 && done < 1.0)
    };
    let first = page.until("the bar shows a part", bar).await;
    page.until("the bar moves on", async || bar().await.filter(|&done| done > first)).await;
    page.press(WORDS.stop).await;
    page.until_status("ancelled").await;
}

/// Pause, wait, resume.
pub async fn a_pause_holds_the_run_and_resume_goes_on(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", LONG).await;
    page.press(WORDS.paint).await;
    page.reach_step(1).await;
    page.press(WORDS.pause).await;
    page.until_status("aused").await;
    let (step, shown) = (page.step().await, page.shown().await);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(page.step().await, step, "a paused run goes on");
    assert_eq!(page.shown().await, shown, "a paused picture changes");
    page.press(WORDS.resume).await;
    page.reach_step(step.expect("the status tells the step") + 1).await;
}

/// Cancel, then another run.
pub async fn cancel_is_felt_at_once_and_a_new_run_begins(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", LONG).await;
    page.press(WORDS.paint).await;
    page.reach_step(2).await;
    // Escape in a control closes a list or takes back a movement; the run goes on.
    page.run(
        "document.getElementById('size').dispatchEvent(new KeyboardEvent('keydown', { key: \
         'Escape', bubbles: true }));",
        vec![],
    )
    .await;
    assert!(!page.status().await.contains("ancelled"), "Escape in a list has ended the run");
    let kept = page.shown().await;
    let pressed = Instant::now();
    page.press(WORDS.stop).await;
    page.until_status("ancelled").await;
    assert!(pressed.elapsed() < AT_ONCE, "cancel took {:?}", pressed.elapsed());
    assert!(kept.is_some() && page.shown().await.is_some(), "the last picture is gone");

    page.set(WORDS.steps, "3").await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    assert_eq!(page.step().await, Some(3), "the new run is not the one asked for");
}

/// The content's share of the loss follows the slider, without a new run.
pub async fn the_slider_acts_on_the_running_picture(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", LONG).await;
    page.set_slider(WORDS.how_much.name, 0.0).await;
    page.press(WORDS.paint).await;
    page.reach_step(3).await;
    let heavy = page.loss_of("Content").await;
    page.set_slider(WORDS.how_much.name, 1.0).await;
    // The ends of the slider are a factor of 100 apart, of which the picture's own change can take
    // back a part. By itself the content's loss would rise: the run begins with the photo.
    let follows = async || (page.loss_of("Content").await < 0.2 * heavy).then_some(());
    page.until(&format!("the content's loss falls far below {heavy}"), follows).await;
}

/// A preset, other colours, a second style; then once more from where the result ends.
pub async fn options_are_followed_and_a_run_goes_on_from_its_result(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", 8).await;
    page.choose_file(WORDS.second_painting, &pictures.second_style()).await;
    page.set_slider(WORDS.blend.name, 0.3).await;
    page.choose_look(Preset::CloserToThePhoto.title()).await;
    page.set(WORDS.colours, "photo").await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    let (first, reached) = (page.shown().await, page.loss().await);

    page.press(WORDS.go_on).await;
    page.until_status("Step 1 of").await;
    let begun = page.loss().await;
    assert!(begun < 1.3 * reached, "the loss was {reached}, and the next run begins with {begun}");
    page.until_status("finished").await;
    assert!(page.loss().await < reached, "going on has brought nothing");
    page.press(WORDS.previous).await;
    assert_eq!(page.shown().await, first, "the earlier result is gone");
    page.press(WORDS.latest).await;
    assert_ne!(page.shown().await, first, "the latest result is gone");
    page.set_slider(WORDS.outlines.name, 0.9).await;
    page.until_text(WORDS.own_look).await;

    page.press(WORDS.remove_second).await;
    assert_eq!(
        page.focused().await,
        WORDS.second_painting,
        "where the focus goes with the picture"
    );
}

/// What a layer sees: each of the two pictures by itself is enough.
pub async fn each_picture_can_be_reconstructed_alone(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = Page::open(session, &site.url()).await;
    page.set(WORDS.steps, "4").await;
    page.open_workshop().await;
    page.press(WORDS.inside).await;
    page.choose_file(WORDS.photo, &pictures.content()).await;
    page.set(WORDS.from_layer, "conv2_1").await;
    page.press(WORDS.reconstruct).await;
    page.until_status("Step 4 of 4 · finished").await;
    assert!(
        page.loss_of("Content").await > 0.0 && page.loss_of("Style").await == 0.0,
        "content alone counts"
    );
    let content = page.shown().await;
    page.press(WORDS.save).await;
    let file = page.downloaded("png").await;
    assert_eq!(file.file_name().expect("it has a name"), "impasto-photo-from-conv2_1.png");

    page.choose_file(WORDS.painting, &pictures.style()).await;
    page.press(WORDS.inside).await;
    page.set(WORDS.reconstruction_of, "style").await;
    page.press(WORDS.reconstruct).await;
    page.until_status("Step 1 of 4").await;
    page.until_status("Step 4 of 4 · finished").await;
    assert!(
        page.loss_of("Style").await > 0.0 && page.loss_of("Content").await == 0.0,
        "style alone counts"
    );
    assert_ne!(page.shown().await, content);
    let compared = "return document.querySelector('.viewport img.photo')?.alt;";
    assert_eq!(page.run(compared, vec![]).await, WORDS.painting, "what it is compared with");
}

/// The grid grows cell by cell; cancel keeps what there is, and a cell's settings can be taken
/// over.
pub async fn a_grid_grows_and_a_cell_is_taken_over(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", 2).await;
    page.open_workshop().await;
    page.press(WORDS.inside).await;
    page.press(WORDS.paint_grid).await;
    page.until_status("Picture 4 of 15").await;
    page.press(WORDS.stop).await;
    page.until_status("ancelled").await;
    let count = "return document.querySelectorAll('.grid button').length;";
    let painted = page.run(count, vec![]).await.as_u64().expect("a number");
    assert!((3..15).contains(&painted), "{painted} cells are painted");
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!(page.run(count, vec![]).await, painted, "a cancelled grid goes on");

    page.press("Enlarge conv1_1, 0 % style").await;
    page.run(
        "document.querySelector('dialog[open] .actions button:nth-child(2)').click();",
        vec![],
    )
    .await;
    let cell = page.take_download("png").await;
    assert!(codec::decode(&cell).is_ok(), "a cell is saved");
    page.press(WORDS.use_settings).await;
    assert_eq!(page.chosen(WORDS.how_much.name).await, "0");
    let layers = "return [...document.querySelectorAll('.layers')].map(l => \
                  l.querySelectorAll(':checked').length)[0];";
    assert_eq!(page.run(layers, vec![]).await, 1, "the style layers are the cell's");
    page.press(WORDS.close).await;
    page.press(WORDS.paint).await;
    page.until_status("Step 2 of 2 · finished").await;
}

/// No task of the page's own holds its thread while a run goes on.
pub async fn the_page_stays_responsive(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", LONG).await;
    page.press(WORDS.paint).await;
    let step = page.reach_step(2).await;
    let script = r#"
        const done = arguments[arguments.length - 1];
        const channel = new MessageChannel();
        const end = performance.now() + 3000;
        let last = performance.now(), longest = 0;
        channel.port1.onmessage = () => {
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
            now < end ? setTimeout(() => { last = performance.now(); channel.port2.postMessage(0); }, 4) : done(longest);
        };
        channel.port2.postMessage(0);
    "#;
    let longest = session
        .client
        .execute_async(script, vec![])
        .await
        .expect("the page answers")
        .as_f64()
        .expect("a number");
    assert!(longest < LONGEST_TASK_MS, "a task of {longest} ms held the page");
    assert!(page.step().await > Some(step), "the run stood still meanwhile");
}

//! What a visit loads, from where, and what it does without.

use crate::pictures::{CONTENT, Pictures, STYLE};
use crate::prepared;
use harness::browser::driver::Session;
use harness::browser::page::Page;
use harness::browser::site::{Site, WeightsFault};
use impasto::words::page::ENGLISH as WORDS;

/// Runs a few steps on what the page chooses by itself.
async fn brief_run(session: &Session, site: &Site) {
    let pictures = Pictures::new();
    let page = prepared(session, site, &pictures, "auto", 2).await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
}

/// The browser's storage serves the weights from the second visit on.
pub async fn the_second_visit_fetches_no_weights(session: &Session) {
    let site = Site::start();
    brief_run(session, &site).await;
    let first = site.weights_requests();
    assert!(first > 0, "the first visit must fetch them: {:?}", site.log());
    brief_run(session, &site).await;
    assert_eq!(site.weights_requests(), first, "{:?}", site.log());
}

/// The network is fetched from the first picture on. Meanwhile pictures are taken in, and a run
/// that is asked for tells how far it is.
pub async fn what_a_run_needs_comes_while_the_person_chooses(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    site.spoil_weights(Some(WeightsFault::Stalled(2_000_000)));
    let page = Page::open(session, &site.url()).await;
    page.set(WORDS.in_workshop.device, "cpu").await;
    page.set(WORDS.steps, "2").await;
    assert_eq!(site.weights_requests(), 0, "no picture has been chosen");
    page.choose_file(WORDS.photo, &pictures.content()).await;
    page.until("the network is asked for", async || (site.weights_requests() > 0).then_some(()))
        .await;
    page.choose_file(WORDS.painting, &pictures.style()).await;
    page.until_text("painting.png").await;
    page.press(WORDS.paint).await;
    page.until_status("Downloading the network").await;
    page.press(WORDS.stop).await;
    page.until_status("ancelled").await;
    page.choose_file(WORDS.photo, &pictures.second_style()).await;
    page.until_text("second.png").await;
    site.spoil_weights(None);
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    assert_eq!(site.weights_requests(), 1, "{:?}", site.log());
}

/// What was chosen is there again after a reload, and can be painted with.
pub async fn pictures_and_settings_survive_a_reload(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", 2).await;
    page.choose_file(WORDS.second_painting, &pictures.second_style()).await;
    page.until_text("second.png").await;
    // Some may still be on their way.
    page.press(WORDS.swap).await;
    // What was written last holds, however soon after another.
    page.press(WORDS.swap).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let page = Page::open(session, &site.url()).await;
    for (well, name) in
        [("content", "photo.png"), ("style", "painting.png"), ("second-style", "second.png")]
    {
        let text =
            async || page.text(&format!("[data-well={well}]")).await.contains(name).then_some(());
        page.until(&format!("{name} is there again"), text).await;
    }
    until_sizes_know(&page, CONTENT.0).await;
    page.press(WORDS.swap).await;
    until_sizes_know(&page, STYLE.0).await;
    page.press(WORDS.paint).await;
    page.until_status("Step 2 of 2 · finished").await;
}

/// Waits until the list of sizes tells that the photo has no more than so many pixels.
async fn until_sizes_know(page: &Page<'_>, long_edge: u32) {
    let told = format!("(the photo has {long_edge})");
    let sizes =
        async || page.run("return document.getElementById('size').textContent;", vec![]).await;
    page.until(&told, async || {
        sizes().await.as_str().unwrap_or_default().contains(&told).then_some(())
    })
    .await;
}

/// The settings as a file, out and in; one that makes no sense changes nothing.
pub async fn a_recipe_is_saved_and_loaded(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "auto", 3).await;
    page.set(WORDS.brush, "1.5").await;
    page.open_workshop().await;
    page.press(WORDS.in_workshop.save_recipe).await;
    let saved = page.downloaded("json").await;
    let saved = page
        .until("the recipe is whole", async || {
            std::fs::read_to_string(&saved).ok().filter(|t| t.ends_with('}'))
        })
        .await;
    let mut recipe: serde_json::Value = serde_json::from_str(&saved).expect("it is JSON");
    assert_eq!(
        (recipe["steps"].as_u64(), recipe["style_scale"].as_f64()),
        (Some(3), Some(1.5)),
        "{saved}"
    );

    page.choose_file(
        WORDS.in_workshop.load_recipe,
        &pictures.file("bad.json", br#"{"size": 7, "steps": 44}"#),
    )
    .await;
    page.until_alert("size is 7; it must lie between 32 and 8192").await;
    assert_eq!(page.chosen(WORDS.steps).await, "3", "a bad recipe has changed something");

    recipe["steps"] = 2.into();
    recipe["style_scale"] = 0.83.into();
    recipe["seed"] = 77.into();
    page.choose_file(
        WORDS.in_workshop.load_recipe,
        &pictures.file("good.json", recipe.to_string().as_bytes()),
    )
    .await;
    page.until("the steps are the recipe's", async || {
        (page.chosen(WORDS.steps).await == "2").then_some(())
    })
    .await;
    assert_eq!(page.alert().await, "", "the old error is still on view");
    assert_eq!(page.chosen(WORDS.brush).await, "own", "a value of the recipe's own is offered");
    page.press(WORDS.paint).await;
    page.until_status("Step 2 of 2 · finished").await;
}

/// Everything comes from the page's own origin, and a script that tries otherwise is held back.
pub async fn nothing_is_asked_of_any_other_site(session: &Session) {
    let site = Site::start();
    brief_run(session, &site).await;
    let script = r"
        const names = performance.getEntriesByType('resource').map(entry => entry.name);
        return names.filter(name => !name.startsWith(location.origin) && !/^(blob|data):/.test(name));
    ";
    let foreign = session.client.execute(script, vec![]).await.expect("the page answers");
    assert_eq!(foreign, serde_json::json!([]));

    let attempt = "const done = arguments[arguments.length - 1];
        document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective));
        fetch('http://127.0.0.1:9/').finally(() => setTimeout(done, 1000, 'no violation'));";
    let outcome = session.client.execute_async(attempt, vec![]).await.expect("the page answers");
    assert_eq!(outcome, "connect-src", "the policy does not stop foreign requests");
}

/// Any static host, any folder.
pub async fn the_page_works_below_a_sub_path(session: &Session) {
    brief_run(session, &Site::below("/some/folder/")).await;
}

/// From a first look to a first picture in one click.
pub async fn one_click_on_a_sample_gives_a_result(session: &Session) {
    let site = Site::start();
    let page = Page::open(session, &site.url()).await;
    page.set(WORDS.size, "64").await;
    page.set(WORDS.steps, "2").await;
    page.press(WORDS.try_sample).await;
    page.until_status("finished").await;
    assert!(page.shown().await.is_some());
}

/// A browser without WebGPU.
pub async fn without_webgpu_the_processor_does_the_work(session: &Session) {
    let site = Site::start();
    site.hook_page("delete Navigator.prototype.gpu;");
    brief_run(session, &site).await;
    let page = Page::open(session, &site.url()).await;
    page.until_text("rocessor").await;
}

/// A browser that lets the page keep nothing.
pub async fn without_storage_it_works_from_memory(session: &Session) {
    let site = Site::start();
    let denied = "CacheStorage.prototype.open = () => Promise.reject(new DOMException('denied', \
                  'SecurityError'));";
    site.hook_page(denied);
    site.hook_worker(denied);
    let pictures = Pictures::new();
    let page = prepared(session, &site, &pictures, "auto", 2).await;
    page.press(WORDS.paint).await;
    page.until_text("could not be kept").await;
    page.until_status("finished").await;
}

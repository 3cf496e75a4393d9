//! What can go wrong, what the person is told, and that nothing is lost by it.

use crate::pictures::Pictures;
use crate::prepared;
use harness::browser::driver::Session;
use harness::browser::page::Page;
use harness::browser::site::{Site, WeightsFault};
use impasto::words::page::ENGLISH as WORDS;

/// Runs on after a trouble, with the pictures and settings that are there.
async fn stylise_again(page: &Page<'_>, button: &str) {
    page.press(button).await;
    page.until_status("finished").await;
    assert_eq!(page.alert().await, "", "the old error is still on view");
}

/// Files that are no pictures, or not whole: told at once, and without taking the place of the
/// picture that is there.
pub async fn bad_files_are_named_and_the_page_goes_on(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let whole = std::fs::read(pictures.content()).expect("the picture is there");
    let page = prepared(session, &site, &pictures, "auto", 2).await;
    let bad = [
        (pictures.file("notes.png", b"Dear diary, this is not a picture."), "not a picture"),
        (pictures.file("empty.jpg", b""), "empty"),
        (pictures.file("half.png", &whole[..whole.len() / 2]), "incomplete"),
    ];
    for (file, words) in &bad {
        page.choose_file(WORDS.photo, file).await;
        page.until_alert(words).await;
        let name = file.file_name().expect("it has a name").to_string_lossy();
        assert!(page.alert().await.contains(&*name), "which file it is: {}", page.alert().await);
        let holds =
            async || page.text("[data-well=content]").await.contains("photo.png").then_some(());
        page.until("the picture that was there is still there", holds).await;
    }
    page.press(WORDS.dismiss).await;
    assert_eq!(page.focused().await, WORDS.paint, "where the focus goes with the message");
    stylise_again(&page, WORDS.paint).await;
}

/// The connection breaks; Retry goes on where it stopped.
pub async fn a_broken_download_is_resumed(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    // It begins with the first picture that is chosen.
    site.spoil_weights(Some(WeightsFault::Dropped(1_000_000)));
    let page = prepared(session, &site, &pictures, "auto", 2).await;
    page.press(WORDS.paint).await;
    page.until_alert("broke off").await;
    site.spoil_weights(None);
    let before = site.log().len();
    stylise_again(&page, WORDS.retry).await;
    let resumed = site.log()[before..].iter().any(|line| {
        line.contains("/weights/") && line.contains("bytes=") && !line.contains("bytes=0-")
    });
    assert!(resumed, "the download began anew: {:?}", site.log());
}

/// Bytes that are not the network are never used.
pub async fn wrong_weights_are_refused_and_fetched_anew(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let faults = [
        (WeightsFault::Missing, "404"),
        (WeightsFault::WebPage, "web page"),
        (WeightsFault::Short(1_000_000), "incomplete"),
        (WeightsFault::BitFlip, "damaged"),
    ];
    site.spoil_weights(Some(faults[0].0));
    let page = prepared(session, &site, &pictures, "auto", 2).await;
    for (number, (fault, words)) in faults.into_iter().enumerate() {
        site.spoil_weights(Some(fault));
        page.press(if number == 0 { WORDS.paint } else { "Retry" }).await;
        page.until_alert(words).await;
    }
    site.spoil_weights(None);
    stylise_again(&page, WORDS.retry).await;
}

/// The driver restarts, the computer sleeps: the device is lost in the middle of a run.
pub async fn a_lost_gpu_is_survived(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    site.make_devices_losable();
    let page = prepared(session, &site, &pictures, "gpu", 1000).await;
    page.press(WORDS.paint).await;
    page.reach_step(1).await;
    page.run("new BroadcastChannel('test').postMessage('lose');", vec![]).await;
    page.until_alert("graphics card was lost").await;
    page.set(WORDS.steps, "2").await;
    stylise_again(&page, WORDS.paint).await;
}

/// The worker dies without a word of its own.
pub async fn a_dead_worker_is_survived(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    site.hook_page(
        "const Plain = Worker;
         window.workers = [];
         window.Worker = class extends Plain { constructor(...args) { super(...args); window.workers.push(this); } };",
    );
    let page = prepared(session, &site, &pictures, "auto", 5000).await;
    page.press(WORDS.paint).await;
    page.reach_step(1).await;
    let kill = "for (const worker of window.workers) { worker.terminate(); \
                worker.dispatchEvent(new ErrorEvent('error', { message: 'killed' })); }";
    page.run(kill, vec![]).await;
    page.until("an error is shown", async || (!page.alert().await.is_empty()).then_some(())).await;
    page.set(WORDS.steps, "2").await;
    stylise_again(&page, WORDS.paint).await;
}

//! The stage: the picture, and what is seen of it.

use std::time::Duration;

use harness::browser::driver::Session;
use harness::browser::page::Page;
use harness::browser::site::Site;
use impasto::recipe::Preset;
use impasto::words::page::ENGLISH as WORDS;
use serde_json::{Value, json};

use crate::pictures::Pictures;
use crate::prepared;

/// A page with a finished result of 3:2, on the processor.
async fn painted<'a>(session: &'a Session, site: &Site, pictures: &Pictures) -> Page<'a> {
    let page = prepared(session, site, pictures, "cpu", 2).await;
    page.choose_file(WORDS.photo, &pictures.other_content((60, 40))).await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    page
}

/// Left, top, width and height of the canvas, and the window's width, height and pixel ratio.
async fn boxes(page: &Page<'_>) -> [f64; 7] {
    let script = "const { x, y, width, height } = \
                  document.querySelector('.viewport canvas').getBoundingClientRect(); \
                  return [x, y, width, height, innerWidth, innerHeight, devicePixelRatio];";
    serde_json::from_value(page.run(script, vec![]).await).expect("seven numbers")
}

/// Waits until the layout follows a change.
async fn settled(page: &Page<'_>) -> [f64; 7] {
    tokio::time::sleep(Duration::from_millis(300)).await;
    boxes(page).await
}

/// Share of the window that the picture covers.
fn share([_, _, width, height, across, down, _]: [f64; 7]) -> f64 {
    width * height / across / down
}

async fn resize(session: &Session, page: &Page<'_>, width: u32, height: u32) {
    let [.., across, down, _] = boxes(page).await;
    let size = session.client.get_window_size().await.expect("a window has a size");
    // The frame of the window comes on top.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
    let frame = (size.0 as u32 - across as u32, size.1 as u32 - down as u32);
    session
        .client
        .set_window_size(width + frame.0, height + frame.1)
        .await
        .expect("a window can be resized");
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// Half of a desktop's window and more belongs to the picture.
pub async fn the_picture_is_the_page(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    page.dismiss_notices().await;
    resize(session, &page, 1440, 900).await;
    let open = share(settled(&page).await);
    assert!(open >= 0.5, "with both panels open: {open:.2}");
    page.press(WORDS.pictures).await;
    page.press(WORDS.look).await;
    let folded = share(settled(&page).await);
    assert!(folded >= 0.65, "with both folded: {folded:.2}");
    page.press(WORDS.picture_only).await;
    let only = share(settled(&page).await);
    assert!(only >= 0.8, "alone: {only:.2}");
    page.key("Escape").await;
    assert!(share(settled(&page).await) < 0.8, "Escape brings the rest back");
    page.press(WORDS.picture_only).await;
    page.press(WORDS.leave_picture_only).await;
    assert!(share(settled(&page).await) < 0.8, "a button does as well");
}

/// A slider shows the photo on the left; keys and buttons do as well.
pub async fn photo_and_picture_are_compared(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    let state = async || {
        let script = "const slider = document.querySelector('input.compare'); \
                      const { clipPath } = \
                      getComputedStyle(document.querySelector('.viewport img.photo')); \
                      return [slider.value, slider.getAttribute('aria-valuetext'), \
                      parseFloat(clipPath.split(' ')[1])];";
        page.run(script, vec![]).await
    };
    assert_eq!(state().await, json!(["0", "0 % photo", 100]), "a new result is shown as it is");
    page.press(WORDS.see_half).await;
    assert_eq!(state().await, json!(["50", "50 % photo", 50]));
    page.set(WORDS.compare, "20").await;
    assert_eq!(state().await, json!(["20", "20 % photo", 80]));
    for (key, percent) in [("1", 100), ("2", 50), ("3", 0)] {
        page.key(key).await;
        let expected = json!([percent.to_string(), format!("{percent} % photo"), 100 - percent]);
        assert_eq!(state().await, expected, "key {key}");
    }
}

/// Photo and picture beside each other, where the window is wide.
pub async fn photo_and_picture_lie_side_by_side(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    resize(session, &page, 1440, 900).await;
    page.press(WORDS.see_both).await;
    let script = "const [a, b] = [...document.querySelectorAll('.viewport .image')] \
                  .map(layer => layer.getBoundingClientRect()); \
                  return [a.x - b.x, a.width - b.width, a.y - b.y, a.width];";
    let both = async || -> [f64; 4] {
        let numbers = page.run(script, vec![]).await;
        serde_json::from_value(numbers).expect("four numbers")
    };
    let [apart, wider, higher, width] = both().await;
    assert!(apart >= width && wider.abs() < 1.0 && higher.abs() < 1.0, "{apart} {wider} {higher}");
    page.press(WORDS.zoom_in).await;
    let [moved, wider, higher, larger] = both().await;
    assert!((moved - apart).abs() < 1.0 && wider.abs() < 1.0 && higher.abs() < 1.0);
    assert!((larger / width - 1.25).abs() < 0.01, "{larger} from {width}");
    page.key("2").await;
    let [apart, ..] = both().await;
    assert!(apart.abs() < 1.0, "half and half again");
}

/// A look is chosen by its picture, changes nothing else, and is taken back.
pub async fn a_look_is_chosen_by_its_picture_and_taken_back(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "cpu", 7).await;
    let small = "return [...document.querySelectorAll('.look img')].filter(image => \
                 image.getBoundingClientRect().width < 72 || image.naturalWidth === 0).length;";
    page.until("each look has its picture", async || {
        (page.run(small, vec![]).await == 0).then_some(())
    })
    .await;
    page.set(WORDS.colours, "matched").await;
    page.set_slider(WORDS.how_much.name, 0.7).await;
    let before = page.chosen(WORDS.how_much.name).await;
    page.choose_look(Preset::BolderStrokes.title()).await;
    page.until_text(&(WORDS.look_taken)(Preset::BolderStrokes.title())).await;
    assert_eq!(page.chosen(WORDS.steps).await, "7");
    assert_eq!(page.chosen(WORDS.colours).await, "matched");
    assert_eq!(page.chosen(WORDS.brush).await, "1.5");
    assert_ne!(page.chosen(WORDS.how_much.name).await, before);
    page.press(WORDS.undo).await;
    assert_eq!(page.chosen(WORDS.brush).await, "1");
    assert_eq!(page.chosen(WORDS.how_much.name).await, before);
}

/// Fit, actual pixels, a number, two fingers, arrow keys.
pub async fn the_picture_is_zoomed_and_moved(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    // Smaller than the picture at its largest.
    resize(session, &page, 900, 600).await;
    let fitted = boxes(&page).await;
    page.press(WORDS.actual).await;
    let [_, _, width, height, .., ratio] = settled(&page).await;
    assert!((width * ratio - 60.0).abs() <= 1.0 && (height * ratio - 40.0).abs() <= 1.0);
    page.press(WORDS.zoom_in).await;
    let larger = settled(&page).await[2] / width;
    assert!((larger - 1.25).abs() < 0.01, "{larger}");
    page.set(WORDS.percent, "1600").await;
    let enlarged = settled(&page).await;
    let rendering =
        "return getComputedStyle(document.querySelector('.viewport canvas')).imageRendering;";
    assert_eq!(page.run(rendering, vec![]).await, "pixelated");
    page.run("document.querySelector('.viewport').focus();", vec![]).await;
    page.press(WORDS.zoom_in).await;
    page.press(WORDS.fit).await;
    let back = settled(&page).await;
    assert!((back[2] - fitted[2]).abs() < 1.0, "{back:?} after {enlarged:?}");

    page.press(WORDS.actual).await;
    let back = settled(&page).await;
    let pinch = r"
        const stage = document.querySelector('.viewport');
        const { x, y, width, height } = stage.getBoundingClientRect();
        const at = (kind, id, dx) => stage.dispatchEvent(new PointerEvent(kind, { pointerId: id, bubbles: true,
            clientX: x + width / 2 + dx, clientY: y + height / 2 }));
        at('pointerdown', 1, -50); at('pointerdown', 2, 50);
        at('pointermove', 1, -100); at('pointermove', 2, 100);
        at('pointerup', 1, -100); at('pointerup', 2, 100);";
    page.run(pinch, vec![]).await;
    let pinched = settled(&page).await;
    let factor = pinched[2] / back[2];
    assert!((factor - 2.0).abs() < 0.1, "two fingers twice as far apart: {factor}");
    page.set(WORDS.percent, "1600").await;
    let [_, before, ..] = settled(&page).await;
    page.run("document.querySelector('.viewport').focus();", vec![]).await;
    page.key("ArrowDown").await;
    let moved = before - settled(&page).await[1];
    assert!(moved >= 40.0, "an arrow key moved it by {moved}");
    for _ in 0..60 {
        page.key("ArrowDown").await;
    }
    let [_, y, _, height, ..] = settled(&page).await;
    let stage: [f64; 2] = serde_json::from_value(
        page.run(
            "const { top, bottom } = document.querySelector('.viewport').getBoundingClientRect(); return [top, bottom];",
            vec![],
        )
        .await,
    )
    .expect("two numbers");
    let seen = (y + height).min(stage[1]) - y.max(stage[0]);
    assert!(seen >= 0.1 * height, "{seen} px of {height} are left in view");
}

/// In a narrow window the slider that changes the picture, and the picture, are seen together.
pub async fn a_telephone_keeps_the_picture_above_what_changes_it(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    page.dismiss_notices().await;
    resize(session, &page, 500, 844).await;
    page.press(WORDS.look).await;
    page.run("document.getElementById('balance').scrollIntoView({ block: 'center' });", vec![])
        .await;
    let [_, top, _, height, _, down, _] = settled(&page).await;
    assert!(top >= 0.0 && height >= 0.3 * down, "{height} px of {down} at {top}");
    let slider = "const { top, bottom } = document.getElementById('balance').getBoundingClientRect(); \
                  return top > 0 && bottom < innerHeight && scrollY === 0;";
    assert_eq!(page.run(slider, vec![]).await, true, "the slider is in view, and nothing scrolled");
}

/// A list of keys opens and closes; keys rest while a field has the focus, and can be switched off.
pub async fn keys_act_and_rest_in_fields(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    page.run("document.getElementById('paint').focus();", vec![]).await;
    page.key("?").await;
    let rows = "return document.querySelector('dialog[open]')?.querySelectorAll('tr').length ?? 0;";
    assert!(page.run(rows, vec![]).await.as_u64() >= Some(15));
    page.press(WORDS.close).await;
    assert_eq!(page.run(rows, vec![]).await, 0);
    assert_eq!(page.focused().await, WORDS.paint, "the focus comes back");

    let compared =
        async || page.run("return document.querySelector('input.compare').value;", vec![]).await;
    page.run("document.getElementById('steps').focus();", vec![]).await;
    page.key("1").await;
    assert_eq!(compared().await, "0", "a number field had the focus");
    page.run("document.getElementById('paint').focus();", vec![]).await;
    page.key("1").await;
    assert_eq!(compared().await, "100");
    let switch = "document.querySelector('dialog input[type=checkbox]').click();";
    page.run(switch, vec![]).await;
    page.key("3").await;
    assert_eq!(compared().await, "100", "single keys are off");
    page.run(switch, vec![]).await;
    page.key("3").await;
    assert_eq!(compared().await, "0");
}

/// Every control has a name and is large enough to hit, and nothing is wider than the window.
pub async fn controls_are_named_and_large_enough(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = painted(session, &site, &pictures).await;
    page.open_workshop().await;
    let walk = "const faults = []; \
        for (const control of document.querySelectorAll('button, a[href], input, select, summary')) { \
            if (!control.checkVisibility({ checkVisibilityCSS: true })) continue; \
            const labels = [...control.labels ?? []]; \
            const name = control.ariaLabel || labels.map(label => label.innerText).join(' ').trim() \
                || control.innerText.trim(); \
            if (!name) faults.push(`no name: ${control.outerHTML}`); \
            const hit = ['radio', 'checkbox', 'file'].includes(control.type) && labels[0] || control; \
            const { width, height } = hit.getBoundingClientRect(); \
            if (Math.min(width, height) < 24) faults.push(`${name}: ${width} × ${height} px`); \
        } \
        const { scrollWidth } = document.documentElement; \
        if (scrollWidth > innerWidth) faults.push(`${scrollWidth} px in a window of ${innerWidth}`); \
        return faults;";
    resize(session, &page, 1440, 900).await;
    assert_eq!(page.run(walk, vec![]).await, json!([]), "in a wide window");
    resize(session, &page, 500, 844).await;
    for panel in [WORDS.pictures, WORDS.look] {
        page.press(panel).await;
        assert_eq!(page.run(walk, vec![]).await, json!([]), "in a narrow window, {panel}");
    }
}

/// Paint without a photo leads to the photo.
pub async fn what_is_missing_is_said_and_led_to(session: &Session) {
    let site = Site::start();
    let page = Page::open(session, &site.url()).await;
    let polite = async |words: &str| {
        let script = "return [...document.querySelectorAll('[aria-live=polite]')].some(region => \
                      region.textContent.includes(arguments[0]));";
        page.run(script, vec![words.into()]).await == Value::Bool(true)
    };
    page.press(WORDS.paint).await;
    page.until("it is said", async || polite("Choose a photo first").await.then_some(())).await;
    page.until("the focus is on the photo", async || {
        (page.focused().await == WORDS.photo).then_some(())
    })
    .await;
    let script = "const shown = document.body.innerText; \
                  return ['Content', 'Style', 'Stylise', 'Loss'].filter(word => \
                  new RegExp(`\\\\b${word}\\\\b`).test(shown));";
    assert_eq!(
        page.run(script, vec![]).await,
        json!([]),
        "words of the field, before the Workshop"
    );
}

/// What a painting cannot follow waits, counted, for the next.
pub async fn changes_that_wait_are_counted(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "cpu", 5000).await;
    page.press(WORDS.paint).await;
    page.reach_step(1).await;
    let group = "return [...document.querySelectorAll('fieldset')].filter(group => \
                 group.querySelector('legend')?.textContent === arguments[0]).flatMap(group => \
                 [...group.querySelectorAll('label')].map(label => label.textContent.trim()));";
    let waiting = page.run(group, vec![WORDS.next_time.into()]).await;
    for name in [WORDS.size, WORDS.steps, WORDS.brush, WORDS.colours] {
        assert!(waiting.as_array().is_some_and(|names| names.contains(&name.into())), "{waiting}");
    }
    page.set_slider(WORDS.how_much.name, 0.7).await;
    page.set(WORDS.brush, "2").await;
    page.until_text(&(WORDS.waiting)(1)).await;
    page.set(WORDS.colours, "photo").await;
    page.until_text(&(WORDS.waiting)(2)).await;
    page.set(WORDS.brush, "1").await;
    page.set(WORDS.colours, "painting").await;
    let none = async || (!page.text("body").await.contains("waits for")).then_some(());
    page.until("no change waits", none).await;
}

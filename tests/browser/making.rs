//! The making of a picture: strength, moments, films, time.

use std::io::Cursor;
use std::time::Duration;

use harness::browser::driver::Session;
use harness::browser::page::Page;
use harness::browser::site::Site;
use image::AnimationDecoder;
use image::codecs::gif::GifDecoder;
use impasto::codec;
use impasto::pixels::Pixels;
use impasto::words::page::ENGLISH as WORDS;

use crate::pictures::Pictures;
use crate::prepared;

/// Size of the photo, px.
const PHOTO: (u32, u32) = (120, 80);

/// Linear light of an sRGB byte, in 0..1.
fn light(byte: u8) -> f64 {
    let encoded = f64::from(byte) / 255.0;
    if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
}

/// A page with a finished result of `steps`, on the processor, and the photo as resized for it.
async fn painted<'a>(
    session: &'a Session,
    site: &Site,
    pictures: &Pictures,
    steps: u32,
) -> (Page<'a>, Pixels) {
    let page = prepared(session, site, pictures, "cpu", steps).await;
    let file = pictures.other_content(PHOTO);
    page.choose_file(WORDS.photo, &file).await;
    page.set(WORDS.size, "64").await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    let photo = std::fs::read(file).expect("the photo is there");
    (page, codec::decode_fitted(&photo, 64).expect("it is a picture"))
}

async fn saved(page: &Page<'_>) -> (Vec<u8>, Pixels) {
    page.press(WORDS.save).await;
    let png = page.take_download("png").await;
    let pixels = codec::decode(&png).expect("it is a picture");
    (png, pixels)
}

/// From the photo to the picture, in linear light, without the worker; and back to the very file.
pub async fn strength_lies_between_photo_and_picture(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let (page, photo) = painted(session, &site, &pictures, 2).await;
    let (png, picture) = saved(&page).await;
    assert_eq!(picture.size(), photo.size());
    let watch = "window.posted = 0; const post = Worker.prototype.postMessage; \
                 Worker.prototype.postMessage = function (...data) { posted++; \
                 return post.apply(this, data); };";
    page.run(watch, vec![]).await;

    page.set(WORDS.strength, "0").await;
    let none = saved(&page).await.1;
    let differ = none.rgba().iter().zip(photo.rgba()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(differ <= Some(1), "at 0 it is the photo, but for {differ:?}");

    page.set(WORDS.strength, "50").await;
    let half = saved(&page).await.1;
    for ((&half, &photo), &picture) in half.rgba().iter().zip(photo.rgba()).zip(picture.rgba()) {
        let mean = f64::midpoint(light(photo), light(picture));
        let nearest =
            (0..=255).min_by(|&a, &b| (light(a) - mean).abs().total_cmp(&(light(b) - mean).abs()));
        assert!(nearest.is_some_and(|nearest: u8| nearest.abs_diff(half) <= 1), "{half} of {mean}");
    }
    page.set(WORDS.strength, "100").await;
    assert_eq!(saved(&page).await.0, png, "at 100 it is the file as before");
    assert_eq!(page.run("return posted;", vec![]).await, 0, "commands to the worker");
}

/// A slider leads back through the making, and to now.
pub async fn moments_lead_back(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let page = prepared(session, &site, &pictures, "cpu", 40).await;
    page.choose_file(WORDS.photo, &pictures.other_content(PHOTO)).await;
    page.set(WORDS.size, "128").await;
    page.press(WORDS.paint).await;
    page.until_status("finished").await;
    let now = page.shown().await.expect("a result is shown");
    let moment = "const slider = document.querySelector('input.moment'); \
                  return [Number(slider.max), slider.getAttribute('aria-valuetext')];";
    let slider = page.run(moment, vec![]).await;
    let stops = slider[0].as_u64().expect("a number") + 1;
    assert!((8..=64).contains(&stops), "{stops} stops");
    assert_eq!(slider[1], "step 40 of 40");

    page.set(WORDS.moment, "0").await;
    let first = page.until_shown_other_than(Some(&now)).await;
    assert_eq!((first.width, first.height), (now.width, now.height));
    let step = page.run(moment, vec![]).await[1].clone();
    assert!(step == "step 1 of 40" || step == "step 2 of 40", "{step}");
    page.press(WORDS.save_moment).await;
    let jpeg = page.take_download("jpg").await;
    assert!(codec::decode(&jpeg).is_ok(), "a moment is a picture");
    page.press(WORDS.back_to_now).await;
    page.until("the result is back", async || {
        (page.shown().await.as_ref() == Some(&now)).then_some(())
    })
    .await;
}

/// Elements of a WebM with lengths of eight bytes, ids and bodies; of `bytes` that lie within one.
fn elements(mut bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (id, rest) = bytes.split_at(1 + bytes[0].leading_zeros() as usize);
        let (length, rest) = rest.split_first_chunk::<8>().expect("a length");
        let length = usize::try_from(u64::from_be_bytes(*length) & ((1 << 56) - 1)).expect("short");
        elements.push((id, &rest[..length]));
        bytes = &rest[length..];
    }
    elements
}

fn body<'a>(elements: &[(&[u8], &'a [u8])], id: &[u8]) -> &'a [u8] {
    elements.iter().find(|(found, _)| *found == id).expect("the element is there").1
}

/// The making as video and as GIF; Escape calls it off.
pub async fn a_film_is_saved_or_called_off(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let (page, photo) = painted(session, &site, &pictures, 60).await;
    page.press(WORDS.save_film).await;
    let webm = page.take_download("webm").await;
    assert_eq!(webm[..4], [0x1A, 0x45, 0xDF, 0xA3]);
    let segment = elements(body(&elements(&webm), &[0x18, 0x53, 0x80, 0x67]));
    let info = elements(body(&segment, &[0x15, 0x49, 0xA9, 0x66]));
    let length = body(&info, &[0x44, 0x89]).try_into().map(f64::from_be_bytes).expect("a double");
    assert!((length - 6000.0).abs() < 1.0, "{length} ms");
    let frames = elements(body(&segment, &[0x1F, 0x43, 0xB6, 0x75]));
    let frames = frames.iter().filter(|(id, _)| *id == [0xA3]).count();
    assert!(frames >= 24, "{frames} frames");

    page.press(WORDS.save_gif).await;
    let gif = page.take_download("gif").await;
    assert_eq!(&gif[..6], b"GIF89a");
    let frames = GifDecoder::new(Cursor::new(gif)).expect("it is a GIF").into_frames();
    let frames = frames.collect_frames().expect("it is whole");
    let length: Duration = frames.iter().map(|frame| Duration::from(frame.delay())).sum();
    assert!(length.abs_diff(Duration::from_secs(6)) < Duration::from_millis(300), "{length:?}");
    let (width, height) = frames[0].buffer().dimensions();
    assert_eq!((width, height), (photo.size().width, photo.size().height));

    let call_off = "const done = arguments[arguments.length - 1]; \
        const status = () => document.querySelector('[role=status]').textContent; \
        const gif = [...document.querySelectorAll('.actions button')] \
            .find(button => button.textContent.trim() === arguments[0]); \
        gif.click(); \
        const wait = () => { \
            if (!status().startsWith('Making the film')) return setTimeout(wait, 1); \
            const begun = performance.now(); \
            document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })); \
            const over = () => status().startsWith('Making the film') \
                ? setTimeout(over, 1) : done(performance.now() - begun); \
            over(); \
        }; \
        wait();";
    let took = session
        .client
        .execute_async(call_off, vec![WORDS.save_gif.into()])
        .await
        .expect("the script ends");
    assert!(took.as_f64().is_some_and(|ms| ms < 200.0), "called off after {took} ms");
    page.button(WORDS.save_gif).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(page.saved("gif"), None, "a film that was called off");
}

/// The second painting's time is known before it begins, and told after it.
pub async fn time_is_told_before_and_after(session: &Session) {
    let (site, pictures) = (Site::start(), Pictures::new());
    let (page, _) = painted(session, &site, &pictures, 30).await;
    page.until_status("finished in").await;
    let described = "const paint = document.getElementById('paint'); \
                     return document.getElementById(paint.getAttribute('aria-describedby')).innerText;";
    let told = page.run(described, vec![]).await;
    assert!(told.as_str().is_some_and(|told| told.contains("about ")), "{told}");
}

//! The page as a user sees it: controls by their names, and the visible text.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;

use impasto::words::page::ENGLISH;

use super::driver::Session;

/// Longest wait for a condition. On an emulated GPU the first step compiles for half a minute.
const PATIENCE: Duration = Duration::from_secs(180);
/// Polling interval.
const GLANCE: Duration = Duration::from_millis(50);

/// Content of the result canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Width, px.
    pub width: u64,
    /// Height, px.
    pub height: u64,
    /// Hash of the pixels.
    pub hash: i64,
}

/// A loaded page.
pub struct Page<'a> {
    client: &'a Client,
    downloads: &'a Path,
}

impl<'a> Page<'a> {
    /// Opens `url` and waits until the page can be used.
    pub async fn open(session: &'a Session, url: &str) -> Self {
        let page = Self { client: &session.client, downloads: session.downloads.path() };
        page.client.goto(url).await.expect("the page loads");
        page.button(ENGLISH.paint).await;
        page
    }

    /// Finds the button of this name.
    pub async fn button(&self, name: &str) -> Element {
        self.find(&format!("//button[normalize-space()='{name}' or @aria-label='{name}']")).await
    }

    /// Presses the button of this name, once it is enabled.
    pub async fn press(&self, name: &str) {
        let button = self
            .until(&format!("{name} can be pressed"), async || {
                let button = self.button(name).await;
                let enabled = button.attr("aria-disabled").await.ok()?.is_none()
                    && button.is_enabled().await.ok()?;
                enabled.then_some(button)
            })
            .await;
        // The drivers scroll the button to the edge of the window, where the run's buttons cover
        // it.
        let element = serde_json::to_value(&button).expect("an element has a JSON form");
        self.run(
            "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });",
            vec![element],
        )
        .await;
        button.click().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Gives a file to the input of this accessible name.
    pub async fn choose_file(&self, input: &str, file: &Path) {
        let element = self.find(&format!("//input[@type='file'][@aria-label='{input}']")).await;
        element
            .send_keys(&file.to_string_lossy())
            .await
            .unwrap_or_else(|error| panic!("{input}: {error}"));
    }

    /// Chooses the look of this name.
    pub async fn choose_look(&self, name: &str) {
        let script = r#"
            const looks = [...document.querySelectorAll('[role=radiogroup] label')];
            const look = looks.find(look => look.textContent.trim() === arguments[0]);
            look?.click();
            return Boolean(look?.control.checked);
        "#;
        let chosen = async || (self.run(script, vec![name.into()]).await == true).then_some(());
        self.until(&format!("the look {name} is chosen"), chosen).await;
    }

    /// Takes notices off view.
    pub async fn dismiss_notices(&self) {
        let script = "document.querySelectorAll('.message .message-actions .quiet').forEach(button => button.click());";
        self.run(script, vec![]).await;
    }

    /// Opens the drawer of the experts' controls.
    pub async fn open_workshop(&self) {
        self.run("document.querySelector('details.workshop').open = true;", vec![]).await;
    }

    /// Presses a key wherever the focus is.
    pub async fn key(&self, key: &str) {
        let script = r#"
            const target = document.activeElement ?? document.body;
            for (const kind of ["keydown", "keyup"])
                target.dispatchEvent(new KeyboardEvent(kind, { key: arguments[0], bubbles: true, cancelable: true }));
        "#;
        self.run(script, vec![key.into()]).await;
    }

    /// Sets the form control of this label, and fires the events of a user's input.
    pub async fn set(&self, label: &str, value: &str) {
        let script = r#"
            const labels = [...document.querySelectorAll("label")];
            const label = labels.find(label => label.textContent.trim() === arguments[0])
                ?? labels.find(label => label.textContent.trim().startsWith(arguments[0]));
            const control = label?.control ?? document.querySelector(`[aria-label="${arguments[0]}"]`);
            if (!control) return "there is no " + arguments[0];
            control.value = arguments[1];
            if (control.value !== arguments[1]) return arguments[0] + " does not take " + arguments[1];
            control.dispatchEvent(new Event("input", { bubbles: true }));
            control.dispatchEvent(new Event("change", { bubbles: true }));
            return "";
        "#;
        self.until(&format!("{label} takes {value}"), async || {
            let answer = self.run(script, vec![label.into(), value.into()]).await;
            (answer == "").then_some(())
        })
        .await;
    }

    /// Moves the slider of this name to `position`, in 0..1 of its range.
    pub async fn set_slider(&self, name: &str, position: f64) {
        let script = r#"
            const label = [...document.querySelectorAll("label")].find(label => label.textContent.trim() === arguments[0]);
            const slider = label?.control ?? document.querySelector(`input[type=range][aria-label="${arguments[0]}"]`);
            if (!slider) return false;
            slider.value = Number(slider.min) + arguments[1] * (Number(slider.max) - Number(slider.min));
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            slider.dispatchEvent(new Event("change", { bubbles: true }));
            return true;
        "#;
        let moved = async || {
            (self.run(script, vec![name.into(), position.into()]).await == true).then_some(())
        };
        self.until(&format!("there is a slider {name}"), moved).await;
    }

    /// Returns the value of the form control of this label.
    pub async fn chosen(&self, label: &str) -> String {
        let script = r#"
            const label = [...document.querySelectorAll("label")].find(label => label.textContent.trim() === arguments[0]);
            return label?.control?.value ?? "";
        "#;
        self.run(script, vec![label.into()]).await.as_str().unwrap_or_default().to_owned()
    }

    /// Returns the text of the status region.
    pub async fn status(&self) -> String {
        self.text("[role=status]").await
    }

    /// Returns the number of steps done from the status, as in "Step 12 of 200".
    pub async fn step(&self) -> Option<u32> {
        let status = self.status().await;
        status.split("Step ").nth(1)?.split(' ').next()?.parse().ok()
    }

    /// Waits until at least `step` steps are done, and returns the number done.
    pub async fn reach_step(&self, step: u32) -> u32 {
        self.until(&format!("step {step}"), async || {
            let alert = self.alert().await;
            assert!(alert.is_empty(), "instead of step {step}: {alert}");
            self.step().await.filter(|&done| done >= step)
        })
        .await
    }

    /// Waits until the status contains `words`.
    pub async fn until_status(&self, words: &str) {
        self.until(&format!("the status says {words:?}"), async || {
            self.status().await.contains(words).then_some(())
        })
        .await;
    }

    /// Returns the text of the visible error; empty if none is visible.
    pub async fn alert(&self) -> String {
        self.text("[role=alert]").await
    }

    /// Waits for an error that contains `words`.
    pub async fn until_alert(&self, words: &str) {
        self.until(&format!("an error says {words:?}"), async || {
            self.alert().await.contains(words).then_some(())
        })
        .await;
    }

    /// Waits until the page contains `words`.
    pub async fn until_text(&self, words: &str) {
        self.until(&format!("the page says {words:?}"), async || {
            self.text("body").await.contains(words).then_some(())
        })
        .await;
    }

    /// Returns the visible total loss.
    pub async fn loss(&self) -> f64 {
        self.loss_of("Loss").await
    }

    /// Returns a visible term of the loss, by its label.
    pub async fn loss_of(&self, term: &str) -> f64 {
        let script = r#"
            const term = [...document.querySelectorAll("dt")].find(term => term.textContent === arguments[0]);
            return term?.nextElementSibling?.textContent ?? "";
        "#;
        self.until(&format!("there is a {term}"), async || {
            parse_figure(self.run(script, vec![term.into()]).await.as_str()?)
        })
        .await
    }

    /// Returns the content of the canvas of the stage; `None` while it is hidden.
    pub async fn shown(&self) -> Option<Shown> {
        let script = r#"
            const canvas = document.querySelector('.viewport canvas');
            if (!canvas || canvas.hidden) return null;
            const { width, height } = canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            let hash = 0;
            for (const byte of data) hash = (hash * 31 + byte) | 0;
            return [width, height, hash];
        "#;
        let answer = self.run(script, vec![]).await;
        let values = answer.as_array()?;
        Some(Shown {
            width: values[0].as_u64()?,
            height: values[1].as_u64()?,
            hash: values[2].as_i64()?,
        })
    }

    /// Waits for an image other than `before`.
    pub async fn until_shown_other_than(&self, before: Option<&Shown>) -> Shown {
        self.until("another picture", async || {
            self.shown().await.filter(|shown| Some(shown) != before)
        })
        .await
    }

    /// Waits for a saved file with the extension `kind`, and returns its path.
    pub async fn downloaded(&self, kind: &str) -> PathBuf {
        self.until("a file is saved", async || self.saved(kind)).await
    }

    /// Returns the path of a saved file with the extension `kind`, if there is one.
    pub fn saved(&self, kind: &str) -> Option<PathBuf> {
        let entries = std::fs::read_dir(self.downloads).expect("the folder can be listed");
        let mut paths = entries.map(|entry| entry.expect("the folder can be listed").path());
        paths.find(|path| {
            path.extension().is_some_and(|extension| extension == kind)
                && path.metadata().is_ok_and(|file| file.len() > 0)
        })
    }

    /// Waits for a saved file with the extension `kind`, reads it whole and removes it.
    pub async fn take_download(&self, kind: &str) -> Vec<u8> {
        let path = self.downloaded(kind).await;
        let size = async || std::fs::metadata(&path).ok().map(|file| file.len());
        let whole = self.until("the file is whole", async || {
            let before = size().await?;
            tokio::time::sleep(3 * GLANCE).await;
            (size().await? == before).then(|| std::fs::read(&path).ok()).flatten()
        });
        let bytes = whole.await;
        std::fs::remove_file(&path).expect("the file can be removed");
        bytes
    }

    /// Runs JavaScript and returns its result.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client
            .execute(script, arguments)
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until `look` returns a value.
    ///
    /// # Panics
    /// If it does not within [`PATIENCE`]; the message holds the text of the page.
    pub async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain: {what}. The page says:\n{}",
                self.text("body").await
            );
            tokio::time::sleep(GLANCE).await;
        }
    }

    async fn find(&self, xpath: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::XPath(xpath)).await;
        found.unwrap_or_else(|error| panic!("{xpath}: {error}"))
    }

    /// Returns the name of the focused control.
    pub async fn focused(&self) -> String {
        let script = "const element = document.activeElement; return element.ariaLabel ?? \
                      element.innerText;";
        self.run(script, vec![]).await.as_str().unwrap_or_default().trim().to_owned()
    }

    /// Returns the visible text of the first element that matches.
    pub async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? '';";
        self.run(script, vec![selector.into()]).await.as_str().unwrap_or_default().to_owned()
    }
}

/// Parses a figure as the page writes it, as in "12.3 M" or "0.50".
fn parse_figure(text: &str) -> Option<f64> {
    let (number, prefix) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let scale = match prefix {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

#[test]
fn figures_are_read_as_they_are_written() {
    assert_eq!(parse_figure("12.5 M"), Some(12_500_000.0));
    assert_eq!(parse_figure("0.50"), Some(0.5));
    assert_eq!(parse_figure("not a number"), None);
    assert_eq!(parse_figure(""), None);
}

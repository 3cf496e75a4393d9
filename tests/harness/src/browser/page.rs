//! The page as a person meets it: by the names of its controls and the words on view.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;

use super::driver::Session;

/// Longest wait for anything: on an emulated GPU the first step compiles for half a minute.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(50);

/// What the result canvas shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// px
    pub width: u64,
    /// px
    pub height: u64,
    /// Of the pixels.
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
        page.button("Stylise").await;
        page
    }

    /// The button of this name.
    pub async fn button(&self, name: &str) -> Element {
        self.find(&format!("//button[normalize-space()='{name}' or @aria-label='{name}']")).await
    }

    /// Presses the button of this name, once it does something.
    pub async fn press(&self, name: &str) {
        let button = self
            .until(&format!("{name} can be pressed"), async || {
                let button = self.button(name).await;
                let enabled = button.attr("aria-disabled").await.ok()?.is_none()
                    && button.is_enabled().await.ok()?;
                enabled.then_some(button)
            })
            .await;
        // The drivers bring it to the edge of the window, where the buttons of a run lie over it.
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

    /// Sets the form control of this label, as a person would: the page hears of it.
    pub async fn set(&self, label: &str, value: &str) {
        let script = r#"
            const label = [...document.querySelectorAll("label")].find(label => label.textContent.trim().startsWith(arguments[0]));
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

    /// Moves the slider of this name to `position` in 0..1 of its way.
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

    /// The value of the form control of this label.
    pub async fn chosen(&self, label: &str) -> String {
        let script = r#"
            const label = [...document.querySelectorAll("label")].find(label => label.textContent.trim() === arguments[0]);
            return label?.control?.value ?? "";
        "#;
        self.run(script, vec![label.into()]).await.as_str().unwrap_or_default().to_owned()
    }

    /// The words of the status region.
    pub async fn status(&self) -> String {
        self.text("[role=status]").await
    }

    /// The number of steps done that the status tells, as in "Step 12 of 200".
    pub async fn step(&self) -> Option<u32> {
        let status = self.status().await;
        status.split("Step ").nth(1)?.split(' ').next()?.parse().ok()
    }

    /// Waits until at least `step` steps are done, and tells how many are.
    pub async fn reach_step(&self, step: u32) -> u32 {
        self.until(&format!("step {step}"), async || {
            let alert = self.alert().await;
            assert!(alert.is_empty(), "instead of step {step}: {alert}");
            self.step().await.filter(|&done| done >= step)
        })
        .await
    }

    /// Waits until the status says `words`.
    pub async fn until_status(&self, words: &str) {
        self.until(&format!("the status says {words:?}"), async || {
            self.status().await.contains(words).then_some(())
        })
        .await;
    }

    /// The words of the error on view; empty when there is none.
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

    /// Waits until `words` are on the page.
    pub async fn until_text(&self, words: &str) {
        self.until(&format!("the page says {words:?}"), async || {
            self.text("body").await.contains(words).then_some(())
        })
        .await;
    }

    /// The total loss on view.
    pub async fn loss(&self) -> f64 {
        self.loss_of("Loss").await
    }

    /// A term of the loss on view, by its label.
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

    /// What the canvas labelled "Result" shows; `None` while it shows nothing.
    pub async fn shown(&self) -> Option<Shown> {
        let script = r#"
            const canvas = document.querySelector('canvas[aria-label="Result"]');
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

    /// Waits for a picture other than `before`.
    pub async fn until_shown_other_than(&self, before: Option<&Shown>) -> Shown {
        self.until("another picture", async || {
            self.shown().await.filter(|shown| Some(shown) != before)
        })
        .await
    }

    /// The one file of this kind that was saved.
    pub async fn downloaded(&self, kind: &str) -> PathBuf {
        self.until("a file is saved", async || {
            let entries = std::fs::read_dir(self.downloads).expect("the folder can be listed");
            let mut paths = entries.map(|entry| entry.expect("the folder can be listed").path());
            paths.find(|path| {
                path.extension().is_some_and(|extension| extension == kind)
                    && path.metadata().is_ok_and(|m| m.len() > 0)
            })
        })
        .await
    }

    /// Runs JavaScript and gives what it returns.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client
            .execute(script, arguments)
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until `look` finds something.
    ///
    /// # Panics
    /// When it has not within a fair time; the message holds what the page says.
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

    /// What the control that has the focus is called.
    pub async fn focused(&self) -> String {
        let script = "const element = document.activeElement; return element.ariaLabel ?? \
                      element.innerText;";
        self.run(script, vec![]).await.as_str().unwrap_or_default().trim().to_owned()
    }

    /// Text of the first element that matches, as it is on view.
    pub async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? '';";
        self.run(script, vec![selector.into()]).await.as_str().unwrap_or_default().to_owned()
    }
}

/// Reads a figure as the page writes it, as in "12.3 M" or "0.50".
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

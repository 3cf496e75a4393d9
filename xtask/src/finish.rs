//! The last touch on what Trunk has built: both binaries are optimised, they and the worker's scripts get names that change with
//! their content, and the page's policy allows its boot script.

use std::fs;
use std::path::Path;

use crate::failure::{Context, Failure, Outcome};
use crate::policy;
use crate::weights::sha256;

const ADVICE: &str = "Trunk.toml, www/index.html and xtask/src/finish.rs must fit the pinned Trunk";

/// Finishes the site in `dist`, given what optimises a binary: its path, and whether it is the `app` or the `worker`.
///
/// # Errors
/// When a file is missing, or does not name the next one as Trunk does.
pub fn finish(dist: &Path, optimise: impl Fn(&Path, &str) -> Outcome) -> Outcome {
    let page = read(dist, "index.html")?;
    let app = app_binary(&page).ok_or_else(|| Failure::new("index.html does not start the page", ADVICE))?;
    optimise(&dist.join(app), "app")?;
    let hashed = rename_to_hash(dist, app, "app", "_bg.wasm")?;
    write(dist, "index.html", &page.replace(app, &hashed))?;

    optimise(&dist.join("worker_bg.wasm"), "worker")?;
    let wasm = rename_to_hash(dist, "worker_bg.wasm", "worker", "_bg.wasm")?;
    replace_once(dist, "worker.js", "'worker_bg.wasm'", &format!("'{wasm}'"))?;
    let script = rename_to_hash(dist, "worker.js", "worker", ".js")?;
    replace_once(dist, "worker_loader.js", "'./worker.js'", &format!("'./{script}'"))?;
    let loader = rename_to_hash(dist, "worker_loader.js", "worker", "_loader.js")?;
    replace_once(dist, "index.html", "content=\"worker_loader.js\"", &format!("content=\"{loader}\""))?;

    let page = read(dist, "index.html")?;
    let page =
        policy::allow_inline_scripts(&page).ok_or_else(|| Failure::new("index.html has no Content-Security-Policy", ADVICE))?;
    write(dist, "index.html", &page)
}

/// The file name in `module_or_path: '<public URL>app-<hash>_bg.wasm'`, Trunk's boot script.
fn app_binary(page: &str) -> Option<&str> {
    let (_, url) = page.split_once("module_or_path: '")?;
    let (url, _) = url.split_once('\'')?;
    url.rsplit('/').next()
}

/// Gives a file the name `<stem>-<hash><ending>` and returns that.
fn rename_to_hash(dist: &Path, name: &str, stem: &str, ending: &str) -> Outcome<String> {
    let from = dist.join(name);
    let bytes = fs::read(&from).or_fail(|| format!("the build has no {name}"), ADVICE)?;
    let hashed = format!("{stem}-{}{ending}", &sha256(&bytes)[..16]);
    fs::rename(&from, dist.join(&hashed)).or_fail(|| format!("cannot rename {name}"), "check the permissions of dist/")?;
    Ok(hashed)
}

fn replace_once(dist: &Path, name: &str, from: &str, to: &str) -> Outcome {
    let text = read(dist, name)?;
    if text.matches(from).count() != 1 {
        return Err(Failure::new(format!("the build's {name} does not contain {from} exactly once"), ADVICE));
    }
    write(dist, name, &text.replace(from, to))
}

fn read(dist: &Path, name: &str) -> Outcome<String> {
    fs::read_to_string(dist.join(name)).or_fail(|| format!("the build has no {name}"), ADVICE)
}

fn write(dist: &Path, name: &str, text: &str) -> Outcome {
    fs::write(dist.join(name), text).or_fail(|| format!("cannot write {name}"), "check the permissions of dist/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'self' 'wasm-unsafe-eval'\">\
                        <meta name=\"impasto-worker\" content=\"worker_loader.js\"><link rel=\"preload\" href=\"./app-1f_bg.wasm\">\
                        <script type=\"module\">init({ module_or_path: './app-1f_bg.wasm' })</script>";

    /// A stand-in for wasm-opt that leaves its mark.
    fn optimise(wasm: &Path, name: &str) -> Outcome {
        let marked = fs::read_to_string(wasm).map(|text| format!("{text}, optimised {name}"));
        marked.and_then(|text| fs::write(wasm, text)).or_fail(|| format!("the build has no {name} binary"), "")
    }

    fn site(wasm: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "app-1f_bg.wasm", wasm).unwrap();
        write(folder.path(), "worker_bg.wasm", wasm).unwrap();
        write(folder.path(), "worker.js", "new URL('worker_bg.wasm', import.meta.url)").unwrap();
        write(folder.path(), "worker_loader.js", "import init from './worker.js';await init();").unwrap();
        write(folder.path(), "index.html", PAGE).unwrap();
        folder
    }

    /// The value between `before` and `after`.
    fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
        text.split_once(before).unwrap().1.split_once(after).unwrap().0
    }

    #[test]
    fn each_file_names_the_next_by_its_hash() {
        let site = site("code");
        finish(site.path(), optimise).unwrap();
        let page = read(site.path(), "index.html").unwrap();
        assert!(page.contains("'sha256-"));
        let loader = between(&page, "name=\"impasto-worker\" content=\"", "\"");
        let text = read(site.path(), loader).unwrap();
        let text = read(site.path(), between(&text, "'./", "'")).unwrap();
        assert_eq!(read(site.path(), between(&text, "'", "'")).unwrap(), "code, optimised worker");
        let app = between(&page, "href=\"./", "\"");
        assert!(app.len() == "app-0123456789abcdef_bg.wasm".len() && page.contains(&format!("module_or_path: './{app}'")));
        assert_eq!(read(site.path(), app).unwrap(), "code, optimised app");
        assert_eq!(fs::read_dir(site.path()).unwrap().count(), 5);
    }

    #[test]
    fn a_change_of_the_wasm_alone_changes_every_name() {
        let names = |wasm: &str| {
            let site = site(wasm);
            finish(site.path(), optimise).unwrap();
            let mut names: Vec<_> = fs::read_dir(site.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let (one, other) = (names("one"), names("other"));
        assert_eq!(one.iter().filter(|name| other.contains(name)).collect::<Vec<_>>(), ["index.html"]);
    }

    #[test]
    fn an_unexpected_build_is_refused() {
        let broken = site("code");
        write(broken.path(), "worker.js", "nothing here").unwrap();
        assert!(finish(broken.path(), optimise).unwrap_err().to_string().contains("worker.js does not contain"));
        let broken = site("code");
        fs::remove_file(broken.path().join("worker_bg.wasm")).unwrap();
        assert!(finish(broken.path(), optimise).unwrap_err().to_string().contains("no worker binary"));
    }
}

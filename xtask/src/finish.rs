//! Post-processing of Trunk's output: optimises the binaries if asked, names them and the worker's
//! scripts by a hash of their content, and allows the boot script in the page's policy.

use std::fs;
use std::path::Path;

use crate::weights::sha256;
use harness::failure::{Context, Failure, Outcome};
use harness::policy;

const ADVICE: &str = "Trunk.toml, www/index.html and xtask/src/finish.rs must fit the pinned Trunk";

/// The workers, one for each device.
const WORKERS: [&str; 2] = ["worker", "worker-cpu"];

/// Finishes the site in `dist`. `optimise` receives the path of a binary and its name: `app` or one
/// of the workers.
///
/// # Errors
/// When a file is missing, or does not refer to the next one in Trunk's form.
pub fn finish(dist: &Path, optimise: impl Fn(&Path, &str) -> Outcome) -> Outcome {
    let page = read(dist, "index.html")?;
    let app = app_binary(&page)
        .ok_or_else(|| Failure::new("index.html does not start the page", ADVICE))?;
    optimise(&dist.join(app), "app")?;
    let hashed = rename_to_hash(dist, app, "app", "_bg.wasm")?;
    write(dist, "index.html", &page.replace(app, &hashed))?;

    for worker in WORKERS {
        finish_worker(dist, worker, &optimise)?;
    }

    let page = read(dist, "index.html")?;
    let page = policy::allow_inline_scripts(&page)
        .ok_or_else(|| Failure::new("index.html has no Content-Security-Policy", ADVICE))?;
    write(dist, "index.html", &page)
}

/// Optimises and renames a worker's files: its loader names a script, which names a binary.
fn finish_worker(dist: &Path, worker: &str, optimise: impl Fn(&Path, &str) -> Outcome) -> Outcome {
    let names = ["_bg.wasm", ".js", "_loader.js"].map(|ending| format!("{worker}{ending}"));
    let [wasm, script, loader] = &names;
    optimise(&dist.join(wasm), worker)?;
    let hashed = rename_to_hash(dist, wasm, worker, "_bg.wasm")?;
    replace_once(dist, script, &format!("'{wasm}'"), &format!("'{hashed}'"))?;
    let hashed = rename_to_hash(dist, script, worker, ".js")?;
    replace_once(dist, loader, &format!("'./{script}'"), &format!("'./{hashed}'"))?;
    let hashed = rename_to_hash(dist, loader, worker, "_loader.js")?;
    replace_once(
        dist,
        "index.html",
        &format!("content=\"{loader}\""),
        &format!("content=\"{hashed}\""),
    )
}

/// Returns the file name in Trunk's boot script, `module_or_path: '<public
/// URL>app-<hash>_bg.wasm'`.
fn app_binary(page: &str) -> Option<&str> {
    let (_, url) = page.split_once("module_or_path: '")?;
    let (url, _) = url.split_once('\'')?;
    url.rsplit('/').next()
}

/// Renames a file to `<stem>-<hash><ending>` and returns the new name.
fn rename_to_hash(dist: &Path, name: &str, stem: &str, ending: &str) -> Outcome<String> {
    let from = dist.join(name);
    let bytes = fs::read(&from).or_fail(|| format!("the build has no {name}"), ADVICE)?;
    let hashed = format!("{stem}-{}{ending}", &sha256(&bytes)[..16]);
    fs::rename(&from, dist.join(&hashed))
        .or_fail(|| format!("cannot rename {name}"), "check the permissions of dist/")?;
    Ok(hashed)
}

fn replace_once(dist: &Path, name: &str, from: &str, to: &str) -> Outcome {
    let text = read(dist, name)?;
    if text.matches(from).count() != 1 {
        return Err(Failure::new(
            format!("the build's {name} does not contain {from} exactly once"),
            ADVICE,
        ));
    }
    write(dist, name, &text.replace(from, to))
}

fn read(dist: &Path, name: &str) -> Outcome<String> {
    fs::read_to_string(dist.join(name)).or_fail(|| format!("the build has no {name}"), ADVICE)
}

fn write(dist: &Path, name: &str, text: &str) -> Outcome {
    fs::write(dist.join(name), text)
        .or_fail(|| format!("cannot write {name}"), "check the permissions of dist/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'self' 'wasm-unsafe-eval'\">\
                        <meta name=\"impasto-worker\" content=\"worker_loader.js\">\
                        <meta name=\"impasto-worker-cpu\" content=\"worker-cpu_loader.js\"><link rel=\"preload\" href=\"./app-1f_bg.wasm\">\
                        <script type=\"module\">init({ module_or_path: './app-1f_bg.wasm' \
                                       })</script>";

    /// Stands in for wasm-opt: appends a mark to the file.
    fn optimise(wasm: &Path, name: &str) -> Outcome {
        let marked = fs::read_to_string(wasm).map(|text| format!("{text}, optimised {name}"));
        marked
            .and_then(|text| fs::write(wasm, text))
            .or_fail(|| format!("the build has no {name} binary"), "")
    }

    fn site(wasm: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "app-1f_bg.wasm", wasm).unwrap();
        for worker in WORKERS {
            let put = |ending: &str, text: &str| {
                write(folder.path(), &format!("{worker}{ending}"), text).unwrap();
            };
            put("_bg.wasm", wasm);
            put(".js", &format!("new URL('{worker}_bg.wasm', import.meta.url)"));
            put("_loader.js", &format!("import init from './{worker}.js';await init();"));
        }
        write(folder.path(), "index.html", PAGE).unwrap();
        folder
    }

    /// Returns the text between `before` and `after`.
    fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
        text.split_once(before).unwrap().1.split_once(after).unwrap().0
    }

    #[test]
    fn each_file_names_the_next_by_its_hash() {
        let site = site("code");
        finish(site.path(), optimise).unwrap();
        let page = read(site.path(), "index.html").unwrap();
        assert!(page.contains("'sha256-"));
        for (meta, worker) in [("impasto-worker", "worker"), ("impasto-worker-cpu", "worker-cpu")] {
            let loader = between(&page, &format!("name=\"{meta}\" content=\""), "\"");
            let text = read(site.path(), loader).unwrap();
            let text = read(site.path(), between(&text, "'./", "'")).unwrap();
            assert_eq!(
                read(site.path(), between(&text, "'", "'")).unwrap(),
                format!("code, optimised {worker}")
            );
        }
        let app = between(&page, "href=\"./", "\"");
        assert!(
            app.len() == "app-0123456789abcdef_bg.wasm".len()
                && page.contains(&format!("module_or_path: './{app}'"))
        );
        assert_eq!(read(site.path(), app).unwrap(), "code, optimised app");
        assert_eq!(fs::read_dir(site.path()).unwrap().count(), 8);
    }

    #[test]
    fn a_change_of_the_wasm_alone_changes_every_name() {
        let names = |wasm: &str| {
            let site = site(wasm);
            finish(site.path(), optimise).unwrap();
            let mut names: Vec<_> = fs::read_dir(site.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            names.sort();
            names
        };
        let (one, other) = (names("one"), names("other"));
        assert_eq!(
            one.iter().filter(|name| other.contains(name)).collect::<Vec<_>>(),
            ["index.html"]
        );
    }

    #[test]
    fn an_unexpected_build_is_refused() {
        let broken = site("code");
        write(broken.path(), "worker.js", "nothing here").unwrap();
        assert!(
            finish(broken.path(), optimise)
                .unwrap_err()
                .to_string()
                .contains("worker.js does not contain")
        );
        let broken = site("code");
        fs::remove_file(broken.path().join("worker_bg.wasm")).unwrap();
        assert!(
            finish(broken.path(), optimise).unwrap_err().to_string().contains("no worker binary")
        );
    }
}

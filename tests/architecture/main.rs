//! Checks the import table of ARCHITECTURE.md: each module imports what the table allows, and
//! nothing else.

mod circles;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Allowed imports of a module of `src`: crates of Cargo.toml, and modules of this package beside
/// itself. A rule for a folder within a module replaces the module's rule for the files there.
struct Rule {
    module: &'static str,
    crates: &'static [&'static str],
    modules: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule { module: "fault", crates: &["serde"], modules: &["pixels"] },
    Rule { module: "film", crates: &[], modules: &[] },
    Rule { module: "frame", crates: &[], modules: &["pixels"] },
    Rule { module: "light", crates: &[], modules: &[] },
    Rule { module: "layer", crates: &["serde"], modules: &[] },
    Rule { module: "losses", crates: &["serde"], modules: &[] },
    Rule { module: "memory", crates: &["serde"], modules: &[] },
    Rule { module: "pixels", crates: &["serde", "thiserror"], modules: &[] },
    Rule {
        module: "recipe",
        crates: &["serde", "serde_json", "serde_path_to_error", "thiserror"],
        modules: &["layer", "pixels"],
    },
    Rule { module: "words", crates: &[], modules: &["fault", "protocol"] },
    Rule {
        module: "protocol",
        crates: &["serde"],
        modules: &["fault", "losses", "memory", "pixels", "recipe"],
    },
    Rule {
        module: "protocol/wire.rs",
        crates: &["js_sys", "serde", "serde_json", "thiserror", "wasm_bindgen", "web_sys"],
        modules: &["protocol"],
    },
    Rule {
        module: "codec",
        crates: &["fast_image_resize", "image", "thiserror"],
        modules: &["fault", "frame", "light", "pixels"],
    },
    Rule {
        module: "engine",
        crates: &[
            "burn",
            "burn_wgpu",
            "glam",
            "safetensors",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "wgpu",
        ],
        modules: &["layer", "losses", "memory", "pixels", "recipe"],
    },
    Rule {
        module: "engine/ops",
        crates: &["burn", "burn_cubecl", "cubecl"],
        modules: &["memory", "pixels"],
    },
    Rule {
        module: "web",
        crates: &["js_sys", "wasm_bindgen", "wasm_bindgen_futures", "web_sys"],
        modules: &[],
    },
    Rule {
        module: "worker",
        crates: &[
            "console_error_panic_hook",
            "futures_channel",
            "futures_util",
            "gloo_timers",
            "js_sys",
            "thiserror",
            "wasm_bindgen",
            "wasm_bindgen_futures",
            "web_sys",
        ],
        modules: &[
            "codec", "engine", "fault", "film", "losses", "memory", "pixels", "protocol", "recipe",
            "web",
        ],
    },
    Rule {
        module: "ui",
        crates: &[
            "console_error_panic_hook",
            "gloo_timers",
            "js_sys",
            "leptos",
            "serde",
            "serde_json",
            "thiserror",
            "wasm_bindgen",
            "wasm_bindgen_futures",
            "web_sys",
        ],
        modules: &[
            "fault", "film", "layer", "light", "losses", "memory", "pixels", "protocol", "recipe",
            "web", "words",
        ],
    },
    Rule {
        module: "cli",
        crates: &[
            "burn",
            "clap",
            "image",
            "indicatif",
            "pollster",
            "safetensors",
            "serde",
            "thiserror",
        ],
        modules: &["codec", "engine", "layer", "memory", "pixels", "recipe", "words"],
    },
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the names of all dependencies in Cargo.toml, as code writes them.
fn dependencies() -> BTreeSet<String> {
    let manifest =
        std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml can be read");
    let mut names = BTreeSet::new();
    let mut listed = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            listed = line.ends_with("dependencies]") && !line.starts_with("[workspace");
        } else if let Some((name, _)) =
            line.split_once(" = ").filter(|(name, _)| listed && !name.starts_with([' ', '#', '"']))
        {
            names.insert(name.trim_end_matches(".workspace").replace('-', "_"));
        }
    }
    names
}

/// Returns all Rust files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("the folder can be listed").path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Returns the code of a file without its comments and without its tests, which come last and may
/// import more.
fn code(path: &Path) -> String {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    product
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns the first segments of all paths in `code` that begin with `prefix` (empty: that begin a
/// path).
fn heads(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut heads = BTreeSet::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if prefix.is_empty() {
        for (at, _) in code.match_indices("::") {
            let head: String = code[..at]
                .chars()
                .rev()
                .take_while(|&c| is_word(c))
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            if !code[..at - head.len()].ends_with("::") {
                heads.insert(head);
            }
        }
        return heads;
    }
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let names = rest
            .strip_prefix('{')
            .map_or(rest, |group| group.split('}').next().unwrap_or_default());
        let count = if rest.starts_with('{') { usize::MAX } else { 1 };
        for name in names.split(',').take(count) {
            heads.insert(name.trim().chars().take_while(|&c| is_word(c)).collect());
        }
    }
    heads
}

/// Returns the module of `src` that a file belongs to; `None` for `lib.rs`, the binaries and files
/// of tests.
fn module_of(path: &Path) -> Option<String> {
    let relative = path.strip_prefix(root().join("src")).expect("the file is below src");
    let first = relative.components().next()?.as_os_str().to_string_lossy().into_owned();
    let is_exempt = first == "lib.rs" || first == "bin" || path.ends_with("tests.rs");
    let folder =
        RULES.iter().find(|rule| rule.module.contains('/') && relative.starts_with(rule.module));
    (!is_exempt).then(|| {
        folder
            .map_or_else(|| first.trim_end_matches(".rs").to_owned(), |rule| rule.module.to_owned())
    })
}

fn trespasses(rule: &Rule, code: &str, dependencies: &BTreeSet<String>) -> Vec<String> {
    let crates = heads(code, "")
        .into_iter()
        .filter(|head| dependencies.contains(head) && !rule.crates.contains(&head.as_str()));
    let modules = heads(code, "crate::").into_iter().filter(|head| {
        head != rule.module
            && RULES.iter().any(|r| r.module == head)
            && !rule.modules.contains(&head.as_str())
    });
    crates.chain(modules.map(|module| format!("crate::{module}"))).collect()
}

#[test]
fn every_module_keeps_to_the_import_table() {
    let dependencies = dependencies();
    assert!(dependencies.contains("burn") && dependencies.contains("leptos"), "{dependencies:?}");
    let mut seen = 0;
    for path in files(&root().join("src")) {
        let Some(module) = module_of(&path) else { continue };
        let rule = RULES.iter().find(|rule| rule.module == module);
        let rule =
            rule.unwrap_or_else(|| panic!("{}: no rule for module {module}", path.display()));
        let found = trespasses(rule, &code(&path), &dependencies);
        assert!(found.is_empty(), "{} may not use {found:?}", path.display());
        seen += 1;
    }
    assert!(seen >= RULES.len(), "only {seen} files were looked at");
}

#[test]
fn a_trespass_is_found_in_any_form() {
    let dependencies = dependencies();
    let rule = RULES.iter().find(|rule| rule.module == "pixels").expect("there is such a rule");
    let found = |code| trespasses(rule, code, &dependencies);
    assert_eq!(found("use burn::tensor::Tensor;"), ["burn"]);
    assert_eq!(found("fn f() -> web_sys::Window {}"), ["web_sys"]);
    assert_eq!(found("use crate::{layer::Layer, engine};"), ["crate::engine", "crate::layer"]);
    assert_eq!(found("type T = crate::protocol::Event;"), ["crate::protocol"]);
    assert_eq!(
        found("use serde::Serialize; use std::fmt; use some::burn::thing;"),
        Vec::<String>::new()
    );
}

#[test]
fn a_folder_with_a_rule_of_its_own_is_held_to_that() {
    let module = |path: &str| module_of(&root().join("src").join(path));
    assert_eq!(module("engine/vgg19.rs").as_deref(), Some("engine"));
    assert_eq!(module("engine/ops/convolution/tiled.rs").as_deref(), Some("engine/ops"));
    assert_eq!(module("engine/ops/tests.rs"), None);
    let rule = RULES.iter().find(|rule| rule.module == "engine/ops").expect("there is such a rule");
    let found = |code| trespasses(rule, code, &dependencies());
    assert_eq!(found("use crate::engine::loss::Objective;"), ["crate::engine"]);
    assert_eq!(found("use crate::recipe::Recipe; use cubecl::prelude::*;"), ["crate::recipe"]);
    assert_eq!(found("use wgpu::Device;"), ["wgpu"]);
}

#[test]
fn the_engine_reads_no_clock_and_opens_no_file() {
    for path in files(&root().join("src/engine")) {
        let code = code(&path);
        for absent in ["std::time", "std::fs", "std::net", "std::thread", "Instant", "SystemTime"] {
            assert!(!code.contains(absent), "{} uses {absent}", path.display());
        }
    }
}

/// Columns of code and comments. rustfmt limits code and wraps no comment.
const WIDTH: usize = 100;

fn wide_comments(text: &str) -> Vec<&str> {
    let is_wide = |line: &&str| line.trim_start().starts_with("//") && line.chars().count() > WIDTH;
    text.lines().filter(is_wide).collect()
}

#[test]
fn comments_are_at_most_100_columns_wide() {
    let folders =
        ["benches", "examples", "src", "tests", "xtask/src"].map(|name| root().join(name));
    for path in folders.iter().flat_map(|folder| files(folder)) {
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        assert_eq!(wide_comments(&text), Vec::<&str>::new(), "{}", path.display());
    }
    let wide = format!("    /// {}×", "x".repeat(WIDTH - 9));
    assert_eq!(wide_comments(&format!("{wide}\n{wide}x")), [format!("{wide}x")]);
}

#[test]
fn every_invariant_names_tests_that_there_are() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("it can be read");
    let (_, invariants) = text.split_once("## Invariants").expect("there is such a section");
    let invariants = invariants.split("## ").next().unwrap_or_default();
    let code: String = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
        .map(|path| std::fs::read_to_string(path).expect("the file can be read"))
        .collect();
    let names: Vec<&str> = invariants
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains('_') && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    let lost: Vec<_> =
        names.into_iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(lost.is_empty(), "no such tests: {lost:?}");
}

/// Returns the lines of `text` that include a file of another target.
fn path_attributes(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.trim_start().starts_with("#[path")).collect()
}

#[test]
fn packages_form_no_loop_and_no_file_belongs_to_two_targets() {
    let members = ["harness", "xtask"];
    let known = dependencies();
    assert!(members.iter().all(|member| !known.contains(*member)), "{known:?}");
    for path in ["benches", "examples", "src", "tests", "xtask/src"]
        .iter()
        .flat_map(|folder| files(&root().join(folder)))
    {
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        assert_eq!(path_attributes(&text), Vec::<&str>::new(), "{}", path.display());
    }
    assert_eq!(path_attributes("  #[path = \"a.rs\"]\nmod a;").len(), 1);
}

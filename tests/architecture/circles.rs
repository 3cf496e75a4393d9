//! No files of `src` import each other in a circle: neither modules nor the files of one module. A
//! folder's children are compared with one another, each with all files below it; a file and its
//! own children may import each other.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree, Visibility};

use super::{files, root};

/// A module's or an item's path within the package, as in `engine`, `loss`, `Terms`.
type ModulePath = Vec<String>;

/// The layers of the large modules, from the bottom up: a file imports files of lower layers alone.
const LAYERS: &[(&str, &[&[&str]])] = &[
    (
        "engine",
        &[
            &["arrays", "device", "in_flight", "ops"],
            &["feature_map", "image_tensor", "state", "tuning", "weights"],
            &["colour", "tiles"],
            &["mask", "vgg19"],
            &["moments"],
            &["loss"],
            &["evaluate", "optimizer"],
            &["transfer"],
            &["warm_up"],
        ],
    ),
    (
        "worker",
        &[
            &["adapter_info", "error", "global", "gpu_buffers", "inbox", "moments", "pace"],
            &["outbox", "tuning_store"],
            &["pictures", "programs", "weights_store"],
            &["film", "preparation"],
            &["run"],
            &["session"],
        ],
    ),
    (
        "ui",
        &[
            &[
                "browser",
                "device_choice",
                "history",
                "intake",
                "keys",
                "moments",
                "panels",
                "reconstruction",
                "samples",
                "stage",
            ],
            &["client", "pictures", "settings"],
            &["grid", "menus", "picture_store", "video"],
            &["studio"],
            &["components", "labels"],
            &["desk"],
            &["page"],
        ],
    ),
];

/// Imports and re-exports of a file.
#[derive(Default)]
struct Module {
    /// All paths of the package that the file names.
    named: BTreeSet<ModulePath>,
    /// Re-exported paths, by their names in this file.
    passed_on: BTreeMap<String, ModulePath>,
}

/// Collects the paths that a file names.
struct Names {
    at: ModulePath,
    module: Module,
}

impl Names {
    /// Returns a path as written in this file, from the package's root; `None` if it leads out of
    /// the package or to a name of the file's own.
    fn absolute(&self, written: &[String]) -> Option<ModulePath> {
        let mut base = self.at.clone();
        let rest = match written.first()?.as_str() {
            "crate" => {
                base.clear();
                &written[1..]
            }
            "self" => &written[1..],
            "super" => {
                let ups = written.iter().take_while(|segment| *segment == "super").count();
                base.truncate(base.len().checked_sub(ups)?);
                &written[ups..]
            }
            _ => return None,
        };
        (!rest.is_empty()).then(|| [base, rest.to_vec()].concat())
    }

    fn take(&mut self, tree: &UseTree, prefix: &[String], passes_on: bool) {
        let with = |name: String| [prefix, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.take(&path.tree, &with(path.ident.to_string()), passes_on),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.take(tree, prefix, passes_on));
            }
            UseTree::Name(name) if name.ident == "self" => {
                self.name(prefix.to_vec(), prefix.last().cloned(), passes_on);
            }
            UseTree::Name(name) => {
                self.name(with(name.ident.to_string()), Some(name.ident.to_string()), passes_on);
            }
            UseTree::Rename(rename) => self.name(
                with(rename.ident.to_string()),
                Some(rename.rename.to_string()),
                passes_on,
            ),
            UseTree::Glob(_) => self.name(prefix.to_vec(), None, false),
        }
    }

    fn name(&mut self, written: Vec<String>, here: Option<String>, passes_on: bool) {
        // In a file that declares modules, a bare path may begin with one of them.
        let path = self.absolute(&written).unwrap_or_else(|| [self.at.clone(), written].concat());
        if let (true, Some(here)) = (passes_on, here) {
            self.module.passed_on.insert(here, path.clone());
        }
        self.module.named.insert(path);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !of_tests(&item.attrs) {
            self.take(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !of_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let written: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(path) = self.absolute(&written) {
            self.module.named.insert(path);
        }
        visit::visit_path(self, path);
    }
}

/// Whether an item exists for tests alone.
fn of_tests(attributes: &[Attribute]) -> bool {
    let says_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("test"))
    };
    attributes.iter().any(says_test)
}

fn read(at: ModulePath, text: &str) -> Module {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", at.join("::")));
    let mut names = Names { at, module: Module::default() };
    names.visit_file(&file);
    names.module
}

/// Returns all modules of `src` by path, the root's empty; without binaries and files of tests.
fn modules() -> BTreeMap<ModulePath, Module> {
    let src = root().join("src");
    let mut modules = BTreeMap::new();
    for path in files(&src) {
        let below = path.strip_prefix(&src).expect("it lies below src").with_extension("");
        let mut at: ModulePath =
            below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if at[0] == "bin" || below.ends_with("tests") {
            continue;
        }
        at.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        modules.insert(at.clone(), read(at, &text));
    }
    modules
}

/// Returns the module that defines `path`, through all re-exports.
fn home(modules: &BTreeMap<ModulePath, Module>, path: &[String]) -> Option<ModulePath> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let depth = (0..=path.len()).rev().find(|&depth| modules.contains_key(&path[..depth]))?;
        let (module, rest) = path.split_at(depth);
        match rest.first().and_then(|name| modules[module].passed_on.get(name)) {
            Some(target) if target != &path => path = [target, &rest[1..]].concat(),
            _ => return Some(module.to_vec()),
        }
    }
    panic!("{} is passed on in a circle", path.join("::"))
}

/// For each child of a module, the other children that it imports.
type Edges = BTreeMap<String, BTreeSet<String>>;

/// Returns the imports among the children of each module.
fn edges(modules: &BTreeMap<ModulePath, Module>) -> BTreeMap<ModulePath, Edges> {
    let mut edges: BTreeMap<ModulePath, Edges> = BTreeMap::new();
    for (from, module) in modules {
        for to in module.named.iter().filter_map(|path| home(modules, path)) {
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if shared < from.len() && shared < to.len() {
                let room = edges.entry(from[..shared].to_vec()).or_default();
                room.entry(from[shared].clone()).or_default().insert(to[shared].clone());
            }
        }
    }
    edges
}

/// Returns circles among the children of each module, as the names of their members.
fn circles(modules: &BTreeMap<ModulePath, Module>) -> Vec<String> {
    let edges = edges(modules);
    edges.iter().flat_map(|(room, edges)| circles_of(&room.join("::"), edges)).collect()
}

/// Removes, repeatedly, what imports nothing else or is imported by nothing else: the rest forms
/// circles.
fn circles_of(room: &str, edges: &Edges) -> Option<String> {
    let mut left = edges.clone();
    loop {
        let members: BTreeSet<String> = left.keys().cloned().collect();
        let known: BTreeSet<String> = left.values().flatten().cloned().collect();
        left.values_mut().for_each(|known| known.retain(|to| members.contains(to)));
        left.retain(|from, to| !to.is_empty() && known.contains(from));
        if left.len() == members.len() {
            break;
        }
    }
    let arrows: Vec<String> = left.iter().map(|(from, to)| format!("{from} → {to:?}")).collect();
    (!arrows.is_empty()).then(|| format!("in {room}: {}", arrows.join(", ")))
}

fn package(files: &[(&str, &str)]) -> BTreeMap<ModulePath, Module> {
    let path = |name: &str| {
        name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect::<ModulePath>()
    };
    files.iter().map(|(name, text)| (path(name), read(path(name), text))).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let modules = modules();
    assert!(modules.len() > 100, "only {} files were read", modules.len());
    assert_eq!(circles(&modules), Vec::<String>::new());
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let with = |a: &str, b: &str| {
        circles(&package(&[
            ("", "mod room;"),
            ("room", "pub use a::Thing;"),
            ("room::a", a),
            ("room::b", b),
        ]))
    };
    for a in [
        "use super::b::Other;",
        "use crate::room::{b, self};",
        "fn f() -> super::b::Other {}",
        "use super::{b::{Other as Mine}};",
    ] {
        assert_eq!(with(a, "").len(), 0, "{a}: one direction is none");
        for b in [
            "use super::a;",
            "use crate::room::Thing;",
            "use super::Thing;",
            "fn f(_: &crate::room::a::Thing) {}",
        ] {
            assert_eq!(with(a, b).len(), 1, "{a} {b}");
        }
        assert_eq!(
            with(a, "#[cfg(test)] mod tests { use super::super::a; }").len(),
            0,
            "tests may know all"
        );
    }
}

#[test]
fn modules_are_compared_with_all_that_lies_below_them() {
    let files = [
        ("one", ""),
        ("one::deep", "use crate::two::Thing;"),
        ("two", "mod deep;"),
        ("two::deep", "use crate::one::deep::Other;"),
    ];
    assert_eq!(circles(&package(&files)).len(), 1);
    let passed_on = [("one", "pub use crate::two::Thing;"), ("two", "use crate::one::Other;")];
    assert_eq!(circles(&package(&passed_on)).len(), 1, "what is passed on is known");
    let own = [("one", "mod deep; use deep::Other;"), ("one::deep", "use super::Thing;")];
    assert_eq!(circles(&package(&own)).len(), 0, "a file and its own children");
}

/// Returns the imports within `room` of the same or a higher layer, and the files without a layer.
fn off_layer(
    modules: &BTreeMap<ModulePath, Module>,
    room: &str,
    layers: &[&[&str]],
) -> Vec<String> {
    let layer = |name: &str| layers.iter().position(|layer| layer.contains(&name));
    let children: BTreeSet<&String> =
        modules.keys().filter(|at| at.len() > 1 && at[0] == room).map(|at| &at[1]).collect();
    let homeless = children
        .into_iter()
        .filter(|name| layer(name).is_none())
        .map(|name| format!("{room}/{name} has no layer"));
    let edges = edges(modules).remove(&vec![room.to_owned()]).unwrap_or_default();
    let upwards = edges.iter().flat_map(|(from, known)| {
        let upwards = known.iter().filter(move |to| layer(to) >= layer(from));
        upwards.map(move |to| format!("{room}/{from} knows {to}"))
    });
    homeless.chain(upwards).collect()
}

#[test]
fn files_know_lower_layers_of_their_module_alone() {
    let modules = modules();
    for (room, layers) in LAYERS {
        assert_eq!(off_layer(&modules, room, layers), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_knows_a_higher_layer_or_has_none_is_found() {
    let files = [("room::low", "use super::high;"), ("room::high", ""), ("room::new", "")];
    let found = off_layer(&package(&files), "room", &[&["low"], &["high"]]);
    assert_eq!(found, ["room/new has no layer", "room/low knows high"]);
}

//! No files import each other in a ring. What a file takes is followed to the file that defines it: through lists, through what a
//! room's door hands on, and through what was imported under a shorter name. What a file takes from the door of a room that it
//! stands in does not count: those are the words of the room. Calls of methods are not seen, for they name no file.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, relative, sources, top_names};

/// Rings that stay, each with its reason.
const KEPT: &[&[&str]] = &[
    // A message may be the change of a contact; what becomes of that is decided when the message's turn has come.
    &["connector::contact", "connector::message"],
    // One type, and the form in which it is kept.
    &["store::delivery", "store::kept_content"],
];

/// A module by its names from the root on: `store::check`.
type Module = Vec<String>;
/// Names, and the paths that they stand for.
type Uses = BTreeMap<String, Vec<String>>;

/// A file, as far as this test looks into it.
#[derive(Default)]
struct File {
    is_door: bool,
    uses: Uses,
    /// The names among them that others may take from here.
    handed: BTreeSet<String>,
    /// Paths that it takes something by, as they are written.
    paths: Vec<Vec<String>>,
}

fn names(path: &str) -> Vec<String> {
    path.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The paths of a `use`, with the name of each: `a::{b, c::D as E}` gives b and E.
fn leaves(before: &[String], text: &str, uses: &mut Uses) {
    let (path, list) = text.split_once('{').map_or((text, None), |(path, list)| (path, Some(list)));
    let (path, alias) = path.split_once(" as ").map_or((path, None), |(path, alias)| (path, Some(alias)));
    let mut whole = [before, &names(path)].concat();
    if let Some(list) = list {
        return top_names(list).into_iter().for_each(|part| leaves(&whole, part, uses));
    }
    whole.pop_if(|last| last == "self");
    if let Some(name) = alias.map(str::trim).or(whole.last().map(String::as_str)).map(str::to_owned) {
        uses.insert(name, whole);
    }
}

fn read(text: &str, is_door: bool) -> File {
    let code: String =
        code(text).lines().filter(|line| !line.trim_start().starts_with("//")).map(|l| l.to_owned() + "\n").collect();
    let mut file = File { is_door, ..File::default() };
    for statement in code.split_inclusive(';') {
        // Behind what ended before it on the same line, and behind its attributes.
        let at = statement.rfind("\nuse ").or(statement.rfind("\npub use ")).or(statement.rfind("\npub("));
        let used = at.map(|at| &statement[at..]).unwrap_or(statement);
        match used.split_once("use ").filter(|(before, _)| before.trim().is_empty() || before.trim().starts_with("pub"))
        {
            Some((before, tree)) => {
                let mut uses = Uses::new();
                leaves(&[], tree.trim_end_matches(';'), &mut uses);
                // What a door hands on is not its own.
                match before.trim().is_empty() {
                    true => file.paths.extend(uses.values().cloned()),
                    false => file.handed.extend(uses.keys().cloned()),
                }
                file.uses.extend(uses);
            }
            None => {
                let words = statement.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
                file.paths.extend(words.filter(|word| word.trim_matches(':').contains("::")).map(names));
            }
        }
    }
    file
}

/// The module whose file defines what a path that stands in `at` leads to; none where it leads out of this program.
fn defined(files: &BTreeMap<Module, File>, at: &[String], path: &[String], steps: usize) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let mut here = at.to_vec();
    let mut rest = rest;
    match first.as_str() {
        "crate" => here.clear(),
        "self" => {}
        "super" => {
            here.pop();
            while let Some((_, behind)) = rest.split_first().filter(|(name, _)| *name == "super") {
                here.pop();
                rest = behind;
            }
        }
        name => match files.get(at)?.uses.get(name).filter(|used| *used != path && steps > 0) {
            Some(used) => return defined(files, at, &[used, rest].concat(), steps - 1),
            None => rest = path,
        },
    }
    while let Some((name, behind)) = rest.split_first() {
        let inner = [here.as_slice(), std::slice::from_ref(name)].concat();
        if files.contains_key(&inner) {
            (here, rest) = (inner, behind);
            continue;
        }
        // Handed on, or defined here: of a word that is neither, nothing is known.
        let file = files.get(&here)?;
        // A room's own imports are names for what stands in it, too.
        let is_seen = file.handed.contains(name) || at.starts_with(&here);
        return match file.uses.get(name).filter(|used| is_seen && *used != path && steps > 0) {
            Some(used) => defined(files, &here, &[used, behind].concat(), steps - 1),
            None => (here != at).then_some(here),
        };
    }
    // A module and nothing in it: what is taken from it stands in another path.
    None
}

/// Which file takes something from which, of sources by their paths.
fn arrows(sources: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, BTreeSet<String>> {
    let module = |path: &str| {
        names(&path.trim_start_matches("src/").trim_end_matches("/mod.rs").trim_end_matches(".rs").replace('/', "::"))
    };
    let files: BTreeMap<Module, File> =
        sources.into_iter().map(|(path, text)| (module(&path), read(&text, path.ends_with("/mod.rs")))).collect();
    let taken = files.iter().map(|(at, file)| {
        let taken = file.paths.iter().filter_map(|path| defined(&files, at, path, 8));
        let counts = |other: &Module| other != at && !(files[other].is_door && at.starts_with(other));
        (at.join("::"), taken.filter(counts).map(|other| other.join("::")).collect())
    });
    taken.collect()
}

/// The arrows that are left when all are gone of files that import nothing, or that nobody imports: those of rings, and between them.
fn rings(mut arrows: BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    loop {
        let before = arrows.len();
        let imported: BTreeSet<String> = arrows.values().flatten().cloned().collect();
        arrows.retain(|at, taken| !taken.is_empty() && imported.contains(at));
        if arrows.len() == before {
            return arrows
                .iter()
                .flat_map(|(at, taken)| taken.iter().map(move |other| format!("{at} -> {other}")))
                .collect();
        }
        let left: BTreeSet<String> = arrows.keys().cloned().collect();
        arrows.values_mut().for_each(|taken| taken.retain(|other| left.contains(other)));
    }
}

#[test]
fn no_files_import_each_other_in_a_ring() {
    let mut arrows = arrows(sources().into_iter().map(|(path, text)| (relative(&path), text)));
    for (at, taken) in &mut arrows {
        let is_kept = |other: &str| KEPT.iter().any(|ring| ring.contains(&at.as_str()) && ring.contains(&other));
        taken.retain(|other| !is_kept(other));
    }
    let rings = rings(arrows);
    assert!(rings.is_empty(), "files that import each other in a ring:\n{}", rings.join("\n"));
}

#[test]
fn a_ring_is_seen_through_doors_and_shorter_names() {
    let house = [
        ("src/lib.rs", "pub mod a; pub mod b;"),
        ("src/a/mod.rs", "mod one;\nmod two;\npub use one::{One, make as made};\npub struct Word;"),
        ("src/a/one.rs", "use super::{\n    Word,\n    two::Two,\n};\npub struct One(Two, Word);"),
        ("src/a/two.rs", "use super::Word;\npub struct Two(Word);"),
        ("src/b.rs", "use crate::{a, a::Word};\nfn f() -> a::One { g(Word) }"),
    ];
    let seen = |more: &[(&str, &str)]| {
        let kept = house.iter().filter(|(path, _)| !more.iter().any(|(other, _)| other == path));
        let all = kept.chain(more).map(|(path, text)| (path.to_string(), text.to_string()));
        rings(arrows(all))
    };
    assert_eq!(seen(&[]), Vec::<String>::new());
    let two = "// a::One\nuse crate::a as rooms;\npub struct Two(Option<rooms::One>);";
    assert_eq!(seen(&[("src/a/two.rs", two)]), ["a::one -> a::two", "a::two -> a::one"]);
    let one = "use super::two;\npub struct One(two::Two);\npub fn two() {}";
    let two = "use super::one;\npub struct Two;\nfn f() { one::two() }";
    assert_eq!(seen(&[("src/a/one.rs", one), ("src/a/two.rs", two)]), ["a::one -> a::two", "a::two -> a::one"]);
    let two = "pub fn two() { crate::b::f() }\npub struct Two;";
    assert_eq!(seen(&[("src/a/two.rs", two)]), ["a::one -> a::two", "a::two -> b", "b -> a::one"]);
}

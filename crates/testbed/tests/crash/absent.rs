//! The programs that pay have no crash points, and every point that is listed is somewhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use testbed::crash::compile::{self, SUFFIX};
use testbed::place;

/// The program's bytes.
fn program(name: &str) -> Vec<u8> {
    std::fs::read(place::program(name).unwrap()).unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Names that are too short or too ordinary to prove anything stand in programs for other reasons.
const TELLING: [&str; 6] = [
    "signed bytes stored",
    "unsigned bytes stored",
    "callback recorded",
    "before a contribution is journaled",
    "after a contribution is journaled",
    "BURSAR_CRASH_AT",
];

#[test]
fn the_programs_that_pay_have_no_crash_points() {
    compile::programs().unwrap();
    for name in ["bursar", "bursar-cosigner"] {
        let (pays, crashes) = (program(name), program(&format!("{name}{SUFFIX}")));
        let found: Vec<_> = TELLING.into_iter().filter(|text| contains(&pays, text)).collect();
        assert!(found.is_empty(), "{name} has {found:?}");
        // The search finds what is there.
        assert!(contains(&crashes, "BURSAR_CRASH_AT"), "{name}{SUFFIX} has no crash points");
    }
}

#[test]
fn no_package_turns_crash_points_on_by_itself() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    for package in metadata.workspace_packages() {
        let defaults = package.features.get("default").into_iter().flatten();
        let on: Vec<_> = defaults.filter(|feature| feature.contains("points")).collect();
        assert!(on.is_empty(), "{} turns on {on:?}", package.name);
        for dependency in &package.dependencies {
            let points = dependency.features.iter().any(|feature| feature.contains("points"));
            assert!(!points, "{} asks {} for crash points", package.name, dependency.name);
        }
    }
}

#[test]
fn every_listed_point_is_at_one_place_in_the_code_and_no_other_is() {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for name in ["gateway", "store", "cosigner"] {
        for path in sources(&place::checkout().join("crates").join(name).join("src")) {
            let text = std::fs::read_to_string(path).unwrap();
            for part in text.split("crash::point!(\"").skip(1) {
                let (name, _) = part.split_once('"').unwrap();
                *places.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    let listed: BTreeMap<String, usize> =
        crash::GATEWAY.iter().chain(crash::COSIGNER).map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(places, listed);
}

#[test]
fn every_listed_point_is_crashed_at_by_a_test() {
    let mut untested: Vec<_> = crash::GATEWAY.iter().chain(crash::COSIGNER).collect();
    untested.retain(|name| !testbed::crash::sequence::POINTS.contains(name));
    let others = [include_str!("orders.rs"), include_str!("lapses.rs")];
    untested.retain(|name| !others.iter().any(|tests| tests.contains(&format!("_under(\"{name}\")"))));
    assert!(untested.is_empty(), "{untested:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let within = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")).chain(within).collect()
}

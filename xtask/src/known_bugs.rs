//! Bugs that tests switch on stay in tests: no manifest turns the feature on, and only the simulator can.

use std::path::Path;

use crate::{name, read, rooms};

const FEATURE: &str = "known-bugs";

/// The rooms that have some.
const OWNERS: &[&str] = &["qbft", "slashing", "duty"];

pub(crate) fn check(root: &Path, complaints: &mut Vec<String>) {
    let others = [root.to_owned(), root.join("xtask")];
    for directory in rooms(root).into_iter().chain(others) {
        let manifest = read(&directory.join("Cargo.toml"));
        let wrong = manifest.lines().filter(|line| line.contains(FEATURE) && !may_stand(&directory, line));
        complaints.extend(wrong.map(|line| {
            format!("{}/Cargo.toml may not say {line}: {FEATURE} is for tests alone", directory.display())
        }));
    }
}

fn may_stand(directory: &Path, line: &str) -> bool {
    let room = name(directory);
    let is_defined = match room.as_str() {
        "sim" => line.starts_with("known-bugs = [") || line == "required-features = [\"known-bugs\"]",
        _ => OWNERS.contains(&room.as_str()) && line == "known-bugs = []",
    };
    is_defined || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_may_be_defined_and_not_turned_on() {
        let may = |room: &str, line| may_stand(Path::new(room), line);
        assert!(may("qbft", "known-bugs = []"));
        assert!(may("sim", "known-bugs = [\"qbft/known-bugs\"]"));
        for room in ["qbft", "sim", "node", "phalanx"] {
            assert!(!may(room, "default = [\"known-bugs\"]"), "{room}");
            assert!(!may(room, "qbft = { workspace = true, features = [\"known-bugs\"] }"), "{room}");
        }
        assert!(!may("node", "known-bugs = []"));
    }
}

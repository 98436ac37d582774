//! Bugs that tests switch on stay in tests: no manifest turns the feature on, and only the simulator can.

use std::path::Path;

use crate::sources::tracked;
use crate::{name, read};

const FEATURE: &str = "known-bugs";

/// The rooms that have some.
const OWNERS: &[&str] = &["qbft", "slashing", "duty"];

pub(crate) fn check(root: &Path, complaints: &mut Vec<String>) {
    for manifest in tracked(root).iter().filter(|file| file.ends_with("Cargo.toml")) {
        let room = name(Path::new(manifest).parent().unwrap_or(root));
        let text = read(&root.join(manifest));
        let wrong = text.lines().filter(|line| line.contains(FEATURE) && !may_stand(&room, line));
        complaints
            .extend(wrong.map(|line| {
                format!("{manifest} may not say {line}: {FEATURE} is for the simulator's tests")
            }));
    }
}

fn may_stand(room: &str, line: &str) -> bool {
    let is_defined = match room {
        "sim" => line.starts_with("known-bugs = [") || line == "required-features = [\"known-bugs\"]",
        _ => OWNERS.contains(&room) && line == "known-bugs = []",
    };
    is_defined || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_may_be_defined_and_not_turned_on() {
        assert!(may_stand("qbft", "known-bugs = []"));
        assert!(may_stand("sim", "known-bugs = [\"qbft/known-bugs\"]"));
        for room in ["qbft", "sim", "node", "phalanx"] {
            assert!(!may_stand(room, "default = [\"known-bugs\"]"), "{room}");
            assert!(!may_stand(room, "qbft = { workspace = true, features = [\"known-bugs\"] }"), "{room}");
        }
        assert!(!may_stand("node", "known-bugs = []"));
    }
}

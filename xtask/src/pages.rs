//! What the documentation owes its reader.

use std::path::Path;

use crate::{name, read, rooms};

/// Pages a stranger looks for.
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "docs/benchmarks.md",
];

pub(crate) fn check(root: &Path, complaints: &mut Vec<String>) {
    for page in PAGES.iter().filter(|page| read(&root.join(page)).is_empty()) {
        complaints.push(format!("{page} is missing or empty"));
    }
    let map = read(&root.join("ARCHITECTURE.md"));
    for room in rooms(root) {
        let room = name(&room);
        if !map.contains(&format!("`{room}`")) {
            complaints.push(format!("ARCHITECTURE.md does not name `{room}`"));
        }
    }
    check_decisions(root, complaints);
}

/// Decisions are numbered without gaps, so that one can be cited.
fn check_decisions(root: &Path, complaints: &mut Vec<String>) {
    let entries = std::fs::read_dir(root.join("docs/decisions")).into_iter().flatten().flatten();
    let mut files: Vec<String> = entries.map(|entry| name(&entry.path())).collect();
    files.sort();
    for (index, file) in files.iter().enumerate() {
        let expected = format!("{:04}-", index + 1);
        if !file.starts_with(&expected) {
            complaints.push(format!("docs/decisions/{file} should begin with {expected}"));
        }
    }
}

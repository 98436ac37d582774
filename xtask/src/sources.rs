//! What every source file owes its reader.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arrows::BRAIN;
use crate::{name, read, rooms};

/// Longer than this, a file has two subjects.
const MAX_LINES: usize = 600;

/// What the brain may not touch, where clippy cannot see it.
const WORLD: &[&str] = &[
    "std::fs",
    "TcpStream",
    "UdpSocket",
    "std::env::var",
    "std::process",
    "println!",
    "eprintln!",
    "async fn",
];

/// What has no place in a tracked file: unfinished work and traces of one machine.
fn unwanted() -> Vec<String> {
    ["todo", "unimplemented"]
        .iter()
        .map(|word| format!("{word}!("))
        .chain([["/wo", "rk/"].concat()])
        .collect()
}

pub(crate) fn check(root: &Path, complaints: &mut Vec<String>) {
    for room in rooms(root) {
        check_door(&room, complaints);
        for file in sources(&room.join("src")) {
            check_source(root, &room, &file, complaints);
        }
    }
    let unwanted = unwanted();
    for file in tracked(root) {
        let text = read(&root.join(&file));
        for word in unwanted.iter().filter(|word| text.contains(word.as_str())) {
            complaints.push(format!("{file} contains {word}"));
        }
    }
}

/// A room's `lib.rs` says what the room is and what is never in it.
fn check_door(room: &Path, complaints: &mut Vec<String>) {
    let door = room.join("src/lib.rs");
    if door.exists() && !read(&door).contains("Never here") {
        complaints.push(format!("crates/{}/src/lib.rs does not say what is never here", name(room)));
    }
}

fn check_source(root: &Path, room: &Path, file: &Path, complaints: &mut Vec<String>) {
    let text = read(file);
    let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
    if !text.starts_with("//!") {
        complaints.push(format!("{shown} does not begin with what it is (`//!`)"));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        complaints.push(format!("{shown} has {lines} lines, more than {MAX_LINES}: it has two subjects"));
    }
    if BRAIN.contains(&name(room).as_str()) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let in_code =
            |word: &&&str| code.lines().any(|line| line.contains(**word) && !line.trim().starts_with("//"));
        for word in WORLD.iter().filter(in_code) {
            complaints.push(format!("{shown} is below the line of IO and may not use {word}"));
        }
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The files git tracks, except the lock file.
pub(crate) fn tracked(root: &Path) -> Vec<String> {
    let listed = Command::new("git").arg("ls-files").current_dir(root).output();
    let text = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().filter(|file| *file != "Cargo.lock").map(str::to_owned).collect()
}

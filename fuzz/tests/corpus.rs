//! What continuous integration runs of the fuzz targets, without a fuzzer: the seeds, what was found before, and
//! both changed a little.
#![allow(clippy::disallowed_types, reason = "a limit on time")]

use std::path::Path;
use std::time::Duration;

use fuzz::{TARGETS, Target, run};

/// Changes of each input; `FUZZ_CHANGES` asks for more.
const CHANGES: usize = 20;
/// No input of a few kilobytes may take longer. A generous limit: the machine may do other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn every_seed_and_every_finding_is_survived_by_its_target_and_by_all_others() {
    for target in TARGETS {
        let mut inputs = (target.seeds)();
        assert!(!inputs.is_empty(), "{} has seeds", target.name);
        inputs.extend(findings(target));
        for input in &inputs {
            survive(target, input);
        }
    }
    let all: Vec<Vec<u8>> = TARGETS.iter().flat_map(|target| (target.seeds)()).collect();
    for target in TARGETS.iter().filter(|target| target.name != "engine") {
        all.iter().for_each(|input| survive(target, input));
    }
}

#[test]
fn inputs_that_are_changed_a_little_are_survived() {
    let changes = std::env::var("FUZZ_CHANGES").ok().and_then(|text| text.parse().ok()).unwrap_or(CHANGES);
    for target in TARGETS {
        let inputs = [(target.seeds)(), findings(target)].concat();
        for (number, input) in inputs.iter().enumerate() {
            let mut chance = Chance(number as u64);
            for _ in 0..changes {
                survive(target, &changed(input, &mut chance));
            }
        }
    }
}

fn survive(target: &Target, input: &[u8]) {
    let took = run(target, input);
    assert!(took < PATIENCE, "{} took {took:?} for {} bytes", target.name, input.len());
}

/// Inputs that once broke something: `fuzz/findings/TARGET/*`.
fn findings(target: &Target) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("findings").join(target.name);
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten();
    files.map(|file| std::fs::read(file.path()).expect("a tracked file")).collect()
}

/// splitmix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}

/// One to three bytes flipped, cut, doubled, or put in.
fn changed(input: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(bytes.len());
        match chance.below(5) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, b"\x00\xff\"9{["[chance.below(6)]),
            _ => {
                let piece = bytes[at..(at + chance.below(64)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

//! One binary for all targets, so that all is linked once: `FUZZ_TARGET` says which one runs. See `fuzz/run`.
#![no_main]

use std::sync::LazyLock;

use fuzz::Target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    fuzz::target(&name).unwrap_or_else(|| panic!("no target {name}"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::run(&TARGET, data);
});

//! Writes the seeds of all targets into a corpus, or prints their names: `seeds DIRECTORY`, `seeds`.
#![allow(clippy::print_stdout, reason = "a command line tool")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let Some(directory) = std::env::args().nth(1) else {
        fuzz::TARGETS.iter().for_each(|target| println!("{}", target.name));
        return Ok(());
    };
    for target in fuzz::TARGETS {
        let corpus = Path::new(&directory).join(target.name);
        std::fs::create_dir_all(&corpus)?;
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            std::fs::write(corpus.join(format!("seed-{number:02}")), seed)?;
        }
    }
    Ok(())
}

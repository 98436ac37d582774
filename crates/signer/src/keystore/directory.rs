//! Directories of key shares: `keystore-<i>.json` with its password in `keystore-<i>.txt`.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bls::SecretKey;
use zeroize::Zeroizing;

use super::{Keystore, KeystoreFault, MAX_JSON_BYTES, Protection};
use crate::Error;

/// Memory that decrypting may take at once, over all threads.
const MAX_MEMORY_BYTES: u64 = 1 << 30;

/// A secret and the file it came from.
#[derive(Clone, Debug)]
pub struct LoadedKeystore {
    /// The keystore file.
    pub path: PathBuf,
    /// Its secret.
    pub secret: SecretKey,
}

/// Decrypts every `keystore-*.json` of a directory, on as many threads as processors and memory allow.
///
/// The order is that of the numbers in the file names. The first file that cannot be used is the error.
pub fn load_directory(directory: &Path) -> Result<Vec<LoadedKeystore>, Error> {
    let mut paths = keystore_paths(directory)?;
    paths.sort_by_key(|path| (number_of(path), path.clone()));
    let keystores: Vec<(PathBuf, Keystore)> = paths
        .into_iter()
        .map(|path| Ok((path.clone(), read_keystore(&path)?)))
        .collect::<Result<_, Error>>()?;
    let memory = keystores.iter().map(|(_, keystore)| keystore.memory_bytes()).max().unwrap_or(0);
    let by_memory = usize::try_from(MAX_MEMORY_BYTES / memory.max(1)).unwrap_or(usize::MAX);
    in_parallel(&keystores, by_memory.max(1), |_, (path, keystore)| {
        let password = read_password(&path.with_extension("txt"))?;
        let secret = keystore.decrypt(&password).map_err(|fault| fault_of(path, fault))?;
        Ok(LoadedKeystore { path: path.clone(), secret })
    })
}

/// Writes secrets as `keystore-<i>.json` (or `keystore-insecure-<i>.json`) with fresh passwords beside them, all
/// synced. Nothing is ever overwritten; after an error the directory is incomplete and the caller's to remove.
pub fn write_directory(directory: &Path, secrets: &[SecretKey], protection: Protection) -> Result<(), Error> {
    let by_memory = if protection == Protection::Scrypt { 4 } else { usize::MAX };
    in_parallel(secrets, by_memory, |index, secret| {
        let insecure = if protection == Protection::Insecure { "insecure-" } else { "" };
        let path = directory.join(format!("keystore-{insecure}{index}.json"));
        let password = random_password().map_err(|fault| fault_of(&path, fault))?;
        let keystore =
            Keystore::encrypt(secret, &password, protection).map_err(|fault| fault_of(&path, fault))?;
        write_once(&path, keystore.to_json().as_bytes(), 0o444)?;
        write_once(&path.with_extension("txt"), password.as_bytes(), 0o400)
    })?;
    File::open(directory)
        .and_then(|opened| opened.sync_all())
        .map_err(|error| Error::io(directory, "sync the directory", error))
}

/// A fresh password: 32 hex characters, 128 bits.
pub fn random_password() -> Result<Zeroizing<String>, KeystoreFault> {
    let mut bytes = Zeroizing::new([0; 16]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| KeystoreFault::NoRandomness(error.to_string()))?;
    Ok(Zeroizing::new(const_hex::encode(bytes.as_slice())))
}

fn keystore_paths(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |error| Error::io(directory, "read the directory", error);
    let mut paths = vec![];
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("keystore-") && name.ends_with(".json") {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The number before the extension; files without one come last.
fn number_of(path: &Path) -> u64 {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}

fn read_keystore(path: &Path) -> Result<Keystore, Error> {
    let bytes = read_limited(path)?;
    Keystore::from_json(&bytes).map_err(|fault| fault_of(path, fault))
}

fn read_password(path: &Path) -> Result<Zeroizing<String>, Error> {
    let mut bytes = read_limited(path)?;
    let password = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Error::io(path, "read", std::io::Error::new(std::io::ErrorKind::InvalidData, "a password is UTF-8"))
    })?;
    Ok(Zeroizing::new(password))
}

/// Reads a small file: one byte more than is allowed is enough to refuse it later.
fn read_limited(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_JSON_BYTES + 1));
    File::open(path)
        .and_then(|file| file.take(MAX_JSON_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::io(path, "read", error))?;
    Ok(bytes)
}

fn write_once(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| Error::io(path, "write", error))
}

fn fault_of(path: &Path, fault: KeystoreFault) -> Error {
    Error::Keystore { path: path.to_owned(), fault: Box::new(fault) }
}

/// Works on all items at once; stops at the first error, which is returned.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    max_threads: usize,
    work: impl Fn(usize, &T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, has_failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..processors.min(max_threads).min(items.len()) {
            scope.spawn(|| {
                while !has_failed.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(index, item);
                    has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
                    done.lock().expect("no worker panics while it holds the lock").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker panics while it holds the lock");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

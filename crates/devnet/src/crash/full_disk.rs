//! A disk of its own for the ledger, which fills up, or cannot be written at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eth::Slot;

use super::cluster::Cluster;
use super::faults::without_ledger;
use super::report::Report;
use super::verdict;
use crate::Error;

/// So much before a slot something happens to the disk.
const EARLY: Duration = Duration::from_millis(150);

/// Slots without space.
const FULL_SLOTS: u64 = 2;

/// Slots on a disk that turned read only.
const DEAD_SLOTS: u64 = 2;

const DISK_BYTES: u64 = 4 << 20;
const IMAGE_BYTES: u64 = 32 << 20;

/// How often freed space is taken again: a ledger that shortens its log frees some.
const FILL_PAUSE: Duration = Duration::from_millis(2);

/// Fills a disk and frees it again while the victim runs; starts the victim on a disk that is read only; turns a disk
/// read only under the running victim.
pub(super) async fn sweep(
    cluster: &mut Cluster,
    scratch: &Path,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    let home = cluster.ledger().to_owned();
    match Disk::in_memory(&scratch.join("disk")) {
        Err(why) => skip("a disk that is full or read only", &why, report, tell),
        Ok(disk) => {
            move_to(cluster, &disk.path.join(node::directory::LEDGER), report).await?;
            full(cluster, &disk, scratch, report, tell).await?;
            read_only(cluster, &disk, report, tell).await?;
            move_to(cluster, &home, report).await?;
        }
    }
    match Disk::in_file(&scratch.join("image"), &scratch.join("turning")) {
        Err(why) => skip("a disk that turns read only under the running node", &why, report, tell),
        Ok(disk) => {
            move_to(cluster, &disk.path.join(node::directory::LEDGER), report).await?;
            turned_read_only(cluster, &disk, scratch, report, tell).await?;
            move_to(cluster, &home, report).await?;
        }
    }
    Ok(())
}

fn skip(what: &str, why: &str, report: &mut Report, tell: &mut impl FnMut(&str)) {
    let line = format!("{what}: {why}");
    tell(&format!("SKIPPED {line}"));
    report.skipped.push(line);
}

/// Ends the victim as an operator would, moves its ledger, and starts it again.
async fn move_to(cluster: &mut Cluster, ledger: &Path, report: &mut Report) -> Result<(), Error> {
    cluster.stop_victim().await?;
    cluster.move_ledger(ledger)?;
    cluster.restart().await?;
    let next = cluster.next_slot();
    let wrong = verdict::attests(cluster, next, report).await?;
    report.point("ledger moved", "after a clean stop", wrong.into_iter().collect());
    Ok(())
}

async fn full(
    cluster: &mut Cluster,
    disk: &Disk,
    scratch: &Path,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    // Right after its start the ledger's log is as short as can be, so that the next commit needs space.
    cluster.stop_victim().await?;
    cluster.restart().await?;
    let slot = cluster.next_slot();
    cluster.until(slot, EARLY).await;
    let filler = disk.fill();
    cluster.until(Slot(slot.0 + FULL_SLOTS), EARLY).await;
    cluster.look()?;
    let mut wrong = verdict::on_disk(cluster, &[], scratch)?;
    wrong.extend((0..FULL_SLOTS).flat_map(|more| without_ledger(cluster, Slot(slot.0 + more))));
    filler.empty();
    wrong.extend(verdict::attests(cluster, Slot(slot.0 + FULL_SLOTS), report).await?);
    tell(&format!("  slots {slot} and {}: the disk is full; then there is space", slot.0 + FULL_SLOTS - 1));
    report.point("full disk", "tmpfs", wrong);
    Ok(())
}

async fn read_only(
    cluster: &mut Cluster,
    disk: &Disk,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    cluster.stop_victim().await?;
    disk.remount("ro").map_err(Error::Tracing)?;
    let said = cluster.refused_start().await;
    disk.remount("rw").map_err(Error::Tracing)?;
    let said = said?;
    tell(&format!("  started on a read-only disk, it ends and says: {said}"));
    let is_named = said.contains(&disk.path.display().to_string()) && said.contains("Read-only");
    let mut wrong = Vec::new();
    if !is_named {
        wrong.push(format!("it does not name the file and the reason: {said}"));
    }
    cluster.restart().await?;
    let next = cluster.next_slot();
    wrong.extend(verdict::attests(cluster, next, report).await?);
    report.point("start on a read-only disk", "tmpfs", wrong);
    Ok(())
}

/// A disk that turns read only under the running victim, as a kernel does that finds its file system broken. When it is
/// mounted anew, the victim is started on what is there.
async fn turned_read_only(
    cluster: &mut Cluster,
    disk: &Disk,
    scratch: &Path,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    let slot = cluster.next_slot();
    cluster.until(slot, EARLY).await;
    disk.remount("abort").map_err(Error::Tracing)?;
    cluster.until(Slot(slot.0 + DEAD_SLOTS), EARLY).await;
    cluster.look()?;
    let mut wrong = verdict::on_disk(cluster, &[], scratch)?;
    wrong.extend((0..DEAD_SLOTS).flat_map(|more| without_ledger(cluster, Slot(slot.0 + more))));
    cluster.stop_victim().await?;
    disk.mount_anew().map_err(Error::Tracing)?;
    cluster.restart().await?;
    let next = cluster.next_slot();
    wrong.extend(verdict::attests(cluster, next, report).await?);
    tell(&format!(
        "  slots {slot} and {}: the disk is read only; mounted anew after",
        slot.0 + DEAD_SLOTS - 1
    ));
    report.point("disk turns read only", "ext4", wrong);
    Ok(())
}

/// A small disk; gone when dropped.
struct Disk {
    path: PathBuf,
    /// Where its content is, unless that is in memory.
    image: Option<PathBuf>,
}

impl Disk {
    fn in_memory(path: &Path) -> Result<Disk, String> {
        fs::create_dir_all(path).map_err(|why| why.to_string())?;
        mount(&["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"], path)?;
        Ok(Disk { path: path.to_owned(), image: None })
    }

    fn in_file(image: &Path, path: &Path) -> Result<Disk, String> {
        fs::create_dir_all(path).map_err(|why| why.to_string())?;
        let file = File::create(image).map_err(|why| why.to_string())?;
        file.set_len(IMAGE_BYTES).map_err(|why| why.to_string())?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image))?;
        let disk = Disk { path: path.to_owned(), image: Some(image.to_owned()) };
        disk.mount_image().map(|()| disk)
    }

    fn mount_image(&self) -> Result<(), String> {
        let image = self.image.iter().map(|image| image.display().to_string()).collect::<String>();
        mount(&["-o", "loop", &image], &self.path)
    }

    fn mount_anew(&self) -> Result<(), String> {
        run(Command::new("umount").arg(&self.path))?;
        self.mount_image()
    }

    fn remount(&self, how: &str) -> Result<(), String> {
        mount(&["-o", &format!("remount,{how}")], &self.path)
    }

    /// Takes all space, and keeps taking it.
    fn fill(&self) -> Filler {
        let path = self.path.join("filler");
        let ended = Arc::new(AtomicBool::new(false));
        let (file, until) = (path.clone(), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            let Ok(mut file) = File::create(file) else { return };
            while !until.load(Ordering::Relaxed) {
                while file.write(&[0; 4096]).is_ok() {}
                std::thread::sleep(FILL_PAUSE);
            }
        });
        Filler { path, ended, thread }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file open there holds it up until then.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> Result<(), String> {
    run(Command::new("mount").args(arguments).arg(path))
}

/// Runs a command of the system.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|why| format!("{program}: {why}"))?;
    match done.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&done.stderr).trim().to_owned()),
    }
}

/// What fills a disk.
struct Filler {
    path: PathBuf,
    ended: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Filler {
    /// Gives the space back.
    fn empty(self) {
        self.ended.store(true, Ordering::Relaxed);
        // A filler that failed has taken nothing.
        let _ = self.thread.join();
        let _ = fs::remove_file(&self.path);
    }
}

//! What this node has seen of its peers' signatures, on disk for its next life.
//!
//! It is no ledger: a file that is lost, damaged or old makes a weaker witness of others and costs this node nothing. So
//! it is written off the signing path, without waiting for the disk.

use std::fs;
use std::path::{Path, PathBuf};

use cluster::GroupKey;
use duty::{Sightings, VoteMark, Watermark};
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use qbft::PeerIndex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Error;

/// The file, beside the slashing ledger.
const FILE: &str = "witness.json";

/// Longest file that is read: a mark has some two hundred bytes.
const MAX_BYTES: u64 = 256 << 20;

/// The store.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    path: PathBuf,
    lock_hash: Root,
}

#[derive(Serialize, Deserialize)]
struct Content {
    lock_hash: Root,
    peers: Vec<Peer>,
}

#[derive(Serialize, Deserialize)]
struct Peer {
    peer: u8,
    seen: Vec<Mark>,
}

#[derive(Serialize, Deserialize)]
struct Mark {
    key: PublicKeyBytes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Epoch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Epoch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<Slot>,
}

impl Memory {
    /// The store beside the ledger, of the cluster with that lock.
    pub(crate) fn beside(ledger: &Path, lock_hash: Root) -> Memory {
        Memory { path: ledger.with_file_name(FILE), lock_hash }
    }

    /// What is kept; nothing when that cannot be read or is another cluster's.
    pub(crate) fn load(&self) -> Sightings {
        match self.read() {
            Ok(content) if content.lock_hash == self.lock_hash => sightings(content),
            Ok(_) => Sightings::new(),
            Err(why) => {
                let path = self.path.display();
                tracing::warn!(topic = "witness", %path, why, "what was seen of the peers is forgotten");
                Sightings::new()
            }
        }
    }

    fn read(&self) -> Result<Content, String> {
        let nothing = Content { lock_hash: self.lock_hash, peers: Vec::new() };
        let length = match fs::metadata(&self.path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(nothing),
            Err(error) => return Err(error.to_string()),
        };
        if length > MAX_BYTES {
            return Err(format!("it has {length} bytes"));
        }
        let json = fs::read(&self.path).map_err(|error| error.to_string())?;
        serde_json::from_slice(&json).map_err(|error| error.to_string())
    }

    /// Replaces what is kept.
    pub(crate) fn write(&self, sightings: &Sightings) -> Result<(), Error> {
        let json = serde_json::to_vec(&self.content(sightings)).expect("marks always make JSON");
        let draft = self.path.with_extension("draft");
        let write = || {
            fs::write(&draft, json)?;
            fs::rename(&draft, &self.path)
        };
        write().map_err(|cause| Error::Write { path: self.path.clone(), cause })
    }

    fn content(&self, sightings: &Sightings) -> Content {
        let mark = |(key, mark): (&GroupKey, &Watermark)| Mark {
            key: key.0,
            source: mark.vote.map(|vote| vote.source),
            target: mark.vote.map(|vote| vote.target),
            block: mark.block,
        };
        let peers = sightings.iter();
        let peers = peers.map(|(peer, marks)| Peer { peer: peer.0, seen: marks.iter().map(mark).collect() });
        Content { lock_hash: self.lock_hash, peers: peers.collect() }
    }

    /// Starts to write whatever is the latest in the channel, one after the other; ends with it.
    pub(crate) fn keep(self, mut latest: watch::Receiver<Sightings>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut is_warned = false;
            while latest.changed().await.is_ok() {
                let (memory, sightings) = (self.clone(), latest.borrow_and_update().clone());
                let written = tokio::task::spawn_blocking(move || memory.write(&sightings)).await;
                if let Ok(Err(error)) = written
                    && !std::mem::replace(&mut is_warned, true)
                {
                    tracing::warn!(topic = "witness", %error, "what was seen of the peers will be forgotten");
                }
            }
        })
    }
}

fn sightings(content: Content) -> Sightings {
    let mark = |Mark { key, source, target, block }: Mark| {
        let vote = source.zip(target).map(|(source, target)| VoteMark { source, target });
        (GroupKey(key), Watermark { vote, block })
    };
    let peers = content.peers.into_iter();
    peers.map(|peer| (PeerIndex(peer.peer), peer.seen.into_iter().map(mark).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: Root = Root([3; 32]);

    fn seen() -> Sightings {
        let key = |number| GroupKey(PublicKeyBytes([number; 48]));
        let vote = VoteMark { source: Epoch(0), target: Epoch(1) };
        let marks = [
            (key(1), Watermark { vote: Some(vote), block: None }),
            (key(2), Watermark { vote: Some(vote), block: Some(Slot(9)) }),
            (key(3), Watermark { vote: None, block: Some(Slot(0)) }),
        ];
        Sightings::from([(PeerIndex(2), marks.into()), (PeerIndex(3), [].into())])
    }

    #[test]
    fn what_was_seen_is_there_after_a_restart() {
        let place = tempfile::tempdir().expect("a directory");
        let ledger = place.path().join("ledger");
        let memory = Memory::beside(&ledger, LOCK);
        assert_eq!(memory.load(), Sightings::new());
        memory.write(&Sightings::new()).expect("written");
        memory.write(&seen()).expect("written again");
        assert_eq!(Memory::beside(&ledger, LOCK).load(), seen());
        assert_eq!(Memory::beside(&ledger, Root([4; 32])).load(), Sightings::new(), "another cluster's");
    }

    #[test]
    fn a_damaged_file_is_an_empty_memory() {
        let place = tempfile::tempdir().expect("a directory");
        let memory = Memory::beside(&place.path().join("ledger"), LOCK);
        memory.write(&seen()).expect("written");
        let whole = fs::read(&memory.path).expect("it is there");
        for length in 0..whole.len() {
            fs::write(&memory.path, &whole[..length]).expect("cut off");
            assert_eq!(memory.load(), Sightings::new(), "{length} bytes");
        }
    }

    #[tokio::test]
    async fn the_latest_is_kept() {
        let place = tempfile::tempdir().expect("a directory");
        let memory = Memory::beside(&place.path().join("ledger"), LOCK);
        let (sender, latest) = watch::channel(Sightings::new());
        let keeping = memory.clone().keep(latest);
        sender.send(seen()).expect("it is read");
        drop(sender);
        keeping.await.expect("it ends with its channel");
        assert_eq!(memory.load(), seen());
    }
}

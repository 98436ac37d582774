//! The hash tree that every cluster file and consensus message is hashed with.
//!
//! It is SSZ's tree with three habits of its own, all part of the format (charon-wire 1.4): an empty byte string
//! adds no chunk, a long one is padded and merkleised without its length, and a short one is padded on whichever
//! side its field says. So `b` and `b ‖ 00` may hash alike: never use this for anything but those formats.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::Error;

/// Bytes of one leaf.
const CHUNK: usize = 32;
/// Levels for which the root of an all-zero subtree is kept: more leaves than memory could hold.
const DEPTHS: usize = 64;

type Chunk = [u8; CHUNK];

static ZERO_SUBTREE: LazyLock<[Chunk; DEPTHS]> = LazyLock::new(|| {
    let mut roots = [[0; CHUNK]; DEPTHS];
    for depth in 1..DEPTHS {
        roots[depth] = hash_pair(&roots[depth - 1], &roots[depth - 1]);
    }
    roots
});

/// The hash of one byte string, as consensus messages and values are hashed: merkleised without its length.
///
/// Up to 32 bytes hash to themselves, padded with zeros.
pub fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    let mut walker = HashWalker::new();
    walker.put_bytes(bytes);
    walker.root()
}

/// Walks over an object's fields in order, collecting one chunk for each.
///
/// ```
/// let mut walker = cluster::hash::HashWalker::new();
/// let start = walker.mark();
/// walker.put_u64(7);
/// walker.put_bytes(b"name");
/// walker.merkleize(start);
/// let root: [u8; 32] = walker.root();
/// # assert_ne!(root, [0; 32]);
/// ```
#[derive(Default)]
pub struct HashWalker {
    chunks: Vec<Chunk>,
}

/// Where a container or list began.
#[derive(Clone, Copy)]
pub struct Mark(usize);

impl HashWalker {
    /// A walker that has seen nothing.
    pub fn new() -> HashWalker {
        HashWalker::default()
    }

    /// The place of the next field, to be handed to [`HashWalker::merkleize`] when the object is complete.
    pub fn mark(&self) -> Mark {
        Mark(self.chunks.len())
    }

    /// A byte string: no chunk when empty, otherwise one, padded on the right and without its length.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        match bytes.len() {
            0 => {}
            1..=CHUNK => self.chunks.push(padded_right(bytes)),
            _ => {
                let mut chunks: Vec<Chunk> = bytes.chunks(CHUNK).map(padded_right).collect();
                let depth = depth_for(chunks.len());
                self.chunks.push(tree_root(&mut chunks, depth));
            }
        }
    }

    /// A byte string of a fixed length, padded on the **left** when shorter. `field` is for the error only.
    pub fn put_fixed(&mut self, field: &'static str, bytes: &[u8], length: usize) -> Result<(), Error> {
        let missing = length.checked_sub(bytes.len()).ok_or(Error::TooLong { field, limit: length })?;
        let mut padded = vec![0; missing];
        padded.extend_from_slice(bytes);
        self.put_bytes(&padded);
        Ok(())
    }

    /// A byte string of at most `limit` bytes, with its length mixed in. `field` is for the error only.
    pub fn put_byte_list(&mut self, field: &'static str, bytes: &[u8], limit: usize) -> Result<(), Error> {
        if bytes.len() > limit {
            return Err(Error::TooLong { field, limit });
        }
        let start = self.mark();
        self.chunks.extend(bytes.chunks(CHUNK).map(padded_right));
        self.mix_in(start, bytes.len(), limit.div_ceil(CHUNK));
        Ok(())
    }

    /// A number, little-endian.
    pub fn put_u64(&mut self, number: u64) {
        self.put_bytes(&number.to_le_bytes());
    }

    /// A truth value.
    pub fn put_bool(&mut self, value: bool) {
        self.put_bytes(&[u8::from(value)]);
    }

    /// A list of at most `limit` numbers, packed. `field` is for the error only.
    pub fn put_u64_list(&mut self, field: &'static str, numbers: &[u64], limit: usize) -> Result<(), Error> {
        if numbers.len() > limit {
            return Err(Error::TooLong { field, limit });
        }
        let start = self.mark();
        let packed: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.chunks.extend(packed.chunks(CHUNK).map(padded_right));
        self.mix_in(start, numbers.len(), (8 * limit).div_ceil(CHUNK));
        Ok(())
    }

    /// Ends a container: all chunks since `start` become one.
    pub fn merkleize(&mut self, start: Mark) {
        let depth = depth_for(self.chunks.len() - start.0);
        let root = tree_root(&mut self.chunks[start.0..], depth);
        self.replace_since(start, root);
    }

    /// Ends a list of `count` items, one chunk each, that may hold `limit`: all chunks since `start` become one.
    /// `field` is for the error only.
    pub fn merkleize_list(
        &mut self,
        field: &'static str,
        start: Mark,
        count: usize,
        limit: usize,
    ) -> Result<(), Error> {
        if count > limit || self.chunks.len() - start.0 > limit {
            return Err(Error::TooLong { field, limit });
        }
        self.mix_in(start, count, limit);
        Ok(())
    }

    /// The hash of all that was walked over.
    pub fn root(mut self) -> [u8; 32] {
        self.merkleize(Mark(0));
        self.chunks[0]
    }

    fn mix_in(&mut self, start: Mark, length: usize, chunk_limit: usize) {
        let tree = tree_root(&mut self.chunks[start.0..], depth_for(chunk_limit));
        self.replace_since(start, hash_pair(&tree, &padded_right(&(length as u64).to_le_bytes())));
    }

    fn replace_since(&mut self, start: Mark, root: Chunk) {
        self.chunks.truncate(start.0);
        self.chunks.push(root);
    }
}

fn padded_right(bytes: &[u8]) -> Chunk {
    let mut chunk = [0; CHUNK];
    chunk[..bytes.len()].copy_from_slice(bytes);
    chunk
}

/// Levels of the smallest tree with that many leaves.
fn depth_for(leaves: usize) -> usize {
    leaves.max(1).next_power_of_two().trailing_zeros() as usize
}

/// The root of the tree over `leaves`, zero subtrees to their right; overwrites the leaves.
fn tree_root(leaves: &mut [Chunk], depth: usize) -> Chunk {
    if leaves.is_empty() {
        return ZERO_SUBTREE[depth];
    }
    let mut width = leaves.len();
    for zeros in ZERO_SUBTREE.iter().take(depth) {
        let parents = width.div_ceil(2);
        for parent in 0..parents {
            let right = if 2 * parent + 1 < width { leaves[2 * parent + 1] } else { *zeros };
            leaves[parent] = hash_pair(&leaves[2 * parent], &right);
        }
        width = parents;
    }
    leaves[0]
}

fn hash_pair(left: &Chunk, right: &Chunk) -> Chunk {
    Sha256::new().chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_strings_hash_to_themselves() {
        assert_eq!(hash_bytes(b""), [0; 32]);
        assert_eq!(hash_bytes(b"phalanx"), padded_right(b"phalanx"));
        assert_eq!(hash_bytes(&[7; 32]), [7; 32]);
    }

    #[test]
    fn three_chunks_are_completed_with_a_zero_chunk() {
        let [a, b, c] = [[1; 32], [2; 32], [3; 32]];
        let expected = hash_pair(&hash_pair(&a, &b), &hash_pair(&c, &[0; 32]));
        assert_eq!(hash_bytes(&[a, b, c].concat()), expected);
    }

    #[test]
    fn a_trailing_zero_byte_is_not_seen() {
        assert_eq!(hash_bytes(b"ab"), hash_bytes(b"ab\0"));
    }

    #[test]
    fn an_empty_list_is_the_zero_subtree_with_length_zero() {
        let mut walker = HashWalker::new();
        walker.put_u64_list("amounts", &[], 256).expect("an empty list is short");
        assert_eq!(walker.root(), hash_pair(&ZERO_SUBTREE[6], &[0; 32]));
    }

    #[test]
    fn fixed_strings_are_padded_on_the_left() {
        let mut walker = HashWalker::new();
        walker.put_fixed("address", &[9], 20).expect("one byte fits 20");
        let mut expected = [0; 32];
        expected[19] = 9;
        assert_eq!(walker.root(), expected);
    }

    #[test]
    fn too_long_fields_are_refused() {
        let mut walker = HashWalker::new();
        assert!(walker.put_fixed("address", &[0; 21], 20).is_err());
        assert!(walker.put_byte_list("name", &[0; 257], 256).is_err());
        assert!(walker.put_u64_list("amounts", &[0; 257], 256).is_err());
        let start = walker.mark();
        (0..3).for_each(|number| walker.put_u64(number));
        assert!(walker.merkleize_list("operators", start, 3, 2).is_err());
    }
}

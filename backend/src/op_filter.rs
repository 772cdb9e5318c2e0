//! Bloom filters of the operations in a piece of the archive, by which a node knows without a
//! query that an `op_id` was not used before. Our own: the bits are stored, so that their
//! meaning must not change with a crate's version.
//!
//! A filter has 32 bits for each key and sets 12 of them (Bloom, "Space/Time Trade-offs in Hash
//! Coding with Allowable Errors", 1970; two hashes make them all: Kirsch and Mitzenmacher, "Less
//! Hashing, Same Performance", 2006). One key in a million is taken for one that is there.

use sha2::{Digest, Sha256};
use shared::ids::UserId;
use uuid::Uuid;

/// Bits of a filter for each key.
const BITS: usize = 32;
/// How many of them a key sets.
const SET: u64 = 12;
/// The length of the digest with which a stored filter begins.
const DIGEST: usize = 32;

/// What is looked for in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u64; 2]);

impl Key {
    /// An operation of a user.
    pub(crate) fn of_op(actor: UserId, op_id: Uuid) -> Self {
        Self::of(b'o', actor.0, op_id.as_bytes())
    }

    /// A message whose id does not contain its `seq`.
    pub(crate) fn of_message(id: Uuid) -> Self {
        Self::of(b'm', 0, id.as_bytes())
    }

    /// Somebody who wrote messages.
    pub(crate) fn of_sender(sender: UserId) -> Self {
        Self::of(b's', sender.0, &[])
    }

    fn of(kind: u8, actor: i64, id: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update([kind]);
        hash.update(actor.to_le_bytes());
        hash.update(id);
        let (mut first, mut second) = ([0; 8], [0; 8]);
        let digest = hash.finalize();
        first.copy_from_slice(&digest[..8]);
        second.copy_from_slice(&digest[8..16]);
        Self([u64::from_le_bytes(first), u64::from_le_bytes(second)])
    }

    /// The bits that it sets in a filter of so many.
    fn bits(self, count: u64) -> impl Iterator<Item = u64> {
        let [first, second] = self.0;
        (0..SET).map(move |number| {
            let hash = first.wrapping_add(number.wrapping_mul(second));
            // The upper half of the product is evenly spread below the count.
            let product = u128::from(hash) * u128::from(count);
            u64::try_from(product >> 64).unwrap_or_default()
        })
    }
}

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpFilter(Box<[u8]>);

/// A stored filter is not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its SHA-256 is another one")]
pub(crate) struct DamagedFilter;

impl OpFilter {
    /// A filter of these keys.
    pub(crate) fn new(keys: &[Key]) -> Self {
        let mut bytes = vec![0_u8; keys.len() * BITS / 8];
        for key in keys {
            for bit in key.bits(count(&bytes)) {
                let (byte, mask) = byte_and_mask(bit);
                bytes[byte] |= mask;
            }
        }
        Self(bytes.into())
    }

    /// Whether it may have the key. False is certain.
    pub(crate) fn may_have(&self, key: Key) -> bool {
        !self.0.is_empty()
            && key.bits(count(&self.0)).all(|bit| {
                let (byte, mask) = byte_and_mask(bit);
                self.0[byte] & mask != 0
            })
    }

    /// The memory that it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.0.len()
    }

    /// As it is stored: the SHA-256 of the bits, then the bits.
    pub(crate) fn to_stored(&self) -> Vec<u8> {
        let mut stored = Sha256::digest(&self.0).to_vec();
        stored.extend_from_slice(&self.0);
        stored
    }

    /// The filter that was stored.
    ///
    /// # Errors
    /// [`DamagedFilter`] if the digest is not that of the bits.
    pub(crate) fn from_stored(stored: &[u8]) -> Result<Self, DamagedFilter> {
        let (digest, bits) = stored.split_at_checked(DIGEST).ok_or(DamagedFilter)?;
        if Sha256::digest(bits).as_slice() == digest {
            Ok(Self(bits.into()))
        } else {
            Err(DamagedFilter)
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    bytes.len() as u64 * 8
}

/// The index of a bit's byte, and the bit's mask in it.
fn byte_and_mask(bit: u64) -> (usize, u8) {
    // The bits of a filter are in memory, so that their number is a `usize`.
    (usize::try_from(bit / 8).unwrap_or_default(), 1 << (bit % 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(range: std::ops::Range<u128>) -> Vec<Key> {
        range
            .map(|id| Key::of_op(UserId(7), Uuid::from_u128(id)))
            .collect()
    }

    #[test]
    fn it_has_all_of_its_keys_and_hardly_any_other() {
        let filter = OpFilter::new(&keys(0..10_000));
        assert!(keys(0..10_000).into_iter().all(|key| filter.may_have(key)));
        let others = keys(10_000..210_000).into_iter();
        let mistaken = others.filter(|key| filter.may_have(*key)).count();
        assert!(mistaken <= 3, "{mistaken}");
        assert!(filter.size() < 40_100);
        let op = Uuid::from_u128(5);
        assert!(filter.may_have(Key::of_op(UserId(7), op)));
        assert!(!filter.may_have(Key::of_op(UserId(8), op)));
        assert!(!filter.may_have(Key::of_message(op)));
        assert!(!filter.may_have(Key::of_sender(UserId(7))));
    }

    #[test]
    fn what_is_stored_is_checked() {
        let filter = OpFilter::new(&keys(0..100));
        let mut stored = filter.to_stored();
        assert_eq!(OpFilter::from_stored(&stored), Ok(filter));
        stored[200] ^= 1;
        assert_eq!(OpFilter::from_stored(&stored), Err(DamagedFilter));
        assert_eq!(OpFilter::from_stored(&[]), Err(DamagedFilter));
        let empty = OpFilter::new(&[]);
        assert!(!keys(0..100).into_iter().any(|key| empty.may_have(key)));
        assert_eq!(OpFilter::from_stored(&empty.to_stored()), Ok(empty));
    }

    #[test]
    fn the_bits_of_a_key_stay_the_same() {
        let key = Key::of_op(
            UserId(7),
            Uuid::from_u128(0x018f_4e1c_0000_7000_8000_0000_0000_0001),
        );
        let stored = OpFilter::new(&[key; 4]).to_stored();
        assert_eq!(
            &stored[DIGEST..],
            0x2000_0110_8000_08c0_0004_4000_0220_0001_u128.to_be_bytes()
        );
    }
}

//! The ids under which operations are stored. Each event has one, so that the unique index of
//! the log lists the events of a person. Where a request had none the server makes one, which
//! nobody can repeat; by its form the archive knows that it need not be kept.

use rand::random;
use sha2::{Digest, Sha256};
use shared::ids::OpId;
use uuid::{Builder, Uuid};

/// The version of made ids (RFC 9562, section 5.8: custom).
const VERSION: u8 = 0x80;
/// What stands in the middle of a made id, beginning with the variant of all UUIDs.
const MARK: [u8; 4] = [0xad, 0x6d, 0x61, 0x64];

/// The id under which an operation is stored: the request's, or one that is made, in the order
/// of time, so that the index grows at one end.
pub(crate) fn of(op_id: Option<OpId>) -> Uuid {
    op_id.map_or_else(made, of_request)
}

/// The id under which a request's operation is stored. One that looks like a made one is
/// replaced.
pub(crate) fn of_request(op_id: OpId) -> Uuid {
    let id = op_id.uuid();
    if !is_made(id) {
        return id;
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(id.as_bytes())[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// Whether the server made the id. Servers of the version before made others, of version 7.
pub(crate) fn is_made(id: Uuid) -> bool {
    let bytes = id.as_bytes();
    bytes[6] & 0xf0 == VERSION && bytes[8..12] == MARK
}

fn made() -> Uuid {
    let mut bytes = Uuid::now_v7().into_bytes();
    bytes[6] = VERSION | (random::<u8>() & 0x0f);
    bytes[7] = random();
    bytes[8..12].copy_from_slice(&MARK);
    bytes[12..].copy_from_slice(&random::<[u8; 4]>());
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_are_told_from_those_of_requests() {
        let ids = [of(None), of(None)];
        assert_ne!(ids[0], ids[1]);
        for id in ids {
            assert!(is_made(id), "{id}");
            // A request may use it all the same.
            let replaced = of_request(OpId::from(id));
            assert!(!is_made(replaced));
            assert_eq!(replaced, of_request(OpId::from(id)));
            assert_eq!(replaced.get_version_num(), 4);
        }
        for id in [Uuid::now_v7(), Uuid::new_v4(), Uuid::nil()] {
            assert_eq!(of(Some(OpId::from(id))), id);
        }
    }
}

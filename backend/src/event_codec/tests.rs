//! Parts come back byte for byte, and are small.

use super::*;
use chrono::DateTime;
use proptest::{collection::vec, option, prelude::*};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::time::Timestamp;

/// The bits of the filter for an event.
const FILTER_BYTES: usize = 4;

fn timestamp(ms: i64) -> String {
    let time: Timestamp = DateTime::from_timestamp_millis(ms).unwrap().into();
    serde_json::to_string(&time).unwrap()
}

fn check(events: &[StoredEvent]) -> usize {
    let packed = encode(events).unwrap();
    let part = decode(&packed).unwrap();
    let again: Vec<StoredEvent> = part.events().map(Into::into).collect();
    assert_eq!(again, events);
    for event in events {
        let found = part.between(&(event.seq - 1..event.seq)).next();
        assert_eq!(found.unwrap().body, event.body);
    }
    packed.len()
}

/// The events of people who draw lines in tiles and sometimes say something.
fn realistic(count: i64, people: i64, seed: u64) -> Vec<StoredEvent> {
    struct Painter {
        tile: (i64, i64),
        pixel: i64,
        colour: i64,
        left: i64,
    }
    const SAID: [&str; 12] = [
        "shall we",
        "make the",
        "sky",
        "darker",
        "I like",
        "your",
        "tree",
        "a lot",
        "who",
        "paints",
        "the river",
        "here?",
    ];
    let mut rng = StdRng::seed_from_u64(seed);
    let mut painters: Vec<Painter> = (0..people)
        .map(|_| Painter {
            tile: (0, 0),
            pixel: 0,
            colour: 0,
            left: 0,
        })
        .collect();
    let mut versions = std::collections::HashMap::new();
    let mut time = 1_756_503_919_123;
    let events = (1..=count).map(|seq| {
        time += rng.random_range(0..60);
        let who = rng.random_range(0..people);
        let at = timestamp(time);
        let op = if rng.random_bool(0.5) { Uuid::from_u128(rng.random()) } else { Uuid::now_v7() };
        let body = if rng.random_ratio(1, 20) {
            let words = rng.random_range(2..9);
            let words: Vec<&str> = (0..words).map(|_| SAID[rng.random_range(0..SAID.len())]).collect();
            let id = crate::message_id::new(seq);
            format!(
                r#"{{"type":"canvas_chat_message","message_id":"{id}","canvas_id":4711,"seq":{seq},"sender_id":{who},"sender_username":"user-{who}","sender_display_name":"User {who}","message_text":"{}","created_at":{at},"reply_to":null,"edited_at":null,"removed":false,"op_id":"{op}"}}"#,
                words.join(" "),
            )
        } else {
            let painter = &mut painters[usize::try_from(who).unwrap()];
            if painter.left == 0 {
                painter.tile = (rng.random_range(0..64), rng.random_range(0..64));
                painter.pixel = rng.random_range(0..1024);
                painter.colour = rng.random_range(0..16);
                painter.left = rng.random_range(5..100);
            }
            painter.left -= 1;
            let (x, y) = painter.tile;
            let direction = [1, 32, -1, -32, 33, 31][rng.random_range(0..6)];
            let mut delta = Vec::new();
            for _ in 0..rng.random_range(1..8) {
                painter.pixel = (painter.pixel + direction).rem_euclid(1024);
                delta.push((painter.pixel, painter.colour));
            }
            let delta: Vec<String> = delta.iter().map(|(p, c)| format!("[{p},{c}]")).collect();
            let version = versions.entry(painter.tile).or_insert(0);
            *version += 1;
            format!(
                r#"{{"type":"tile_updated","seq":{seq},"tile_id":{},"canvas_id":4711,"creator_id":{},"updater_id":{who},"x":{x},"y":{y},"version":{version},"like_count":0,"timestamp":{at},"delta":[{}]}}"#,
                100 + x * 64 + y,
                (x + y) % people,
                delta.join(","),
            )
        };
        StoredEvent { seq, actor_id: who, op_id: Some(op), words_of: None, body }
    });
    events.collect()
}

#[test]
fn an_event_of_a_canvas_takes_fifty_bytes_at_most() {
    let events = realistic(10_000, 200, 1);
    let raw: usize = events.iter().map(|event| event.body.len()).sum();
    let packed = check(&events);
    let each = packed / events.len() + FILTER_BYTES;
    assert!(
        each <= 50,
        "{each} bytes an event, {} raw",
        raw / events.len()
    );
    println!(
        "{} bytes for {} events of {raw} bytes",
        packed,
        events.len()
    );
}

#[test]
fn few_events_and_none() {
    check(&[]);
    for count in 1..20 {
        check(&realistic(count, 3, count.cast_unsigned()));
    }
}

#[test]
fn what_is_not_a_part_is_refused() {
    let packed = encode(&realistic(200, 5, 2)).unwrap();
    assert_eq!(decode(&[]), Err(CodecError::Short));
    assert_eq!(decode(&[9, 0]), Err(CodecError::Format(9)));
    for length in 0..packed.len() {
        assert!(decode(&packed[..length]).is_err(), "{length}");
    }
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..2_000 {
        let mut damaged = packed.clone();
        let position = rng.random_range(0..damaged.len());
        damaged[position] ^= 1 << rng.random_range(0..8);
        // It may go unnoticed here, since whoever reads it compares a digest first.
        let _ = decode(&damaged);
    }
}

#[test]
fn parts_of_a_part() {
    let events = realistic(30, 3, 4);
    let odd: Vec<StoredEvent> = events
        .iter()
        .filter(|event| event.seq % 2 == 1)
        .cloned()
        .collect();
    let part = decode(&encode(&odd).unwrap()).unwrap();
    let seqs = |range| {
        part.between(&range)
            .map(|event| event.seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(part.len(), 15);
    assert_eq!(seqs(3..9), [5, 7, 9]);
    assert_eq!(seqs(2..10), [3, 5, 7, 9]);
    assert_eq!(seqs(9..9), [0; 0]);
    assert_eq!(seqs(std::ops::Range { start: 9, end: 3 }), [0; 0]);
    assert_eq!(seqs(-5..i64::MAX).len(), 15);
    assert_eq!(seqs(3..4), [0; 0]);
    assert!(part.size() > 15 * 100);
}

/// A text of JSON, or almost.
fn text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0..10_000_i64).prop_map(|number| number.to_string()),
        (0..4_102_444_800_000_i64).prop_map(timestamp),
        any::<u128>().prop_map(|id| format!("\"{}\"", Uuid::from_u128(id))),
        any::<u128>().prop_map(|id| format!("\"{}\"", Uuid::from_u128(id)).to_uppercase()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        vec((0..5_000_u32, 0..256_u32), 0..6).prop_map(|pairs| {
            let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("[{a},{b}]")).collect();
            format!("[{}]", pairs.join(","))
        }),
        vec(any::<u8>(), 0..200).prop_map(|bytes| {
            use base64::{Engine, engine::general_purpose::STANDARD};
            format!("\"{}\"", STANDARD.encode(bytes))
        }),
        Just("null".to_owned()),
        Just("-0.50".to_owned()),
        Just("{\"x\":3}".to_owned()),
    ];
    let name = prop_oneof![
        Just("seq"),
        Just("x"),
        Just("y"),
        Just("version"),
        Just("op_id"),
        Just("type"),
        Just("tile_id"),
        Just("sender_id"),
        Just("title"),
        Just("timestamp"),
        Just("delta"),
    ];
    prop_oneof![
        9 => vec((name, value), 0..8).prop_map(|fields| {
            let fields: Vec<String> = fields.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
            format!("{{{}}}", fields.join(","))
        }),
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn everything_comes_back(
        events in vec(
            (1..1_000_i64, -3..3_i64, option::of(any::<u128>()), option::of(1..50_i64), text()),
            0..30,
        ),
    ) {
        let mut seq = 0;
        let events: Vec<StoredEvent> = events
            .into_iter()
            .map(|(gap, actor_id, op_id, said_before, body)| {
                seq += gap;
                StoredEvent {
                    seq,
                    actor_id,
                    op_id: op_id.map(Uuid::from_u128),
                    words_of: said_before.map(|before| seq - before),
                    body,
                }
            })
            .collect();
        check(&events);
    }
}

//! Tests of the comments' model.

use super::*;
use crate::model::chat::DeliveryStatus;
use shared::{
    api::moderation::UserRef,
    ids::{CanvasId, OpId, UserId},
    protocol::ErrorCode,
};
use uuid::Uuid;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const AT: Coord = Coord { x: 1, y: 2 };
const OTHER: Coord = Coord { x: 3, y: 2 };

fn time(ms: i64) -> Timestamp {
    chrono::DateTime::from_timestamp_millis(ms).unwrap().into()
}

fn person(id: i64) -> UserRef {
    UserRef {
        user_id: UserId(id),
        username: format!("user{id}"),
        display_name: format!("User {id}"),
    }
}

fn comment(id: i64, parent: Option<i64>) -> Comment {
    Comment {
        id: CommentId(id),
        canvas_id: CanvasId(1),
        x: AT.x,
        y: AT.y,
        seq: id * 10,
        at_seq: id * 10 - 1,
        parent_id: parent.map(CommentId),
        author: person(1),
        text: format!("text {id}"),
        resolved: false,
        replies: 0,
        removed: false,
        created_at: time(id),
        edited_at: None,
    }
}

fn removed(comment: Comment) -> Comment {
    Comment {
        removed: true,
        text: String::new(),
        ..comment
    }
}

fn resolved(comment: Comment) -> Comment {
    Comment {
        resolved: true,
        ..comment
    }
}

fn op(n: u128) -> OpId {
    OpId::from(Uuid::from_u128(n))
}

fn pending(n: u128, change: CommentChange) -> PendingComment {
    PendingComment {
        op_id: op(n),
        change,
        made_at: time(99),
        delivery: DeliveryStatus::Pending,
    }
}

fn create(parent: Option<i64>) -> CommentChange {
    CommentChange::Create {
        at: AT,
        parent: parent.map(CommentId),
        text: "mine".into(),
    }
}

/// The cell's comments were read.
fn read(list: Vec<Comment>) -> Comments {
    let mut comments = Comments::default();
    assert!(comments.begin(AT));
    assert!(comments.add(AT, list, true));
    comments
}

/// Texts of the first comments with those of their answers.
fn shown(comments: &Comments) -> Vec<(String, Vec<String>)> {
    let me = person(7);
    let threads = comments.threads(AT, Some(&me)).into_iter();
    threads
        .map(|thread| {
            let answers = thread.answers.into_iter().map(|row| row.text);
            (thread.first.text, answers.collect())
        })
        .collect()
}

fn texts(thread: &[&str]) -> (String, Vec<String>) {
    let (first, answers) = thread.split_first().unwrap();
    let answers = answers.iter().map(|text| (*text).to_owned());
    ((*first).to_owned(), answers.collect())
}

#[test]
fn answers_stand_below_what_they_answer_in_their_order() {
    let list = vec![
        comment(4, Some(1)),
        comment(1, None),
        comment(2, None),
        comment(3, Some(1)),
    ];
    let comments = read(list);
    assert_eq!(
        shown(&comments),
        [texts(&["text 1", "text 3", "text 4"]), texts(&["text 2"])]
    );
    assert_eq!(comments.open_on(AT), 2);
    assert_eq!(comments.pins(), [(AT, 2)]);
}

#[test]
fn a_removed_comment_stays_only_while_it_has_answers() {
    let mut comments = read(vec![
        removed(comment(1, None)),
        comment(2, Some(1)),
        removed(comment(3, None)),
        removed(comment(4, Some(1))),
    ]);
    assert_eq!(shown(&comments), [texts(&["", "text 2"])]);
    assert_eq!(comments.open_on(AT), 0);
    comments.updated(removed(comment(2, Some(1))), time(9));
    assert!(shown(&comments).is_empty());
}

#[test]
fn events_change_the_numbers_of_cells_that_were_not_read() {
    let mut comments = Comments::default();
    let tile = |open_comments| Tile {
        id: shared::ids::TileId(1),
        canvas_id: CanvasId(1),
        x: AT.x,
        y: AT.y,
        creator_id: UserId(1),
        creator_username: "user1".into(),
        title: String::new(),
        pixels: Pixels::blank(8),
        version: 1,
        like_count: 0,
        liked_by_me: false,
        open_comments,
        created_at: time(0),
        updated_at: time(0),
    };
    comments.restart(&[tile(3)]);
    assert_eq!(comments.open_on(AT), 3);
    comments.created(comment(8, None), None);
    comments.created(comment(9, Some(8)), None);
    assert_eq!(comments.open_on(AT), 4);
    // Comments that this tab never saw: only their texts, then their states.
    let edited = Comment {
        edited_at: Some(time(50)),
        ..comment(1, None)
    };
    comments.updated(edited.clone(), time(50));
    assert_eq!(comments.open_on(AT), 4);
    comments.updated(resolved(edited.clone()), time(51));
    assert_eq!(comments.open_on(AT), 3);
    comments.updated(edited.clone(), time(52));
    assert_eq!(comments.open_on(AT), 4);
    comments.updated(resolved(edited.clone()), time(53));
    comments.updated(removed(resolved(edited)), time(54));
    assert_eq!(comments.open_on(AT), 3);
    comments.updated(removed(comment(2, None)), time(55));
    comments.updated(removed(comment(9, Some(8))), time(56));
    assert_eq!(comments.open_on(AT), 2);
    // A resolved one whose text changes was resolved before.
    let settled = Comment {
        edited_at: Some(time(57)),
        ..resolved(comment(3, None))
    };
    comments.updated(settled, time(57));
    assert_eq!(comments.open_on(AT), 2);
    comments.restart(&[]);
    assert_eq!(comments.pins(), []);
}

#[test]
fn an_event_that_is_replayed_with_what_came_later_counts_once() {
    let mut comments = Comments::default();
    // Both events of a comment that was removed, as the log has them now.
    comments.created(removed(comment(1, None)), None);
    comments.updated(removed(comment(1, None)), time(5));
    assert_eq!(comments.open_on(AT), 0);
    comments.created(comment(2, None), None);
    comments.updated(resolved(comment(2, None)), time(6));
    assert_eq!(comments.pins(), []);
}

#[test]
fn what_events_tell_while_a_cell_is_read_stays() {
    let mut comments = Comments::default();
    comments.begin(AT);
    comments.updated(resolved(comment(1, None)), time(5));
    comments.created(comment(3, None), None);
    assert!(comments.add(AT, vec![comment(1, None), comment(2, None)], false));
    assert_eq!(comments.load_of(AT), Some(CommentsLoad::Loading));
    assert!(comments.add(AT, vec![], true));
    assert_eq!(comments.load_of(AT), Some(CommentsLoad::Ready));
    assert!(comments.get(CommentId(1)).unwrap().resolved);
    assert_eq!(comments.open_on(AT), 2, "the second and the third");
}

#[test]
fn only_a_cell_that_is_not_there_is_read_and_the_oldest_are_forgotten() {
    let mut comments = read(vec![comment(1, None)]);
    assert!(!comments.begin(AT));
    comments.failed(AT);
    assert!(comments.begin(AT), "after a failure");
    for x in 10..18 {
        comments.begin(Coord { x, y: 0 });
    }
    assert_eq!(comments.load_of(AT), None);
    assert!(!comments.add(AT, vec![], true), "nobody waits for it");
    assert_eq!(comments.open_on(AT), 1, "the number is still known");
}

#[test]
fn pending_requests_are_shown_and_counted_until_they_end() {
    let mut comments = read(vec![comment(1, None), comment(2, None)]);
    comments.push(pending(1, create(None)));
    comments.push(pending(2, create(Some(1))));
    let edit = CommentChange::Update {
        id: CommentId(1),
        text: Some("new".into()),
        resolved: None,
    };
    let resolve = CommentChange::Update {
        id: CommentId(2),
        text: None,
        resolved: Some(true),
    };
    comments.push(pending(3, edit));
    comments.push(pending(4, resolve));
    assert_eq!(
        shown(&comments),
        [
            texts(&["new", "mine"]),
            texts(&["text 2"]),
            texts(&["mine"])
        ]
    );
    assert_eq!(comments.open_on(AT), 2, "one more, and one resolved");
    let threads = comments.threads(AT, Some(&person(7)));
    assert_eq!(threads[0].first.delivery, DeliveryStatus::Pending);
    assert!(threads[1].first.resolved);
    assert_eq!(threads[2].first.author, person(7));
    comments.push(pending(5, CommentChange::Remove(CommentId(1))));
    assert_eq!(shown(&comments)[0], texts(&["", "mine"]));
    for n in 1..=5 {
        comments.settle(op(n));
    }
    assert_eq!(shown(&comments), [texts(&["text 1"]), texts(&["text 2"])]);
    assert_eq!(comments.pins(), [(AT, 2)]);
    // Where nothing is open on the server, too.
    comments.push(pending(
        6,
        CommentChange::Create {
            at: OTHER,
            parent: None,
            text: "there".into(),
        },
    ));
    let mut pins = comments.pins();
    pins.sort_unstable();
    assert_eq!(pins, [(AT, 2), (OTHER, 1)]);
}

#[test]
fn a_refused_comment_stays_and_a_refused_change_does_not() {
    let mut comments = read(vec![comment(1, None)]);
    comments.push(pending(1, create(None)));
    comments.push(pending(2, CommentChange::Remove(CommentId(1))));
    comments.refuse(op(1), ErrorCode::Forbidden);
    comments.refuse(op(2), ErrorCode::Forbidden);
    let threads = comments.threads(AT, Some(&person(7)));
    assert!(!threads[0].first.removed);
    let refused = DeliveryStatus::Failed(ErrorCode::Forbidden);
    assert_eq!(threads[1].first.delivery, refused);
    assert_eq!(comments.open_on(AT), 1, "it is not there");
    assert!(comments.take_refused(op(2)).is_none());
    assert!(comments.take_refused(op(1)).is_some());
    assert_eq!(shown(&comments), [texts(&["text 1"])]);
}

#[test]
fn this_tabs_own_change_takes_effect_when_it_is_stored() {
    let mut comments = read(vec![comment(1, None)]);
    comments.change(CommentId(1), |comment| comment.resolved = true);
    assert_eq!(comments.open_on(AT), 0);
    comments.change(CommentId(9), |comment| comment.resolved = true);
    comments.created(comment(2, None), Some(None));
    assert_eq!(comments.picture(CommentId(2)), Some(&None));
    assert_eq!(comments.picture(CommentId(1)), None);
}

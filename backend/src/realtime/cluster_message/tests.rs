//! Messages come out as they went in, also those of earlier versions.

use super::*;

#[test]
fn lines_come_out_as_they_went_in() {
    let lines = [
        Bytes::from_static(b"{\"seq\":5}"),
        Bytes::from_static(b"{}"),
    ];
    let node = NodeId::random();
    let events = Message::Events {
        first: 5,
        epoch: Epoch(uuid::Uuid::nil()),
        instance: 9,
    };
    let body = encode(node, &events, &lines);
    let (from, message, received) = decode(&body).unwrap();
    assert_eq!(from, node);
    assert!(matches!(
        message,
        Message::Events {
            first: 5,
            instance: 9,
            ..
        }
    ));
    assert_eq!(received, lines);
    let (_, message, received) = decode(&encode(node, &Message::SelfPing, &[])).unwrap();
    assert!(matches!(message, Message::SelfPing));
    assert!(received.is_empty());
    assert!(decode(b"[1,{\"something_new\":{}}]").is_none());
    assert!(decode(b"").is_none());
}

#[test]
fn the_seq_of_an_event_is_its_own() {
    let chat = br#"{"type":"canvas_chat_message","sender_display_name":"\"seq\":1,","seq":42,"message_text":"\"seq\":7"}"#;
    assert_eq!(event_seq(chat), Some(42));
    assert_eq!(event_seq(br#"{"seq":3}"#), Some(3));
    assert_eq!(event_seq(br#"{"seq":"x"}"#), None);
    assert_eq!(event_seq(b"{}"), None);
}

#[test]
fn nodes_of_earlier_versions_understand_the_names() {
    let connection = ConnectionId(uuid::Uuid::nil());
    let (user, id) = (UserId(7), 5);
    let entry = PresenceEntry {
        connection,
        user_id: user,
        username: "ann".to_owned(),
        display_name: "Ann".to_owned(),
        name_version: 2,
        status: Status::Online,
        status_message: String::new(),
        typing: true,
        editing: None,
    };
    let presence = |delta| Message::Presence {
        previous: 1,
        version: 2,
        delta,
    };
    let nil = "00000000-0000-0000-0000-000000000000";
    for (message, json) in [
        (
            Message::Events {
                first: 5,
                epoch: Epoch(uuid::Uuid::nil()),
                instance: 9,
            },
            &*format!(r#"{{"events":{{"first":5,"epoch":"{nil}","instance":9}}}}"#),
        ),
        (
            presence(PresenceDelta::Resync),
            r#"{"presence":{"before":1,"stamp":2,"change":"much"}}"#,
        ),
        (
            presence(PresenceDelta::Removed { user, connection }),
            &format!(
                r#"{{"presence":{{"before":1,"stamp":2,"change":{{"gone":{{"user":7,"connection":"{nil}"}}}}}}}}"#
            ),
        ),
        (
            presence(PresenceDelta::Updated(entry, PresenceField::All)),
            &format!(
                r#"{{"presence":{{"before":1,"stamp":2,"change":{{"is":[{{"connection":"{nil}","user_id":7,"username":"ann","display_name":"Ann","renames":2,"status":"online","status_message":"","typing":true,"editing":null}},"coming"]}}}}}}"#
            ),
        ),
        (
            Message::Ephemeral {
                connection,
                user,
                kind: EphemeralKind::Cursor,
            },
            &format!(r#"{{"said":{{"connection":"{nil}","user":7,"kind":"cursor"}}}}"#),
        ),
        (
            Message::Query {
                id,
                query: ClusterQuery::Stats,
            },
            r#"{"ask":{"id":5,"question":"census"}}"#,
        ),
        (Message::Reply { id }, r#"{"answer":{"id":5}}"#),
        (Message::SelfPing, r#""echo""#),
        (Message::Alive { asks: true }, r#"{"alive":{"asks":true}}"#),
        (Message::Leaving, r#""leaving""#),
    ] {
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }
}

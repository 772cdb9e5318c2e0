//! Notifications of replies and comments, and the words that they quote.

use crate::common::{TestServer, canvas, http::Client, socket::TestClient};
use serde_json::{Value, json};

const LIST: &str = "/users/me/notifications";

async fn inbox(client: &Client) -> Vec<Value> {
    client.all(LIST).await
}

/// The kind, the text and whether it was read, of each notification of a user.
async fn brief(client: &Client) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = inbox(client).await;
    let brief = items.iter().map(|item| {
        let read = item["read"].as_bool().unwrap();
        (text(&item["kind"]), text(&item["text"]), read)
    });
    brief.collect()
}

fn expected(kind: &str, text: &str, read: bool) -> (String, String, bool) {
    (kind.to_owned(), text.to_owned(), read)
}

fn say(text: &str) -> Value {
    json!({ "type": "canvas_chat", "text": text })
}

fn comment(x: i64, text: &str) -> Value {
    json!({ "type": "comment_create", "x": x, "y": 0, "text": text })
}

#[tokio::test]
async fn a_reply_that_mentions_is_one_notification() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let carl = server.user("carl").await;
    let id = canvas(&ann, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    anns.done(say("who knows?")).await;
    let question = anns.events[0]["message_id"].clone();
    anns.close().await;
    let mut bobs = TestClient::join(&bob, id).await;
    let reply = |text: &str| {
        let mut reply = say(text);
        reply["reply_to"] = question.clone();
        reply
    };
    bobs.until(|message| message["type"] == "user_left").await;
    bobs.done(reply("I do, @ann and @carl")).await;
    let notification = inbox(&ann).await.remove(0);
    assert_eq!(notification["kind"], "reply");
    assert_eq!(notification["message_id"], bobs.events[0]["message_id"]);
    assert_eq!(notification["actor"]["username"], "bob");
    assert_eq!(notification["canvas_id"], id);
    let text = "I do, @ann and @carl";
    assert_eq!(brief(&ann).await, [expected("reply", text, false)]);
    assert_eq!(brief(&carl).await, [expected("mention", text, false)]);
    // Who is there sees it. Oneself one does not tell.
    let mut anns = TestClient::join(&ann, id).await;
    anns.done(reply("I do as well, @ann")).await;
    bobs.until(|message| message["message_text"] == "I do as well, @ann")
        .await;
    bobs.done(reply("again")).await;
    let all = [
        expected("reply", "again", true),
        expected("reply", text, false),
    ];
    assert_eq!(brief(&ann).await, all);
    let page = ann.get(LIST).await.json(200);
    assert_eq!(page["unread_count"], 1);
    // Nobody hears of those they blocked.
    ann.put("/users/me/blocks/bob", &json!({}))
        .await
        .expect(204);
    bobs.done(reply("and again")).await;
    assert_eq!(brief(&ann).await, all);
    server.stop().await;
}

#[tokio::test]
async fn comments_are_told_to_the_tiles_creator_and_to_who_began_the_thread() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (carl, dora) = (server.user("carl").await, server.user("dora").await);
    let id = canvas(&ann, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    let mut bobs = TestClient::join(&bob, id).await;
    let mut carls = TestClient::join(&carl, id).await;
    anns.done(json!({ "type": "tile_create", "x": 1, "y": 0 }))
        .await;
    anns.done(comment(1, "mine")).await;
    assert!(inbox(&ann).await.is_empty());

    // On one's tile, also where one is there and is mentioned.
    let ack = bobs.done(comment(1, "nice, @ann and @dora")).await;
    let notification = inbox(&ann).await.remove(0);
    assert_eq!(notification["kind"], "comment");
    assert_eq!(notification["comment_id"], ack["comment_id"]);
    assert_eq!(
        (&notification["x"], &notification["y"]),
        (&json!(1), &json!(0))
    );
    assert!(notification.get("message_id").is_none());
    let text = "nice, @ann and @dora";
    assert_eq!(brief(&ann).await, [expected("comment", text, false)]);
    assert_eq!(brief(&dora).await, [expected("mention", text, false)]);
    assert_eq!(inbox(&dora).await[0]["comment_id"], ack["comment_id"]);

    // In one's thread: who began it and whose tile it is, once each; not who answered before.
    let thread = ack["comment_id"].clone();
    let answer = |text: &str| {
        let mut answer = comment(1, text);
        answer["parent_id"] = thread.clone();
        answer
    };
    carls.done(answer("very")).await;
    bobs.done(answer("thanks")).await;
    assert_eq!(brief(&bob).await, [expected("comment", "very", false)]);
    let told = ["thanks", "very", text].map(|text| expected("comment", text, false));
    assert_eq!(brief(&ann).await, told);
    assert!(inbox(&carl).await.is_empty());

    // A mention elsewhere is seen by who is there. Without a tile nobody else is told.
    bobs.done(comment(5, "@carl, look")).await;
    assert_eq!(
        brief(&carl).await,
        [expected("mention", "@carl, look", true)]
    );
    assert_eq!(inbox(&ann).await.len(), 3);

    // Over HTTP as well.
    let path = format!("/canvases/{id}/comments");
    let body = json!({ "x": 1, "y": 0, "text": "by hand" });
    dora.post(&path, &body).await.expect(201);
    assert_eq!(brief(&ann).await[0], expected("comment", "by hand", false));
    // Who deleted the tile is no longer its creator, but still the thread's.
    anns.done(json!({ "type": "tile_delete", "x": 1, "y": 0 }))
        .await;
    dora.post(&path, &body).await.expect(201);
    assert_eq!(inbox(&ann).await.len(), 4);
    server.stop().await;
}

/// What is quoted has the words of now, and none once they were removed.
#[tokio::test]
async fn edited_and_removed_words_change_in_notifications() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({})).await;
    let mut anns = TestClient::join(&ann, id).await;
    anns.done(say("@bob one")).await;
    anns.done(say("@bob two")).await;
    let first = anns.events[0]["message_id"].clone();
    let comment_id = anns.done(comment(0, "@bob three")).await["comment_id"].clone();
    let texts = async || -> Vec<String> {
        let all = brief(&bob).await.into_iter();
        all.map(|(_, text, _)| text).collect()
    };
    assert_eq!(texts().await, ["@bob three", "@bob two", "@bob one"]);
    let edit = json!({ "type": "chat_edit", "message_id": first, "text": "@nobody new" });
    anns.done(edit).await;
    let edit = json!({ "type": "comment_update", "comment_id": comment_id, "text": "other" });
    anns.done(edit).await;
    assert_eq!(texts().await, ["other", "@bob two", "@nobody new"]);
    anns.done(json!({ "type": "chat_remove", "message_id": first }))
        .await;
    anns.done(json!({ "type": "comment_remove", "comment_id": comment_id }))
        .await;
    assert_eq!(texts().await, ["", "@bob two", ""]);
    server.stop().await;
}

/// What happens on a private canvas is not told to those who lost their role there.
#[tokio::test]
async fn who_may_not_read_the_canvas_any_more_is_told_nothing() {
    let server = TestServer::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let id = canvas(&ann, &json!({ "visibility": "private" })).await;
    let member = format!("/canvases/{id}/members/bob");
    ann.put(&member, &json!({ "role": "editor" }))
        .await
        .expect(200);
    let mut bobs = TestClient::join(&bob, id).await;
    bobs.done(json!({ "type": "tile_create", "x": 0, "y": 0 }))
        .await;
    bobs.done(say("hello")).await;
    let message = bobs.events.last().unwrap()["message_id"].clone();
    ann.delete(&member).await.expect(204);
    assert_eq!(bobs.closed().await.reason, "revoked");
    let before = inbox(&bob).await.len();
    let mut anns = TestClient::join(&ann, id).await;
    let mut reply = say("@bob");
    reply["reply_to"] = message;
    anns.done(reply).await;
    anns.done(comment(0, "@bob")).await;
    anns.done(json!({ "type": "tile_like", "x": 0, "y": 0, "liked": true }))
        .await;
    let stroke = json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[0, 1]] });
    anns.done(stroke.clone()).await;
    assert_eq!(inbox(&bob).await.len(), before);
    ann.patch(
        &format!("/canvases/{id}"),
        &json!({ "visibility": "unlisted" }),
    )
    .await
    .expect(200);
    anns.done(stroke).await;
    anns.done(json!({ "type": "tile_paint", "x": 0, "y": 0, "pixels": [[1, 1]] }))
        .await;
    assert_eq!(inbox(&bob).await[0]["kind"], "tile_painted");
    server.stop().await;
}

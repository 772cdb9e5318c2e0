//! The objects and messages of the wire contract, field by field. Everything that
//! a test reads is checked here: no field is missing, none is unknown, and each has
//! the right type.

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

/// An object's name and its fields: `name:type`, with `?` if it is optional. A type
/// is a word below, the name of an object, or `[type]`; `|null` may follow.
type Table = [(&'static str, &'static str)];

const OBJECTS: &Table = &[
    (
        "Auth",
        "token:text token_type:text expires_at:time user:User",
    ),
    (
        "User",
        "id:int username:text display_name:text is_guest:bool is_admin:bool status_message:text \
         created_at:time",
    ),
    (
        "Canvas",
        "id:int name:text description:text width:int height:int tile_size:int palette:[text] \
         visibility:text edit_policy:text guests:text newcomers:text slow_mode_s:int \
         lockdown_until:time|null owner_id:int role:text|null tile_count:int \
         active_users:int epoch:uuid last_seq:int created_at:time",
    ),
    (
        "Tile",
        "id:int canvas_id:int x:int y:int creator_id:int creator_username:text title:text \
         pixels:text version:int like_count:int liked_by_me:bool open_comments:int created_at:time \
         updated_at:time",
    ),
    (
        "Member",
        "user_id:int username:text display_name:text role:text",
    ),
    (
        "ChatMessage",
        "message_id:uuid canvas_id:int seq:int sender_id:int sender_username:text \
         sender_display_name:text message_text:text created_at:time reply_to:ReplyTo|null \
         edited_at:time|null removed:bool",
    ),
    (
        "ReplyTo",
        "message_id:uuid sender_username:text excerpt:text",
    ),
    (
        "Conversation",
        "id:int with:UserRef state:text last_message:DirectMessage|null unread_count:int \
         created_at:time",
    ),
    (
        "DirectMessage",
        "message_id:uuid conversation_id:int seq:int sender_id:int text:text removed:bool \
         created_at:time op_id?:uuid",
    ),
    (
        "Conversations",
        "items:[Conversation] next_cursor:text|null unread_count:int",
    ),
    (
        "Comment",
        "id:int canvas_id:int x:int y:int seq:int at_seq:int parent_id:int|null author:UserRef \
         text:text resolved:bool replies:int removed:bool created_at:time edited_at:time|null",
    ),
    ("Purged", "removed:int"),
    (
        "Client",
        "connection_id:uuid user_id:int username:text canvas_id:int|null client_type:text \
         platform:text client_name:text device:any node:text connected_at:time last_seen_at:time",
    ),
    (
        "ActiveUser",
        "user_id:int username:text display_name:text is_active:bool status:text \
         status_message:text is_typing:bool editing:Cell|null connections:int",
    ),
    ("Cell", "tile_x:int tile_y:int"),
    ("UserRef", "user_id:int username:text display_name:text"),
    (
        "Authors",
        "seq:int x:int y:int authors:[UserRef] pixels:text",
    ),
    ("Cause", "kind:text rewrite_id:int by:int"),
    (
        "Rewrite",
        "id:int canvas_id:int kind:text state:text by:UserRef reason:text tiles:int pixels:int \
         skipped_pixels:int first_seq:int|null last_seq:int|null undone_by:int|null \
         created_at:time changes?:any",
    ),
    (
        "Session",
        "id:uuid created_at:time last_seen_at:time current:bool",
    ),
    (
        "Invite",
        "id:int code:text role:text uses:int max_uses:int|null expires_at:time note:text \
         created_by:UserRef",
    ),
    (
        "Lock",
        "tile_x:int tile_y:int user_id:int username:text expires_at:time",
    ),
    ("Heartbeat", "interval_ms:int timeout_ms:int"),
    ("Ticket", "ticket:text expires_at:time"),
    (
        "UserConnected",
        "type:text connection_id:uuid user_id:int username:text display_name:text \
         unread_count:int server_time:time heartbeat:Heartbeat sanctions:[Sanction] blocked:[int]",
    ),
    ("Liked", "tile_id:int like_count:int liked:bool"),
    (
        "Stats",
        "connections:int users:int canvases:int nodes:int by_type:any by_platform:any \
         messages_in_per_s:number messages_out_per_s:number",
    ),
    (
        "Snapshot",
        "epoch:uuid seq:int canvas:Canvas active_count:int tiles:[Tile] messages:[ChatMessage] \
         active_users:[ActiveUser]",
    ),
    (
        "Problem",
        "type:text title:text status:int code:text detail:text errors?:[FieldError] \
         sanction?:SanctionBrief retry_after_ms?:int",
    ),
    ("FieldError", "field:text message:text"),
    ("UserRef", "user_id:int username:text display_name:text"),
    (
        "SanctionBrief",
        "id:int kind:text reason:text expires_at:time|null",
    ),
    (
        "Sanction",
        "id:int canvas_id:int|null user:UserRef kind:text reason:text issued_by:UserRef|null \
         issued_at:time expires_at:time|null lifted_at:time|null lift_reason:text \
         case_id:int|null appeal:Appeal|null note?:text",
    ),
    (
        "Appeal",
        "id:int sanction_id:int state:text messages:[AppealMessage] created_at:time \
         decided_at:time|null sanction?:Sanction",
    ),
    ("AppealMessage", "author:UserRef|null text:text at:time"),
    (
        "LogLine",
        "id:int at:time action:text actor:UserRef|null target:UserRef|null reason:text detail:any",
    ),
    (
        "Report",
        "id:int case_id:int state:text outcome:text|null rule:text created_at:time",
    ),
    (
        "Case",
        "id:int canvas_id:int|null target:any rules:any reporters:int state:text \
         claimed_by:UserRef|null claimed_until:time|null outcome:text|null outcome_note:text \
         evidence:Evidence|null created_at:time decided_at:time|null comments?:[ReportComment] \
         people?:[UserRef]",
    ),
    (
        "ReportComment",
        "text:text rule:text created_at:time reporter?:UserRef",
    ),
    (
        "Evidence",
        "seq?:int tiles?:[EvidenceTile] overpainted?:[Overpainted] message?:Words \
         before?:[Words] after?:[Words] messages?:[Words] palette?:[text]",
    ),
    (
        "EvidenceTile",
        "x:int y:int pixels:text authors:[UserRef] author_pixels:text",
    ),
    (
        "Notification",
        "id:int kind:text canvas_id:int|null canvas_name:text actor:UserRef|null count:int x?:int \
         y?:int message_id?:uuid comment_id?:int conversation_id?:int export_id?:int text:text \
         created_at:time read:bool",
    ),
    (
        "Export",
        "id:int canvas_id:int kind:text state:text progress:number bytes:int url:text|null \
         created_at:time expires_at:time",
    ),
    (
        "NotificationPage",
        "items:[Notification] next_cursor:text|null unread_count:int",
    ),
    (
        "NotifySwitches",
        "tile_liked:bool tile_painted:bool comment:bool reply:bool mention:bool \
         direct_message:bool",
    ),
    ("Preferences", "notify:NotifySwitches direct_messages:text"),
    (
        "Storage",
        "hot_events:int hot_bytes:int archived_events:int archived_bytes:int \
         canvases:[CanvasStorage]",
    ),
    (
        "CanvasStorage",
        "canvas_id:int name:text hot_events:int hot_bytes:int archived_events:int \
         archived_bytes:int",
    ),
    (
        "Timeline",
        "first_seq:int|null last_seq:int|null first_at:time|null last_at:time|null events:int \
         buckets:[TimelineBucket]",
    ),
    (
        "TimelineBucket",
        "from_seq:int to_seq:int from_at:time to_at:time events:int people:int",
    ),
    (
        "Overpainted",
        "by:UserRef of:UserRef pixels:int last_at:time",
    ),
];

const MESSAGES: &Table = &[
    (
        "connected",
        "connection_id:uuid canvas_id:int user_id:int username:text display_name:text role:text \
         epoch:uuid seq:int resume:text active_users:[ActiveUser] locks:[Lock] server_time:time \
         heartbeat:Heartbeat sanctions:[Sanction] blocked:[int] newcomer_until:time|null",
    ),
    (
        "user_joined",
        "user_id:int username:text display_name:text active_users:int timestamp:time",
    ),
    (
        "user_left",
        "user_id:int username:text display_name:text active_users:int timestamp:time",
    ),
    (
        "canvas_chat_message",
        "seq:int message_id:uuid canvas_id:int sender_id:int sender_username:text \
         sender_display_name:text message_text:text created_at:time op_id?:uuid \
         reply_to:ReplyTo|null edited_at:time|null removed:bool",
    ),
    (
        "chat_removed",
        "seq:int canvas_id:int message_id:uuid target_seq:int remover_id:int by:text \
         timestamp:time op_id?:uuid",
    ),
    (
        "chat_edited",
        "seq:int canvas_id:int message_id:uuid target_seq:int message_text:text edited_at:time \
         op_id?:uuid",
    ),
    ("comment_created", "seq:int comment:Comment timestamp:time"),
    ("comment_updated", "seq:int comment:Comment timestamp:time"),
    ("user_typing", "user_id:int username:text is_typing:bool"),
    (
        "user_presence_update",
        "user_id:int username:text canvas_id:int status:text status_message:text \
         tile_x:int|null tile_y:int|null is_editing:bool timestamp:time display_name?:text",
    ),
    ("user_cursor", "user_id:int x:number y:number"),
    (
        "tile_mention",
        "user_id:int username:text tile_x:int tile_y:int highlight_type:text message:text \
         duration:int timestamp:time",
    ),
    (
        "tile_created",
        "seq:int tile_id:int canvas_id:int creator_id:int x:int y:int title:text pixels:text \
         version:int like_count:int timestamp:time cause?:Cause",
    ),
    (
        "tile_updated",
        "seq:int tile_id:int canvas_id:int creator_id:int updater_id:int x:int y:int version:int \
         like_count:int timestamp:time title?:text delta?:[[int]] pixels?:text \
         undo_of?:int cause?:Cause",
    ),
    (
        "tile_liked",
        "seq:int tile_id:int canvas_id:int creator_id:int liker_id:int liked:bool x:int y:int \
         like_count:int timestamp:time",
    ),
    (
        "tile_deleted",
        "seq:int tile_id:int canvas_id:int creator_id:int deleter_id:int x:int y:int timestamp:time \
         cause?:Cause",
    ),
    (
        "tile_locked",
        "tile_x:int tile_y:int user_id:int username:text expires_at:time",
    ),
    (
        "tile_unlocked",
        "tile_x:int tile_y:int user_id:int username:text",
    ),
    ("canvas_deleted", "canvas_id:int timestamp:time"),
    ("sanction", "sanction:Sanction timestamp:time"),
    (
        "sanction_lifted",
        "sanction_id:int canvas_id:int|null timestamp:time",
    ),
    (
        "announcement",
        "message:text canvas_id:int|null timestamp:time",
    ),
    (
        "canvas_updated",
        "seq:int canvas_id:int canvas:Canvas timestamp:time",
    ),
    (
        "case_opened",
        "case_id:int canvas_id:int target:any rule:text timestamp:time",
    ),
    (
        "case_updated",
        "case_id:int canvas_id:int state:text outcome:text|null timestamp:time",
    ),
    ("notification", "notification:Notification unread_count:int"),
    ("direct_message", "message:DirectMessage"),
    ("direct_message_read", "conversation_id:int seq:int"),
    ("direct_typing", "conversation_id:int is_typing:bool"),
    ("notifications_read", "unread_count:int"),
    (
        "ack",
        "op_id?:uuid seq?:int timestamp?:time for:text version?:int tile_id?:int like_count?:int \
         message_id?:uuid comment_id?:int",
    ),
    (
        "error",
        "code:text message:text op_id?:uuid retry_after_ms?:int sanction?:SanctionBrief",
    ),
    ("pong", "timestamp:any server_time:time op_id?:uuid"),
];

/// The successful response of each route; lists by their items.
const ANSWERS: &[(&str, &str, &str)] = &[
    ("POST", "/auth/register", "Auth"),
    ("POST", "/auth/login", "Auth"),
    ("POST", "/auth/guest", "Auth"),
    ("POST", "/auth/refresh", "Auth"),
    ("GET", "/users/me", "User"),
    ("PATCH", "/users/me", "User"),
    ("POST", "/users/me/account", "Auth"),
    ("GET", "/users/me/sessions", "[Session]"),
    ("GET", "/users/me/blocks", "[UserRef]"),
    ("GET", "/users/me/notifications", "NotificationPage"),
    ("GET", "/users/me/preferences", "Preferences"),
    ("PATCH", "/users/me/preferences", "Preferences"),
    ("POST", "/canvases/{}/invites", "Invite"),
    ("GET", "/canvases/{}/invites", "[Invite]"),
    ("POST", "/invites/{}/accept", "Canvas"),
    ("POST", "/ws/ticket", "Ticket"),
    ("POST", "/canvases", "Canvas"),
    ("GET", "/canvases", "[Canvas]"),
    ("GET", "/canvases/{}", "Canvas"),
    ("PATCH", "/canvases/{}", "Canvas"),
    ("GET", "/canvases/{}/members", "[Member]"),
    ("PUT", "/canvases/{}/members/{}", "Member"),
    ("GET", "/canvases/{}/snapshot", "Snapshot"),
    ("GET", "/canvases/{}/tiles", "[Tile]"),
    ("POST", "/canvases/{}/tiles", "Tile"),
    ("GET", "/tiles/{}", "Tile"),
    ("PATCH", "/tiles/{}", "Tile"),
    ("PUT", "/tiles/{}/like", "Liked"),
    ("DELETE", "/tiles/{}/like", "Liked"),
    ("GET", "/canvases/{}/messages", "[ChatMessage]"),
    ("PATCH", "/canvases/{}/messages/{}", "ChatMessage"),
    ("POST", "/canvases/{}/messages/purge", "Purged"),
    ("POST", "/conversations", "Conversation"),
    ("GET", "/conversations", "Conversations"),
    ("GET", "/conversations/{}/messages", "[DirectMessage]"),
    ("POST", "/conversations/{}/messages", "DirectMessage"),
    ("GET", "/canvases/{}/comments", "[Comment]"),
    ("POST", "/canvases/{}/comments", "Comment"),
    ("GET", "/comments/{}", "Comment"),
    ("PATCH", "/comments/{}", "Comment"),
    ("GET", "/canvases/{}/events", "[event]"),
    ("GET", "/canvases/{}/timeline", "Timeline"),
    ("POST", "/canvases/{}/exports", "Export"),
    ("GET", "/exports/{}", "Export"),
    ("GET", "/canvases/{}/authors", "Authors"),
    ("POST", "/canvases/{}/rewrites", "Rewrite"),
    ("GET", "/rewrites/{}", "Rewrite"),
    ("POST", "/rewrites/{}/undo", "Rewrite"),
    ("POST", "/rewrites/{}/stop", "Rewrite"),
    ("GET", "/canvases/{}/users", "[ActiveUser]"),
    ("GET", "/canvases/{}/moderation_log", "[LogLine]"),
    ("POST", "/canvases/{}/reports", "Report"),
    ("GET", "/users/me/reports", "[Report]"),
    ("GET", "/canvases/{}/cases", "[Case]"),
    ("GET", "/admin/cases", "[Case]"),
    ("GET", "/cases/{}", "Case"),
    ("POST", "/cases/{}/claim", "Case"),
    ("POST", "/cases/{}/decide", "Case"),
    ("GET", "/admin/clients", "[Client]"),
    ("GET", "/admin/stats", "Stats"),
    ("GET", "/admin/storage", "Storage"),
    ("POST", "/canvases/{}/sanctions", "Sanction"),
    ("GET", "/canvases/{}/sanctions", "[Sanction]"),
    ("POST", "/admin/sanctions", "Sanction"),
    ("GET", "/admin/sanctions", "[Sanction]"),
    ("GET", "/users/me/sanctions", "[Sanction]"),
    ("POST", "/sanctions/{}/lift", "Sanction"),
    ("POST", "/sanctions/{}/confirm", "Sanction"),
];

/// Panics if a message of the server does not match the contract.
pub(crate) fn check_message(message: &Value) {
    let kind = message["type"].as_str().unwrap_or_default();
    if kind == "connected" && message.get("canvas_id").is_none() {
        return check(message, "UserConnected");
    }
    let fields = look_up(MESSAGES, kind).unwrap_or_else(|| panic!("unknown: {message}"));
    check_fields(message, fields, &["type"]);
}

/// The same for the body of an HTTP response. Routes without a body are not listed.
pub(crate) fn check_answer(method: &Method, path: &str, status: u16, body: &Value) {
    if status >= 400 {
        return check(body, "Problem");
    }
    let asked = |pattern: &str| path_fits(pattern, path);
    let answer = ANSWERS
        .iter()
        .find(|(verb, pattern, _)| method.as_str() == *verb && asked(pattern));
    let Some((_, _, kind)) = answer else { return };
    if kind.starts_with('[') {
        check(&body["items"], kind);
        check(&body["next_cursor"], "text|null");
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    } else {
        check(body, kind);
    }
}

/// Whether a path matches a pattern; `{…}` matches one segment.
pub(crate) fn path_fits(pattern: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    let mut parts = path.split('/');
    pattern.split('/').all(|part| {
        parts
            .next()
            .is_some_and(|found| part.starts_with('{') || part == found)
    }) && parts.next().is_none()
}

fn look_up(table: &Table, name: &str) -> Option<&'static str> {
    let found = table.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

fn check_fields(object: &Value, fields: &str, more: &[&str]) {
    let mut known = more.to_vec();
    for field in fields.split_whitespace() {
        let (name, form) = field.split_once(':').unwrap();
        let required = name.trim_end_matches('?');
        known.push(required);
        match object.get(required) {
            Some(value) => check(value, form),
            None => assert!(name.ends_with('?'), "no {name} in {object}"),
        }
    }
    for name in object.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "{name} in {object}");
    }
}

fn check(value: &Value, form: &str) {
    if let Some(form) = form.strip_suffix("|null") {
        if !value.is_null() {
            check(value, form);
        }
        return;
    }
    if let Some(item) = form.strip_prefix('[').and_then(|f| f.strip_suffix(']')) {
        let items = value.as_array();
        let items = items.unwrap_or_else(|| panic!("{value} is no list"));
        return items.iter().for_each(|value| check(value, item));
    }
    let text = || value.as_str().unwrap_or_default();
    let good = match form {
        "any" => true,
        "int" => value.is_i64(),
        "number" => value.is_number(),
        "text" => value.is_string(),
        "bool" => value.is_boolean(),
        "time" => is_time(text()),
        "uuid" => Uuid::try_parse(text()).is_ok(),
        "Words" => {
            let has = |field| value.get(field).is_some();
            let name = match (has("conversation_id"), has("message_id")) {
                (true, _) => "DirectMessage",
                (false, true) => "ChatMessage",
                (false, false) => "Comment",
            };
            return check(value, name);
        }
        "event" => {
            assert!(value["seq"].is_i64(), "{value}");
            return check_message(value);
        }
        name => {
            let fields = look_up(OBJECTS, name).unwrap_or_else(|| panic!("no form {name}"));
            return check_fields(value, fields, &[]);
        }
    };
    assert!(good, "{value} is no {form}");
}

/// `2025-08-29T21:45:19.000Z`
fn is_time(text: &str) -> bool {
    let form = text.bytes().map(|byte| match byte {
        b'0'..=b'9' => b'0',
        other => other,
    });
    form.eq(*b"0000-00-00T00:00:00.000Z")
}

//! The `OpenAPI` description, which is generated from the handlers: here are the error responses
//! that many of them share.

mod description;

pub(super) use description::{ApiDoc, complete};

use std::collections::BTreeMap;
use utoipa::{
    IntoResponses,
    openapi::{AllOfBuilder, Content, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type},
};

/// The schema of a problem with one of these codes.
fn problem(codes: &[&str]) -> Response {
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().copied()));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", code));
    ResponseBuilder::new()
        .description(codes.join(", "))
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: [$($code:literal),+]),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    [$(($status.to_owned(), RefOr::T(problem(&[$($code),+])))),+].into()
                }
            }
        )+
    };
}

// Each operation names sets that have no status in common.
refusals! {
    /// Of a route that reads a body.
    Body {
        "408": ["body_too_slow"],
        "413": ["body_too_large"],
        "422": ["validation_failed"],
    }
    /// Of a route that reads a body with a cell.
    CellBody {
        "408": ["body_too_slow"],
        "413": ["body_too_large"],
        "422": ["validation_failed", "out_of_bounds"],
    }
    /// Of a route that reads a query.
    QueryOnly { "422": ["validation_failed"] }
    /// Of a route with a query for a cell.
    CellQuery { "422": ["validation_failed", "out_of_bounds"] }
    /// Of a route with a query for the size of a picture.
    PictureQuery { "422": ["validation_failed", "image_too_large"] }
    /// Of a route with a query for a film.
    FilmQuery { "422": ["validation_failed", "too_large"] }
    /// Of a route with a rate limit.
    Limited { "429": ["rate_limited"] }
    /// Of a route that changes what is said, with a rate limit.
    LimitedChat { "429": ["rate_limited", "slow_mode"] }
    /// Of a route that changes a tile, with a rate limit.
    LimitedDrawing { "429": ["rate_limited", "newcomer"] }
    /// Of a route that creates a user with a name.
    Registering { "409": ["username_taken"] }
    /// Of a route that checks a password.
    Login { "401": ["invalid_credentials"] }
    /// Of a route that needs no credential.
    Credentials { "401": ["unauthenticated"] }
    /// Of a route that reads, for signed-in users.
    ReadsOwn { "401": ["unauthenticated"] }
    /// Of a route that changes something, for signed-in users.
    ChangesOwn {
        "401": ["unauthenticated"],
        "403": ["sanctioned", "origin_not_allowed"],
    }
    /// Of the route by which a guest becomes registered.
    RegistersGuest { "409": ["username_taken", "already_registered"] }
    /// Of a route that changes something and needs the password.
    NeedsPassword {
        "401": ["unauthenticated", "invalid_credentials"],
        "403": ["sanctioned", "origin_not_allowed"],
    }
    /// Of the route that ends one session.
    EndsSession {
        "401": ["unauthenticated"],
        "403": ["origin_not_allowed"],
        "404": ["session_not_found"],
    }
    /// Of a route that changes what one user thinks of another.
    ChangesOther {
        "401": ["unauthenticated"],
        "403": ["sanctioned", "origin_not_allowed"],
        "404": ["user_not_found"],
    }
    /// Of the route that blocks a user.
    Blocks {
        "409": ["too_many_blocks"],
        "422": ["validation_failed"],
    }
    /// Of the route that makes an invite.
    MakesInvite { "409": ["too_many_invites"] }
    /// Of a route that makes a rewrite.
    Rewrites {
        "409": ["rewrite_running"],
        "503": ["overloaded"],
    }
    /// Of the same route's body.
    RewriteBody {
        "408": ["body_too_slow"],
        "413": ["body_too_large"],
        "422": ["validation_failed", "too_large"],
    }
    /// Of the body of the route that asks for an export.
    ExportBody {
        "408": ["body_too_slow"],
        "413": ["body_too_large"],
        "422": ["validation_failed", "too_large"],
    }
    /// Of a route that reads a rewrite.
    ReadsRewrite {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned"],
        "404": ["rewrite_not_found", "canvas_not_found"],
    }
    /// Of a route that changes a rewrite.
    ChangesRewrite {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["rewrite_not_found", "canvas_not_found"],
    }
    /// Of the route that undoes a rewrite.
    Undoes {
        "409": ["rewrite_running", "already_undone"],
        "422": ["too_large"],
        "503": ["overloaded"],
    }
    /// Of a route that changes an invite.
    ChangesInvite {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["invite_not_found"],
    }
    /// Of the route that accepts an invite.
    AcceptsInvite {
        "401": ["unauthenticated"],
        "403": ["sanctioned", "registration_required", "origin_not_allowed"],
        "404": ["invite_not_found"],
    }
    /// Of a route that changes something, for signed-in users whom no sanction keeps from it.
    SignedIn {
        "401": ["unauthenticated"],
        "403": ["origin_not_allowed"],
    }
    /// Of the route that makes guests.
    MakesGuest { "403": ["registration_required"] }
    /// Of the route that sanctions users on a canvas.
    IssuesSanction {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "origin_not_allowed"],
        "404": ["canvas_not_found", "user_not_found"],
    }
    /// Of the route that sanctions users on the whole server.
    SanctionsOnServer {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["user_not_found"],
    }
    /// Of the route that lifts a sanction.
    LiftsSanction {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["sanction_not_found"],
        "409": ["sanction_over"],
    }
    /// Of the route that confirms a warning.
    ConfirmsSanction {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["sanction_not_found"],
        "409": ["sanction_over"],
        "422": ["validation_failed"],
    }
    /// Of a route that reads, for administrators.
    Watches {
        "401": ["unauthenticated"],
        "403": ["forbidden"],
    }
    /// Of a route that changes something, for administrators.
    Governs {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
    }
    /// Of the route that closes a connection.
    Kicks {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["connection_not_found"],
    }
    /// Of a route that reads a canvas.
    ReadsCanvas {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned"],
        "404": ["canvas_not_found"],
    }
    /// Of a route that reads the past of a canvas and may name a user.
    ReadsPast {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned"],
        "404": ["canvas_not_found", "user_not_found"],
    }
    /// Of the route that asks for an export.
    AsksForExport {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "origin_not_allowed"],
        "404": ["canvas_not_found", "user_not_found"],
        "429": ["rate_limited", "export_running"],
    }
    /// Of a route that reads an export.
    ReadsExport {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned"],
        "404": ["export_not_found"],
    }
    /// Of the route that removes an export.
    RemovesExport {
        "401": ["unauthenticated"],
        "403": ["sanctioned", "origin_not_allowed"],
        "404": ["export_not_found"],
    }
    /// Of a route that changes a canvas.
    ChangesCanvas {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "origin_not_allowed"],
        "404": ["canvas_not_found"],
    }
    /// Of a route that changes a member's role.
    ChangesMember {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "origin_not_allowed"],
        "404": ["canvas_not_found", "user_not_found"],
    }
    /// Of a route that edits or removes a chat message.
    ChangesMessage {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "locked_down", "origin_not_allowed"],
        "404": ["canvas_not_found", "message_not_found"],
    }
    /// Of the route that begins a conversation.
    BeginsConversation {
        "401": ["unauthenticated"],
        "403": ["not_wanted", "sanctioned", "origin_not_allowed"],
        "404": ["user_not_found"],
    }
    /// Of a route that reads a conversation.
    ReadsConversation {
        "401": ["unauthenticated"],
        "404": ["conversation_not_found"],
    }
    /// Of a route that changes what one has of a conversation.
    ChangesConversation {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["conversation_not_found"],
    }
    /// Of the route that sends a private message.
    SendsDirectMessage {
        "401": ["unauthenticated"],
        "403": ["not_wanted", "sanctioned", "origin_not_allowed"],
        "404": ["conversation_not_found"],
    }
    /// Of the route that removes a private message.
    RemovesDirectMessage {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "origin_not_allowed"],
        "404": ["conversation_not_found", "message_not_found"],
    }
    /// Of the route that makes a comment.
    MakesComment {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "locked_down", "origin_not_allowed"],
        "404": ["canvas_not_found", "comment_not_found"],
        "408": ["body_too_slow"],
        "413": ["body_too_large"],
        "422": ["validation_failed", "out_of_bounds", "invalid_message"],
    }
    /// Of a route that reads a comment.
    ReadsComment {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned"],
        "404": ["comment_not_found"],
    }
    /// Of a route that changes a comment.
    ChangesComment {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "locked_down", "origin_not_allowed"],
        "404": ["comment_not_found"],
    }
    /// Of the route that makes a report.
    MakesReport {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed", "sanctioned"],
        "404": ["canvas_not_found", "tile_not_found", "message_not_found", "comment_not_found",
            "user_not_found"],
    }
    /// Of the route that reports a private message.
    ReportsDirectMessage {
        "401": ["unauthenticated"],
        "403": ["origin_not_allowed", "sanctioned"],
        "404": ["message_not_found"],
    }
    /// Of the route that withdraws a report.
    ChangesReport {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed", "sanctioned"],
        "404": ["report_not_found"],
        "409": ["already_decided"],
    }
    /// Of the route that makes an appeal.
    MakesAppeal {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["sanction_not_found"],
        "409": ["already_appealed"],
    }
    /// Of a route that writes in an appeal or decides it.
    ChangesAppeal {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed", "sanctioned"],
        "404": ["appeal_not_found", "sanction_not_found", "canvas_not_found"],
        "409": ["already_decided"],
    }
    /// Of a route that reads a case.
    ReadsCase {
        "401": ["unauthenticated"],
        "403": ["forbidden"],
        "404": ["case_not_found"],
    }
    /// Of a route that changes a case.
    ChangesCase {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed", "sanctioned"],
        "404": ["case_not_found"],
        "409": ["already_decided", "claimed"],
    }
    /// Of the route that creates a tile, which may be deleted before it is read.
    StartsTile {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "locked_down", "origin_not_allowed"],
        "404": ["canvas_not_found", "tile_not_found"],
        "409": ["tile_exists"],
        "423": ["tile_locked"],
    }
    /// Of a route that reads a tile.
    ReadsTile {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned"],
        "404": ["tile_not_found"],
    }
    /// Of a route that changes a tile.
    ChangesTile {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "locked_down", "origin_not_allowed"],
        "404": ["tile_not_found"],
    }
    /// Of a route that draws in a tile.
    Draws {
        "409": ["version_conflict"],
        "423": ["tile_locked"],
    }
    /// Of a route that another user's lock on the tile stops.
    Locked { "423": ["tile_locked"] }
    /// Of the WebSocket handshake.
    Upgrading {
        "401": ["unauthenticated"],
        "403": ["forbidden", "sanctioned", "registration_required", "guests_not_allowed", "origin_not_allowed"],
        "404": ["canvas_not_found"],
        "422": ["validation_failed"],
        "429": ["too_many_connections"],
        "503": ["overloaded", "draining", "unavailable"],
    }
    /// Of the route that opens a WebSocket without a canvas.
    UpgradingUser {
        "401": ["unauthenticated"],
        "403": ["sanctioned", "origin_not_allowed"],
        "422": ["validation_failed"],
        "429": ["too_many_connections"],
        "503": ["overloaded", "draining", "unavailable"],
    }
}

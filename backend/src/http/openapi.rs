//! The `OpenAPI` description, made from the handlers, and the refusals that many
//! of them share.

use shared::api::Problem;
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses, Modify, OpenApi,
    openapi::{
        AllOfBuilder, Content, HttpMethod, ObjectBuilder, OpenApi as Description, PathItem, Ref,
        RefOr, Response, ResponseBuilder, Type,
        path::{Operation, OperationBuilder},
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

/// The frame of the description; the routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stellar Canvas",
        description = "A canvas that many draw on together. Live events come over the WebSocket \
                       at `/api/v1/ws/canvas/{canvas_id}`."
    ),
    components(schemas(Problem)),
    security(("bearer" = []), ("cookie" = [])),
    modifiers(&Frame)
)]
pub(super) struct Frame;

impl Modify for Frame {
    fn modify(&self, description: &mut Description) {
        let components = description.components.get_or_insert_default();
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .bearer_format("JWT")
                    .build(),
            ),
        );
        components.add_security_scheme(
            "cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::auth::COOKIE))),
        );
    }
}

/// Adds the answers that every operation may give, and makes their names unique.
pub(super) fn complete(mut description: Description) -> Description {
    let own = OperationBuilder::new()
        .tag("openapi")
        .operation_id(Some("description"))
        .summary(Some("This description"))
        .securities(Some([SecurityRequirement::default()]))
        .response(
            "200",
            ResponseBuilder::new()
                .description("OpenAPI 3.1")
                .content("application/json", Content::default()),
        )
        .build();
    let item = PathItem::new(HttpMethod::Get, own);
    let paths = &mut description.paths.paths;
    paths.insert("/api/v1/openapi.json".to_owned(), item);
    for item in description.paths.paths.values_mut() {
        let operations: [&mut Option<Operation>; 5] = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            // Handlers of different modules may have the same name.
            if let (Some(id), Some([tag, ..])) =
                (&mut operation.operation_id, operation.tags.as_deref())
            {
                *id = format!("{tag}_{id}");
            }
            let answers = &mut operation.responses.responses;
            let everywhere: [(&str, &[&str]); 2] = [
                ("500", &["internal"]),
                ("503", &["unavailable", "overloaded"]),
            ];
            for (status, codes) in everywhere {
                answers
                    .entry(status.to_owned())
                    .or_insert_with(|| RefOr::T(problem(codes)));
            }
        }
    }
    description
}

/// A problem with one of these codes.
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
    /// Of a route that reads how large a picture shall be.
    PictureQuery { "422": ["validation_failed", "image_too_large"] }
    /// Of a route that strangers, or users, may use only so often.
    Limited { "429": ["rate_limited"] }
    /// Of a route that makes a user with a name.
    Registering { "409": ["username_taken"] }
    /// Of a route that asks for a password.
    Login { "401": ["invalid_credentials"] }
    /// Of a route for everybody.
    Credentials { "401": ["unauthenticated"] }
    /// Of a route that reads, for those who are signed in.
    ReadsOwn { "401": ["unauthenticated"] }
    /// Of a route that changes something, for those who are signed in.
    ChangesOwn {
        "401": ["unauthenticated"],
        "403": ["origin_not_allowed"],
    }
    /// Of a route that reads, for those who run the server.
    Watches {
        "401": ["unauthenticated"],
        "403": ["forbidden"],
    }
    /// Of a route that does something, for those who run the server.
    Governs {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
    }
    /// Of a route that ends a connection.
    Kicks {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["connection_not_found"],
    }
    /// Of a route that reads a canvas.
    ReadsCanvas {
        "401": ["unauthenticated"],
        "403": ["forbidden"],
        "404": ["canvas_not_found"],
    }
    /// Of a route that changes a canvas.
    ChangesCanvas {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["canvas_not_found"],
    }
    /// Of a route that changes what somebody may do on a canvas.
    ChangesMember {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["canvas_not_found", "user_not_found"],
    }
    /// Of a route that starts a tile, which may be gone before it is told of.
    StartsTile {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["canvas_not_found", "tile_not_found"],
        "409": ["tile_exists"],
        "423": ["tile_locked"],
    }
    /// Of a route that reads a tile.
    ReadsTile {
        "401": ["unauthenticated"],
        "403": ["forbidden"],
        "404": ["tile_not_found"],
    }
    /// Of a route that changes a tile.
    ChangesTile {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["tile_not_found"],
    }
    /// Of a route that draws in a tile.
    Draws {
        "409": ["version_conflict"],
        "423": ["tile_locked"],
    }
    /// Of a route that somebody else's lock keeps from its tile.
    Locked { "423": ["tile_locked"] }
    /// Of the way to a WebSocket.
    Upgrading {
        "401": ["unauthenticated"],
        "403": ["forbidden", "origin_not_allowed"],
        "404": ["canvas_not_found"],
        "422": ["validation_failed"],
        "429": ["too_many_connections"],
        "503": ["overloaded", "draining", "unavailable"],
    }
}

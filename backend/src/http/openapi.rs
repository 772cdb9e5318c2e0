//! The `OpenAPI` description, made from the handlers, and the refusals that many
//! of them share.

use shared::api::Problem;
use std::collections::BTreeMap;
use utoipa::{
    IntoResponses, Modify, OpenApi, PartialSchema,
    openapi::{
        Content, HttpMethod, OpenApi as Description, PathItem, RefOr, Response, ResponseBuilder,
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
            for (status, text) in [
                ("500", "internal: the server's fault"),
                ("503", "unavailable, overloaded: ask again later"),
                ("default", "Any other error"),
            ] {
                answers
                    .entry(status.to_owned())
                    .or_insert_with(|| RefOr::T(problem(text)));
            }
        }
    }
    description
}

fn problem(text: &str) -> Response {
    ResponseBuilder::new()
        .description(text)
        .content(
            "application/problem+json",
            Content::new(Some(Problem::schema())),
        )
        .build()
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $text:literal),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    [$(($status.to_owned(), RefOr::T(problem($text)))),+].into()
                }
            }
        )+
    };
}

refusals! {
    /// Of a route that reads a body.
    Body {
        "408": "body_too_slow",
        "413": "body_too_large",
        "422": "validation_failed",
    }
    /// Of a route that reads a query.
    QueryOnly { "422": "validation_failed" }
    /// Of a route for those who are signed in.
    SignedInOnly {
        "401": "unauthenticated",
        "403": "forbidden, origin_not_allowed",
    }
    /// Of a route for everybody.
    Credentials { "401": "unauthenticated: a credential that is not valid" }
    /// Of a route that strangers may use only so often.
    Limited { "429": "rate_limited" }
    /// Of a route that reads a canvas.
    OfCanvas {
        "401": "unauthenticated",
        "403": "forbidden, origin_not_allowed",
        "404": "canvas_not_found",
    }
    /// Of a route about a member of a canvas.
    OfMember {
        "401": "unauthenticated",
        "403": "forbidden, origin_not_allowed",
        "404": "canvas_not_found, user_not_found",
    }
    /// Of a route about a connection.
    OfConnection {
        "401": "unauthenticated",
        "403": "forbidden, origin_not_allowed",
        "404": "connection_not_found",
    }
    /// Of a route about a tile.
    OfTile {
        "401": "unauthenticated",
        "403": "forbidden, origin_not_allowed",
        "404": "tile_not_found",
    }
    /// Of a route that draws.
    Drawing {
        "409": "tile_exists, version_conflict",
        "423": "tile_locked",
    }
}

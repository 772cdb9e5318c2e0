//! The description itself: what it says of the whole API, and of every operation.

use super::problem;
use crate::http::cookie::COOKIE;
use shared::api::Problem;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, HttpMethod, OpenApi as Description, PathItem, RefOr, ResponseBuilder,
        path::{Operation, OperationBuilder},
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

/// The description without routes, which add themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stellar Canvas",
        description = "A canvas that many draw on together. Live events come over the WebSocket \
                       at `/api/v1/ws/canvas/{canvas_id}`; what concerns a user elsewhere, over \
                       that at `/api/v1/ws/user`."
    ),
    components(schemas(Problem)),
    security(("bearer" = []), ("cookie" = [])),
    modifiers(&ApiDoc)
)]
pub(in crate::http) struct ApiDoc;

impl Modify for ApiDoc {
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
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))),
        );
    }
}

/// Adds the errors that every operation may answer, and makes operation ids unique.
pub(in crate::http) fn complete(mut description: Description) -> Description {
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
            // Handlers in different modules may have the same name.
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

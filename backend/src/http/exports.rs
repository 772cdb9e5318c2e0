//! Exports: asking for one, how far it is, and its file.

use super::{
    bulk,
    canvases::{check_rate, readable, readable_canvas},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, segment},
    films::{pixels, scale, seconds, size},
    json_body::Json,
    openapi::{AsksForExport, ExportBody, ReadsExport, RemovesExport},
    past::{actor, area, at, range},
};
use crate::{
    bulk_reads::Work,
    db::{
        canvases,
        exports::{self as rows, ExportSpec, InsertOutcome},
    },
    exports::board,
    rate_limit::network,
    state::AppState,
};
use axum::{
    Json as JsonBody,
    body::Body,
    extract::{FromRequestParts, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{
    api::exports::{Export, ExportKind, Moment, NewExport},
    ids::{ExportId, UserId},
    limits,
};
use std::{fmt::Write, time::Duration};
use utoipa_axum::{router::OpenApiRouter, routes};

/// When it is worth asking again while an export of the same user is being made.
const RUNNING_PAUSE: Duration = Duration::from_secs(5);
/// When it is worth asking again while the files of all users are as large as may be.
const FULL_PAUSE: Duration = Duration::from_mins(10);
/// When it is worth asking again while as many exports wait as may be.
const BUSY_PAUSE: Duration = Duration::from_mins(1);

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(find, remove))
        .routes(routes!(file))
}

/// `{export_id}` of the path; 404 for anything but a number.
struct ExportPath(ExportId);

impl FromRequestParts<AppState> for ExportPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let id = segment(parts, state, "export_id", Resource::Export).await?;
        Ok(Self(ExportId(id)))
    }
}

/// Asks for a file of a canvas's past
#[utoipa::path(post, path = "/canvases/{canvas_id}/exports", tag = "exports", request_body = NewExport,
    params(("canvas_id" = i64, Path)),
    responses((status = 202, body = Export, description = "It waits for its turn"),
        AsksForExport, ExportBody))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Json(body): Json<NewExport>,
) -> Result<(StatusCode, JsonBody<Export>), ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let (seconds, scale) = (seconds(body.seconds)?, scale(body.scale)?);
    let from = at("from", text(body.from).as_deref())?;
    let to = at("to", text(body.to).as_deref())?;
    let reads = &state.pools.reads;
    let canvas = readable_canvas(reads, id, Some(user)).await?;
    let corners = |area: shared::api::rewrites::Area| {
        [area.x0, area.y0, area.x1, area.y1].map(|side| Some(side.into()))
    };
    let area = area(body.area.map_or([None; 4], corners), &canvas)?;
    if body.kind != ExportKind::Log {
        let shown = area.unwrap_or_else(|| board(&canvas));
        let (width, height) = size(shown);
        let side = width.max(height) * i64::from(canvas.tile_size) * i64::from(scale);
        if pixels(shown, canvas.tile_size, scale) > limits::EXPORT_PIXELS
            || side > limits::IMAGE_SIDE.into()
        {
            return Err(ApiError::ExportTooLarge);
        }
    }
    let (from, to) = range(&state, id, from, to, canvas.last_seq).await?;
    let spec = ExportSpec {
        canvas: id,
        kind: body.kind,
        area,
        from,
        to,
        seconds,
        scale,
        actor: actor(&state, body.actor.as_deref()).await?,
    };
    let max_bytes = state.config.exports_max_bytes;
    let now = state.hub.clock().now();
    let limits = &state.user_limits;
    limits.export(client.ip).map_err(ApiError::RateLimited)?;
    let inserted = rows::insert(&state.pool, user, &spec, max_bytes).await;
    if !matches!(inserted, Ok(InsertOutcome::Stored(_))) {
        limits.refund_export(client.ip);
    }
    match inserted? {
        InsertOutcome::Stored(export) => {
            state.export_asked.notify_one();
            Ok((StatusCode::ACCEPTED, JsonBody(export)))
        }
        InsertOutcome::Unfinished => Err(ApiError::ExportRunning(RUNNING_PAUSE)),
        InsertOutcome::UserFull(until) => Err(ApiError::RateLimited(wait(until, now))),
        InsertOutcome::Busy => Err(ApiError::Overloaded(BUSY_PAUSE)),
        InsertOutcome::Full => Err(ApiError::Overloaded(FULL_PAUSE)),
    }
}

/// The time until then.
fn wait(until: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (until - now).to_std().unwrap_or_default()
}

/// A moment as a query has it.
fn text(moment: Option<Moment>) -> Option<String> {
    moment.map(|moment| match moment {
        Moment::Seq(seq) => seq.to_string(),
        Moment::Text(text) => text,
    })
}

/// How far an export is
#[utoipa::path(get, path = "/exports/{export_id}", tag = "exports",
    params(("export_id" = i64, Path)),
    responses((status = 200, body = Export, description = "The export"), ReadsExport))]
async fn find(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ExportPath(id): ExportPath,
) -> Result<JsonBody<Export>, ApiError> {
    Ok(JsonBody(found(&state, id, session.user_id()).await?))
}

/// An export of the user, who may still read the canvas.
async fn found(state: &AppState, id: ExportId, user: UserId) -> Result<Export, ApiError> {
    let unknown = || ApiError::NotFound(Resource::Export);
    let export = rows::find(&state.pools.reads, id, user).await?;
    let export = export.ok_or_else(unknown)?;
    match readable(&state.pools.reads, export.canvas_id, Some(user)).await {
        Ok(_) => Ok(export),
        Err(ApiError::NotFound(Resource::Canvas)) => Err(unknown()),
        Err(error) => Err(error),
    }
}

/// Removes an export; one that is being made is stopped
#[utoipa::path(delete, path = "/exports/{export_id}", tag = "exports",
    params(("export_id" = i64, Path)),
    responses((status = 204, description = "Removed"), RemovesExport))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ExportPath(id): ExportPath,
) -> Result<StatusCode, ApiError> {
    if rows::remove(&state.pool, id, session.user_id()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound(Resource::Export))
    }
}

/// The file of an export
#[utoipa::path(get, path = "/exports/{export_id}/file", tag = "exports",
    params(("export_id" = i64, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>, description = "The file"),
        ReadsExport))]
async fn file(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ExportPath(id): ExportPath,
    client: ClientAddr,
) -> Result<Response, ApiError> {
    let user = session.user_id();
    let unknown = || ApiError::NotFound(Resource::Export);
    let export = found(&state, id, user).await?;
    if export.url.is_none() {
        return Err(unknown());
    }
    let reads = &state.pools.reads;
    let canvas = canvases::find(reads, export.canvas_id, Some(user));
    let canvas = canvas.await?.ok_or_else(unknown)?;
    let address = network(client.ip);
    let permit = state
        .export_reads
        .acquire(export.canvas_id, address, Work::Reading)
        .await?;
    let first = rows::chunk(reads, id, 0).await?.ok_or_else(unknown)?;
    let reads = reads.clone();
    let rest = stream::try_unfold(1, move |number| {
        let reads = reads.clone();
        async move {
            let chunk = rows::chunk(&reads, id, number).await?;
            Ok(chunk.map(|chunk| (Bytes::from(chunk), number + 1)))
        }
    });
    let rest = rest.inspect_err(|error: &ApiError| {
        tracing::warn!(%error, "a file broke off");
    });
    let body = Body::from_stream(stream::iter([Ok(Bytes::from(first))]).chain(rest));
    let (media_type, extension) = match export.kind {
        ExportKind::Gif => ("image/gif", "gif"),
        ExportKind::Apng => ("image/apng", "png"),
        ExportKind::Png => ("image/png", "png"),
        ExportKind::Log => ("application/gzip", "jsonl.gz"),
    };
    let disposition = disposition(&canvas.name, extension);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_LENGTH, HeaderValue::from(export.bytes)),
        (
            header::CONTENT_DISPOSITION,
            disposition.try_into().map_err(ApiError::internal)?,
        ),
    ];
    Ok(bulk::attach_permit(permit, (headers, body)))
}

/// A `Content-Disposition` (RFC 6266) with the name both in ASCII and as it is.
fn disposition(name: &str, extension: &str) -> String {
    let safe = |c: char| !c.is_control() && !r#"\/:*?"<>|"#.contains(c);
    let name: String = name
        .chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect();
    let ascii: String = name
        .chars()
        .map(|c| if c.is_ascii() { c } else { '_' })
        .collect();
    let mut header = format!(r#"attachment; filename="{ascii}.{extension}"; filename*=UTF-8''"#);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            header.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(header, "%{byte:02X}");
        }
    }
    header.push('.');
    header.push_str(extension);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_canvas() {
        assert_eq!(
            disposition("Stars", "gif"),
            r#"attachment; filename="Stars.gif"; filename*=UTF-8''Stars.gif"#,
        );
        assert_eq!(
            disposition("Ä \"b\"/é", "png"),
            r#"attachment; filename="_ _b___.png"; filename*=UTF-8''%C3%84%20_b__%C3%A9.png"#,
        );
    }
}

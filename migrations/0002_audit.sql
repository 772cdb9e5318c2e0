-- What those who run the server may have to look up later: sign-ins, refusals
-- and moderation. Nothing here is a secret or what somebody wrote. A row
-- outlives the user and the canvas that it names, so it refers to neither.
-- Rows are thrown away when they are old or too many.

CREATE TABLE audit (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        TIMESTAMPTZ NOT NULL,
    -- What was done or tried: 'login', 'role_set', …
    action    TEXT NOT NULL,
    -- 'ok', or the code of the refusal.
    outcome   TEXT NOT NULL,
    -- Who acted, where that is known.
    user_id   BIGINT,
    -- Where the request came from, seen through trusted proxies.
    address   INET,
    canvas_id BIGINT,
    -- What it was done to: 'user:7', 'connection:…', 'role:editor', or nothing.
    target    TEXT NOT NULL DEFAULT ''
);

CREATE INDEX audit_at_idx ON audit (at);
CREATE INDEX audit_user_id_idx ON audit (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_canvas_id_idx ON audit (canvas_id, id) WHERE canvas_id IS NOT NULL;

-- What was done to keep order on a canvas, and by whom. A line is written in the
-- transaction of the act. It outlives the accounts that it names: their names are
-- read from `users` when it is shown.

CREATE TABLE moderation_log (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL for acts that concern the whole server.
    canvas_id BIGINT REFERENCES canvases ON DELETE CASCADE,
    at        TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    -- 'sanctioned', 'message_removed', …
    action    TEXT NOT NULL,
    actor_id  BIGINT REFERENCES users ON DELETE SET NULL,
    target_id BIGINT REFERENCES users ON DELETE SET NULL,
    reason    TEXT NOT NULL DEFAULT '',
    detail    JSONB NOT NULL DEFAULT '{}'
);

CREATE INDEX moderation_log_canvas_id_idx ON moderation_log (canvas_id, id);
-- Deleting a user looks here.
CREATE INDEX moderation_log_actor_id_idx ON moderation_log (actor_id);
CREATE INDEX moderation_log_target_id_idx ON moderation_log (target_id);

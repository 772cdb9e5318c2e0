-- Rewrites: reverts, restores, and their undos. Their events are in the log like all others;
-- a row says what they take back, and how far they are.

CREATE TABLE rewrites (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    canvas_id      BIGINT NOT NULL REFERENCES canvases ON DELETE CASCADE,
    kind           TEXT NOT NULL,
    -- 'running', 'done' or 'stopped'.
    state          TEXT NOT NULL,
    by_id          BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    reason         TEXT NOT NULL DEFAULT '',
    -- What it takes back (`cell_history::Rule`). Never changed: who painted a pixel is
    -- computed with it from the events.
    rule           JSONB NOT NULL,
    -- Whether it took back only what its user had painted.
    is_own         BOOLEAN NOT NULL DEFAULT false,
    tiles          BIGINT NOT NULL DEFAULT 0,
    pixels         BIGINT NOT NULL DEFAULT 0,
    skipped_pixels BIGINT NOT NULL DEFAULT 0,
    first_seq      BIGINT,
    last_seq       BIGINT,
    undone_by      BIGINT REFERENCES rewrites,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    -- The node that carries it out renews this. One that is silent has died, and the rewrite
    -- counts as stopped.
    beat_at        TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- One at a time on each canvas.
CREATE UNIQUE INDEX rewrites_running_idx ON rewrites (canvas_id) WHERE state = 'running';
CREATE INDEX rewrites_canvas_id_idx ON rewrites (canvas_id, id);
-- Deleting a user or a rewrite looks here.
CREATE INDEX rewrites_by_id_idx ON rewrites (by_id);
CREATE INDEX rewrites_undone_by_idx ON rewrites (undone_by);

-- Exports: files made of a canvas's past. They are kept in the database, so that every node
-- serves them, and deleted after a day.

-- No foreign keys: exports of deleted canvases and accounts are removed in the background.
CREATE TABLE exports (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    canvas_id  BIGINT NOT NULL,
    -- Who asked for it.
    user_id    BIGINT NOT NULL,
    -- 'gif', 'apng', 'png' or 'log'.
    kind       TEXT NOT NULL,
    -- 'waiting', 'running', 'done' or 'failed'; 'removed' once nobody may have it any more.
    state      TEXT NOT NULL DEFAULT 'waiting',
    -- The cells; NULL for the whole board.
    x0         INTEGER,
    y0         INTEGER,
    x1         INTEGER,
    y1         INTEGER,
    -- The events after the first up to the second.
    from_seq   BIGINT NOT NULL,
    to_seq     BIGINT NOT NULL,
    seconds    INTEGER NOT NULL,
    scale      INTEGER NOT NULL,
    -- The user whose acts alone are wanted.
    actor_id   BIGINT,
    -- From 0 to 1.
    progress   DOUBLE PRECISION NOT NULL DEFAULT 0,
    -- Of the chunks of its last run.
    bytes      BIGINT NOT NULL DEFAULT 0,
    -- How often it was begun. The chunks of the last run are the file.
    run        INTEGER NOT NULL DEFAULT 0,
    -- How often a node died while it made it.
    losses     INTEGER NOT NULL DEFAULT 0,
    -- When the node that makes it was last known to be alive.
    beat_at    TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

-- One that is not finished for each user.
CREATE UNIQUE INDEX exports_unfinished_key ON exports (user_id) WHERE state IN ('waiting', 'running');
-- The next one to be made.
CREATE INDEX exports_waiting_idx ON exports (id) WHERE state = 'waiting';
CREATE INDEX exports_user_id_idx ON exports (user_id);

CREATE TABLE export_chunks (
    export_id BIGINT NOT NULL REFERENCES exports,
    run       INTEGER NOT NULL,
    -- From 0.
    number    INTEGER NOT NULL,
    content   BYTEA NOT NULL,
    PRIMARY KEY (export_id, run, number)
);

-- The files are compressed already.
ALTER TABLE export_chunks ALTER COLUMN content SET STORAGE EXTERNAL;

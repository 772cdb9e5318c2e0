-- Old events leave `canvas_events` and are kept in compressed pieces.

-- Up to this `seq` a canvas's events are in its pieces. Rows of `canvas_events` up to here may
-- still be there for a moment; readers leave them out, in the snapshot in which they read this.
ALTER TABLE canvases ADD COLUMN archived_seq BIGINT NOT NULL DEFAULT 0;

-- At most 10,000 consecutive events of a canvas, without a gap to the next piece. The format is
-- described in `backend/src/event_codec.rs`. No foreign keys, as in `canvas_events`: the rows of
-- deleted canvases are removed in the background.
CREATE TABLE archive_pieces (
    canvas_id     BIGINT NOT NULL,
    first_seq     BIGINT NOT NULL,
    last_seq      BIGINT NOT NULL,
    -- The times of the first and the last event.
    first_at      TIMESTAMPTZ NOT NULL,
    last_at       TIMESTAMPTZ NOT NULL,
    -- How many chat messages there are among the events.
    messages      INTEGER NOT NULL,
    -- The tile events, and all others, compressed apart, so that those who list messages read
    -- no strokes. The digests are the SHA-256 of the compressed bytes.
    tiles         BYTEA NOT NULL,
    tiles_digest  BYTEA NOT NULL,
    others        BYTEA NOT NULL,
    others_digest BYTEA NOT NULL,
    -- A Bloom filter of the users and `op_id`s of the events, of the message ids that do not
    -- contain their `seq`, and of those who wrote messages. Its first 32 bytes are the SHA-256
    -- of the rest.
    filter        BYTEA NOT NULL,
    PRIMARY KEY (canvas_id, first_seq)
);

-- They are compressed already. Out of line, so that those who look for a piece read no content.
ALTER TABLE archive_pieces
    ALTER COLUMN tiles SET STORAGE EXTERNAL,
    ALTER COLUMN others SET STORAGE EXTERNAL,
    ALTER COLUMN filter SET STORAGE EXTERNAL;

-- What archived events say from now on whose words were edited or removed later. Readers put it
-- in the place of what the piece says. Within seconds it is moved into the piece.
CREATE TABLE archive_rewordings (
    canvas_id BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    -- As in `canvas_events`.
    body      TEXT NOT NULL,
    PRIMARY KEY (canvas_id, seq)
);

-- Who has archived events on a canvas, and since when. Their rows in `users` stay.
CREATE TABLE archived_actors (
    actor_id  BIGINT NOT NULL REFERENCES users,
    canvas_id BIGINT NOT NULL,
    first_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (actor_id, canvas_id)
);

CREATE INDEX archived_actors_canvas_id_idx ON archived_actors (canvas_id);

-- Where the removal of a deleted account's names goes on in the pieces: in those that begin
-- before this `seq`. NULL: not yet, or no longer.
ALTER TABLE name_removals ADD COLUMN pieces_before_seq BIGINT;

-- Servers of this version remove the pieces of a deleted canvas one by one, before its row in
-- `deleted_canvases`. One of the version before removes only that row.
CREATE FUNCTION remove_archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM archive_pieces WHERE canvas_id = OLD.id;
    DELETE FROM archive_rewordings WHERE canvas_id = OLD.id;
    DELETE FROM archived_actors WHERE canvas_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER deleted_canvases_archive_cleaned AFTER DELETE ON deleted_canvases
    FOR EACH ROW EXECUTE FUNCTION remove_archive();

-- A server of the version before does not read the pieces. The nodes archive nothing while one
-- is connected, and set `schema_compatibility.oldest_server` to this migration's number with
-- the first piece (`db::archive`).

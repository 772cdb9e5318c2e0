-- Finds the events of one tile's cell, and keeps deleted tiles, so that they can be
-- brought back.

-- The cell of a tile event: y * 256 + x. NULL for other events, and for tile events that a
-- server of the version before wrote and that are not filled in yet; -1 where the event has
-- no cell that can be read.
--
-- Every event also gets an `op_id`: the server makes one where the request had none. Both
-- are filled in for older events in the background, by any node, a few at a time.
ALTER TABLE canvas_events ADD COLUMN tile INTEGER;

-- On a log that is too large to be locked meanwhile the nodes create the same indexes in the
-- background, without blocking writes (`db::event_backfill`).
DO $$
BEGIN
    IF pg_table_size('canvas_events') < 32 * 1024 * 1024 THEN
        CREATE INDEX canvas_events_tile_idx
            ON canvas_events (canvas_id, tile, seq) WHERE tile IS NOT NULL;
        -- The events that are to be filled in.
        CREATE INDEX canvas_events_incomplete_idx ON canvas_events (canvas_id, seq)
            WHERE op_id IS NULL OR (tile IS NULL
                AND kind IN ('tile_created', 'tile_updated', 'tile_liked', 'tile_deleted'));
    END IF;
END
$$;

-- Tiles that were deleted, as they were then. A tile that comes back returns to `tiles`,
-- with its id and its likes.
CREATE TABLE deleted_tiles (
    id         BIGINT PRIMARY KEY,
    canvas_id  BIGINT NOT NULL,
    x          INTEGER NOT NULL,
    y          INTEGER NOT NULL,
    creator_id BIGINT NOT NULL,
    title      TEXT NOT NULL,
    pixels     BYTEA NOT NULL,
    version    BIGINT NOT NULL,
    like_count BIGINT NOT NULL,
    -- The users who like it. They and its creator have events, so that their rows stay.
    liked_by   BIGINT[] NOT NULL DEFAULT '{}',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX deleted_tiles_canvas_id_idx ON deleted_tiles (canvas_id);

-- A trigger, so that tiles which a server of the version before deletes are kept as well.
-- Those of a deleted canvas are not.
CREATE FUNCTION keep_deleted_tile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM canvases WHERE id = OLD.canvas_id) THEN
        INSERT INTO deleted_tiles (id, canvas_id, x, y, creator_id, title, pixels, version,
                                   like_count, liked_by, created_at, updated_at)
        VALUES (OLD.id, OLD.canvas_id, OLD.x, OLD.y, OLD.creator_id, OLD.title, OLD.pixels,
                OLD.version, OLD.like_count,
                ARRAY (SELECT user_id FROM tile_likes WHERE tile_id = OLD.id),
                OLD.created_at, OLD.updated_at);
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER tiles_deleted BEFORE DELETE ON tiles
    FOR EACH ROW EXECUTE FUNCTION keep_deleted_tile();

-- Servers of this version remove the deleted tiles of a deleted canvas in pieces, before its
-- row in `deleted_canvases`. One of the version before removes only that row.
CREATE FUNCTION remove_deleted_tiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM deleted_tiles WHERE canvas_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER deleted_canvases_cleaned AFTER DELETE ON deleted_canvases
    FOR EACH ROW EXECUTE FUNCTION remove_deleted_tiles();

-- The past of the cells of a canvas, made in the background from the log, so that a tile as it
-- was is read without replaying all of its events. All rows of both tables may be deleted
-- together; they are made again. A server of the version before neither reads nor writes them.

-- Up to 256 consecutive tile events of one cell: what was in the cell before the first of them,
-- and each event. Between `last_seq` of one row and `first_seq` of the next the cell has no
-- event. Only the last row of a cell changes: it grows.
CREATE TABLE tile_keyframes (
    canvas_id BIGINT NOT NULL,
    -- As `canvas_events.tile`: y * 256 + x.
    tile      INTEGER NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    -- How many events there are.
    events    INTEGER NOT NULL,
    -- Their compact form, compressed (backend/src/past/tiles/segment.rs).
    data      BYTEA NOT NULL,
    PRIMARY KEY (canvas_id, tile, first_seq)
);

-- They are compressed already.
ALTER TABLE tile_keyframes ALTER COLUMN data SET STORAGE EXTERNAL;

-- How far the rows above are made, for each canvas.
CREATE TABLE tile_keyframe_progress (
    canvas_id   BIGINT PRIMARY KEY,
    -- All tile events up to here are in `tile_keyframes`. Those of single cells are there
    -- further.
    covered_seq BIGINT NOT NULL DEFAULT 0,
    -- Up to here cells with many new events were looked for.
    scanned_seq BIGINT NOT NULL DEFAULT 0
);

-- Servers of this version remove the rows of a deleted canvas in pieces, before its row in
-- `deleted_canvases`. One of the version before removes only that row.
CREATE FUNCTION remove_tile_keyframes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tile_keyframes WHERE canvas_id = OLD.id;
    DELETE FROM tile_keyframe_progress WHERE canvas_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER deleted_canvases_keyframes AFTER DELETE ON deleted_canvases
    FOR EACH ROW EXECUTE FUNCTION remove_tile_keyframes();

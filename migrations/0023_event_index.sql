-- Of each event of the log: its time, who made it, which cell it is about, and its type, in a few
-- bytes. With it nodes find events without reading them. It is made from the log in the
-- background; what is behind the last chunk is read from the log itself.
CREATE TABLE event_index (
    canvas_id   BIGINT NOT NULL,
    -- The chunk's events: all of the log from this one to that one.
    first_seq   BIGINT NOT NULL,
    last_seq    BIGINT NOT NULL,
    -- The earliest time of an event of the chunk, in milliseconds since 1970.
    min_ms      BIGINT NOT NULL,
    -- How many of them are `tile_created`, `tile_updated` or `tile_deleted`.
    tile_events INTEGER NOT NULL,
    -- See `past::index::chunk`.
    data        BYTEA NOT NULL,
    PRIMARY KEY (canvas_id, first_seq)
);

-- It is compressed already.
ALTER TABLE event_index ALTER COLUMN data SET STORAGE EXTERNAL;

-- Servers of this version remove the chunks of a deleted canvas in pieces, before its row in
-- `deleted_canvases`. One of the version before removes only that row.
CREATE FUNCTION remove_event_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM event_index WHERE canvas_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER deleted_canvases_index AFTER DELETE ON deleted_canvases
    FOR EACH ROW EXECUTE FUNCTION remove_event_index();

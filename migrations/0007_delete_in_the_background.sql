-- Deleting a canvas takes as long for millions of events as for none: its row goes
-- at once, and the rows of the large tables in pieces, by any node, afterwards.
-- Nothing finds them meanwhile, since everything starts from the canvas's row;
-- ids are not given out again.

CREATE TABLE deleted_canvases (
    id         BIGINT PRIMARY KEY,
    deleted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

COMMENT ON TABLE deleted_canvases IS
    'Canvases that are gone, whose events, tiles and likes are still being removed.';

-- A trigger, so that canvases deleted by a server of the version before, or by
-- hand, are cleaned up as well.
CREATE FUNCTION remember_deleted_canvas() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_canvases (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER canvases_deleted AFTER DELETE ON canvases
    FOR EACH ROW EXECUTE FUNCTION remember_deleted_canvas();

-- Whoever writes to these tables holds the lock of the canvas's row, so that none
-- of their rows can come after it is gone. Dropping a constraint reads no rows.
ALTER TABLE canvas_events DROP CONSTRAINT canvas_events_canvas_id_fkey;
ALTER TABLE canvas_idle_ops DROP CONSTRAINT canvas_idle_ops_canvas_id_fkey;
ALTER TABLE tiles DROP CONSTRAINT tiles_canvas_id_fkey;

-- Searches look for a text anywhere in a canvas's name or description; what they
-- compare is this expression. The extension belongs to PostgreSQL's contrib modules
-- and may be created by whoever may create objects in the database; without it
-- searches read every public canvas, a few at a time (`list_limits`).
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX canvases_search_idx ON canvases
        USING gin (lower(name || E'\x01' || description) gin_trgm_ops)
        WHERE visibility = 'public';
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported
            OR undefined_object OR invalid_schema_name THEN
    RAISE NOTICE 'searches have no index, since pg_trgm is not available: %', SQLERRM;
END
$$;

-- With each new event PostgreSQL evaluates the conditions of all partial indexes of the log, and two
-- of them took more time than writing the event's other index entries.

-- Whether the log may have messages whose ids do not contain their `seq` (see
-- `0022_find_messages_by_seq.sql`). If not, there is no index for them.
ALTER TABLE schema_compatibility ADD COLUMN has_old_message_ids BOOLEAN NOT NULL DEFAULT true;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM canvas_events) THEN
        DROP INDEX IF EXISTS canvas_events_old_message_id_idx;
        -- Older servers would write such ids.
        UPDATE schema_compatibility
        SET has_old_message_ids = false, oldest_server = greatest(oldest_server, 22);
    END IF;
    -- In the place of `canvas_events_incomplete_idx`, with a simpler condition. On a log that is
    -- too large to be locked meanwhile a node creates it in the background.
    IF pg_table_size('canvas_events') < 32 * 1024 * 1024 THEN
        DROP INDEX IF EXISTS canvas_events_incomplete_idx;
        CREATE INDEX canvas_events_unfilled_idx ON canvas_events (canvas_id, seq)
            WHERE op_id IS NULL OR (tile IS NULL AND kind <> 'canvas_chat_message');
    END IF;
END
$$;

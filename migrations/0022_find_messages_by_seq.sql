-- The ids of chat messages end with the message's `seq` from now on (UUIDs of version 8), so
-- that only older ones, of version 7, and those of a server of the version before need an
-- index. Such a server goes on without one and searches the canvas's messages.
DROP INDEX IF EXISTS canvas_events_message_id_idx;

-- On a log that is too large to be locked meanwhile a node creates it in the background.
DO $$
BEGIN
    IF pg_table_size('canvas_events') < 32 * 1024 * 1024 THEN
        CREATE INDEX canvas_events_old_message_id_idx
            ON canvas_events (canvas_id, substr(body, 45, 36))
            WHERE kind = 'canvas_chat_message' AND substr(body, 59, 1) = '7';
    END IF;
END
$$;

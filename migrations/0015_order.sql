-- Messages that are removed, and what a canvas asks of guests, of newcomers and of everybody.

-- The words of a removed message leave the log in the transaction of the removal, and are
-- kept here, where only the evidence of a case reads them. No foreign keys, as in
-- `canvas_events`: the rows of deleted canvases are removed in the background.
CREATE TABLE removed_messages (
    canvas_id  BIGINT NOT NULL,
    -- The message's `seq`.
    seq        BIGINT NOT NULL,
    message_id UUID NOT NULL,
    sender_id  BIGINT NOT NULL,
    -- What was said.
    text       TEXT NOT NULL,
    remover_id BIGINT NOT NULL,
    removed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (canvas_id, seq)
);

-- Finds a message by its id, which stands in a fixed place of its wire form. On a log that
-- is too large to be locked meanwhile a node creates it in the background; until then the
-- canvas's messages are searched.
DO $$
BEGIN
    IF pg_table_size('canvas_events') < 32 * 1024 * 1024 THEN
        CREATE INDEX canvas_events_message_id_idx
            ON canvas_events (canvas_id, substr(body, 45, 36)) WHERE kind = 'canvas_chat_message';
    END IF;
END
$$;

ALTER TABLE canvases
    -- The `seq` of the newest `chat_removed`. A node that has not delivered it yet reads the
    -- log before it replays events from memory.
    ADD COLUMN last_removal BIGINT NOT NULL DEFAULT 0,
    -- What guests may do: 'paint', 'chat', 'look' or 'none'.
    ADD COLUMN guests TEXT NOT NULL DEFAULT 'paint',
    -- 'free' or 'limited'. NULL is the default of the visibility: limited where it is public.
    ADD COLUMN newcomers TEXT,
    -- Seconds between two messages of one person; 0 is off.
    ADD COLUMN slow_mode_s INTEGER NOT NULL DEFAULT 0,
    -- Until then only moderators and people with a role given by name write.
    ADD COLUMN lockdown_until TIMESTAMPTZ;

-- Nodes that have the canvas open notice the change by its access version.
CREATE TRIGGER canvas_order_changed
    BEFORE UPDATE OF guests, newcomers, slow_mode_s, lockdown_until ON canvases
    FOR EACH ROW WHEN ((OLD.guests, OLD.newcomers, OLD.slow_mode_s, OLD.lockdown_until)
        IS DISTINCT FROM (NEW.guests, NEW.newcomers, NEW.slow_mode_s, NEW.lockdown_until))
    EXECUTE FUNCTION note_visibility_change();

-- When somebody was on a canvas for the first time: for a while they are newcomers there.
-- Rows of deleted canvases are removed in the background.
CREATE TABLE canvas_visits (
    user_id   BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    canvas_id BIGINT NOT NULL,
    first_at  TIMESTAMPTZ NOT NULL,
    -- What they did lately, as far as it is limited (`db::visits`).
    recent    JSONB NOT NULL DEFAULT '{}',
    PRIMARY KEY (user_id, canvas_id)
);

CREATE INDEX canvas_visits_canvas_id_idx ON canvas_visits (canvas_id);

-- Notifications, and what users want to be told.

-- A row only for those who changed something.
CREATE TABLE preferences (
    user_id         BIGINT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- The kinds of notifications that are switched off.
    notify_off      TEXT[] NOT NULL DEFAULT '{}',
    -- 'everybody', 'shared_canvas' or 'nobody'.
    direct_messages TEXT NOT NULL DEFAULT 'everybody'
);

-- One row for each user with notifications. Whoever changes a user's notifications locks it,
-- and locks those of several users in the order of their ids.
CREATE TABLE notification_boxes (
    user_id BIGINT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Counts the changes, so that of two messages to the user the newer one is known.
    version BIGINT NOT NULL DEFAULT 1,
    -- How many there are, or more.
    kept    BIGINT NOT NULL DEFAULT 0
);

-- No foreign keys but the user: rows of deleted canvases are removed in the background.
CREATE TABLE notifications (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    canvas_id       BIGINT,
    -- Who did it; of several, the last. NULL where nobody is named.
    actor_id        BIGINT,
    -- The last people who were counted, where people are counted and not acts.
    actors          BIGINT[] NOT NULL DEFAULT '{}',
    count           BIGINT NOT NULL,
    x               INTEGER,
    y               INTEGER,
    message_id      UUID,
    comment_id      BIGINT,
    conversation_id BIGINT,
    text            TEXT NOT NULL,
    -- The tile or the conversation: further acts there are added while it is unread.
    subject         BIGINT,
    -- `notification_boxes.version` at the last change.
    version         BIGINT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    read_at         TIMESTAMPTZ
);

CREATE INDEX notifications_user_id_idx ON notifications (user_id, id);
CREATE INDEX notifications_unread_idx ON notifications (user_id, id) INCLUDE (canvas_id)
    WHERE read_at IS NULL;
CREATE INDEX notifications_subject_idx ON notifications (user_id, kind, subject)
    WHERE subject IS NOT NULL;
-- Words that are changed or removed are changed here, too.
CREATE INDEX notifications_message_id_idx ON notifications (message_id)
    WHERE message_id IS NOT NULL;
CREATE INDEX notifications_comment_id_idx ON notifications (comment_id)
    WHERE comment_id IS NOT NULL;
-- Finds what is left of a deleted canvas.
CREATE INDEX notifications_canvas_id_idx ON notifications (canvas_id)
    WHERE canvas_id IS NOT NULL;

-- A notification to be made.
CREATE TYPE new_notification AS (
    user_id         BIGINT,
    kind            TEXT,
    canvas_id       BIGINT,
    -- Who did it, if it was a user, and whether the notification names them.
    by_id           BIGINT,
    names_actor     BOOLEAN,
    -- Acts; `counts_people`: people are counted in their place.
    count           BIGINT,
    counts_people   BOOLEAN,
    x               INTEGER,
    y               INTEGER,
    message_id      UUID,
    comment_id      BIGINT,
    conversation_id BIGINT,
    text            TEXT,
    subject         BIGINT,
    -- Whether the user saw it happen.
    is_read         BOOLEAN,
    -- The order of those of one call.
    place           BIGINT
);

-- The functions forbid plans that read whole tables: such a plan is chosen while a table is
-- small, and kept for a while when it is large.

-- How many of a user's notifications are unread.
CREATE FUNCTION unread_notifications(reader BIGINT) RETURNS bigint LANGUAGE sql STABLE
SET enable_seqscan = off AS $$
    SELECT count(*) FROM notifications n
    WHERE n.user_id = reader AND n.read_at IS NULL
      AND NOT EXISTS (SELECT FROM deleted_canvases d WHERE d.id = n.canvas_id)
$$;

-- Makes notifications, an array of `new_notification`, as far as their users want to be told,
-- and returns those that are new or grew. The last statement of its transaction that locks
-- anything: the boxes are locked to its end.
CREATE FUNCTION add_notifications(wanted JSONB) RETURNS TABLE (
    user_id BIGINT, version BIGINT, unread_count BIGINT, id BIGINT, kind TEXT, canvas_id BIGINT,
    canvas_name TEXT, actor_id BIGINT, actor_username TEXT, actor_display_name TEXT, count BIGINT,
    x INTEGER, y INTEGER, message_id UUID, comment_id BIGINT, conversation_id BIGINT, text TEXT,
    created_at TIMESTAMPTZ, read BOOLEAN
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    told  new_notification[];
    grown BIGINT[];
    added BIGINT[];
    full_box BIGINT;
BEGIN
    SELECT array_agg(w) INTO told
    FROM jsonb_populate_recordset(NULL::new_notification, wanted) AS w
    JOIN users u ON u.id = w.user_id AND u.deleted_at IS NULL
    LEFT JOIN preferences p ON p.user_id = w.user_id
    WHERE w.by_id IS DISTINCT FROM w.user_id
      AND w.kind <> ALL (coalesce(p.notify_off, '{}'))
      AND NOT (w.names_actor AND EXISTS (
          SELECT FROM user_blocks b WHERE b.user_id = w.user_id AND b.blocked_id = w.by_id))
      -- What happens on a canvas is told to those who may read it (see `db::access`).
      AND (w.kind NOT IN ('tile_liked', 'tile_painted', 'comment', 'reply', 'mention') OR EXISTS (
          SELECT FROM canvases c
          LEFT JOIN canvas_members m ON m.canvas_id = c.id AND m.user_id = w.user_id
          WHERE c.id = w.canvas_id
            AND (c.visibility <> 'private'
                 OR ((w.user_id = c.owner_id OR m.role IS NOT NULL OR u.is_admin OR u.is_named_admin)
                     AND NOT EXISTS (
                         SELECT FROM sanctions s
                         WHERE s.user_id = w.user_id AND s.lifted_at IS NULL AND s.kind = 'ban'
                           AND (s.canvas_id = c.id OR s.canvas_id IS NULL)
                           AND coalesce(s.expires_at > clock_timestamp(), true))))))
      -- None within the hour after one was read.
      AND NOT (w.kind = 'tile_painted' AND EXISTS (
          SELECT FROM notifications n
          WHERE n.user_id = w.user_id AND n.kind = w.kind AND n.subject = w.subject
            AND n.read_at > clock_timestamp() - interval '1 hour'));
    IF told IS NULL THEN
        RETURN;
    END IF;

    INSERT INTO notification_boxes AS b (user_id)
    SELECT DISTINCT w.user_id FROM unnest(told) AS w ORDER BY w.user_id
    ON CONFLICT (user_id) DO UPDATE SET version = b.version + 1;

    WITH merged AS (
        SELECT w.user_id, w.kind, w.subject, sum(w.count) AS count, bool_or(w.counts_people) AS of_people,
               array_agg(w.by_id ORDER BY w.place) AS people,
               (array_agg(w ORDER BY w.place DESC))[1] AS newest
        FROM unnest(told) AS w
        WHERE w.subject IS NOT NULL AND NOT w.is_read
        GROUP BY w.user_id, w.kind, w.subject
    ), changed AS (
        UPDATE notifications n SET
            count = n.count + CASE WHEN m.of_people
                THEN (SELECT count(DISTINCT p) FROM unnest(m.people) AS p WHERE p <> ALL (n.actors))
                ELSE m.count END,
            actors = CASE WHEN m.of_people
                THEN (ARRAY (SELECT DISTINCT p FROM unnest(m.people) AS p) || n.actors)[:64]
                ELSE n.actors END,
            actor_id = (m.newest).by_id,
            message_id = (m.newest).message_id,
            text = (m.newest).text,
            version = b.version
        FROM merged m JOIN notification_boxes b ON b.user_id = m.user_id
        WHERE n.user_id = m.user_id AND n.kind = m.kind AND n.subject = m.subject
          AND n.read_at IS NULL AND NOT (m.of_people AND m.people <@ n.actors)
        RETURNING n.id
    )
    SELECT array_agg(changed.id) INTO grown FROM changed;

    -- There is one of each conversation at most, besides those that are unread.
    DELETE FROM notifications n USING unnest(told) AS w
    WHERE w.kind = 'direct_message' AND n.user_id = w.user_id AND n.kind = w.kind
      AND n.subject = w.subject AND n.read_at IS NOT NULL;

    WITH merged AS (
        SELECT w.user_id, w.kind, w.subject, w.is_read, sum(w.count) AS count,
               bool_or(w.counts_people) AS of_people, array_agg(DISTINCT w.by_id) AS people,
               min(w.place) AS place, (array_agg(w ORDER BY w.place DESC))[1] AS newest
        FROM unnest(told) AS w
        GROUP BY w.user_id, w.kind, w.subject, w.is_read,
                 CASE WHEN w.subject IS NULL OR w.is_read THEN w.place END
    ), made AS (
        INSERT INTO notifications (user_id, kind, canvas_id, actor_id, actors, count, x, y,
            message_id, comment_id, conversation_id, text, subject, version, read_at)
        SELECT m.user_id, m.kind, (m.newest).canvas_id,
               CASE WHEN (m.newest).names_actor THEN (m.newest).by_id END,
               CASE WHEN m.of_people THEN m.people[:64] ELSE '{}' END,
               CASE WHEN m.of_people THEN cardinality(m.people) ELSE m.count END,
               (m.newest).x, (m.newest).y, (m.newest).message_id, (m.newest).comment_id,
               (m.newest).conversation_id, (m.newest).text, m.subject, b.version,
               CASE WHEN m.is_read THEN clock_timestamp() END
        FROM merged m JOIN notification_boxes b ON b.user_id = m.user_id
        WHERE m.subject IS NULL OR m.is_read OR NOT EXISTS (
            SELECT FROM notifications n
            WHERE n.user_id = m.user_id AND n.kind = m.kind AND n.subject = m.subject
              AND n.read_at IS NULL)
        ORDER BY m.place
        RETURNING notifications.id
    )
    SELECT array_agg(made.id) INTO added FROM made;

    FOR full_box IN
        UPDATE notification_boxes b SET kept = b.kept + new.number
        FROM (SELECT n.user_id, count(*) AS number FROM notifications n
              WHERE n.id = ANY (added) GROUP BY n.user_id) AS new
        WHERE b.user_id = new.user_id
        RETURNING CASE WHEN b.kept > 1000 THEN b.user_id END
    LOOP
        CONTINUE WHEN full_box IS NULL;
        DELETE FROM notifications n WHERE n.user_id = full_box AND n.id <= (
            SELECT o.id FROM notifications o WHERE o.user_id = full_box
            ORDER BY o.id DESC OFFSET 1000 LIMIT 1);
        UPDATE notification_boxes b
        SET kept = (SELECT count(*) FROM notifications n WHERE n.user_id = full_box)
        WHERE b.user_id = full_box;
    END LOOP;

    RETURN QUERY
    SELECT n.user_id, b.version, b.unread, n.id, n.kind, n.canvas_id, coalesce(c.name, ''),
           u.id, u.username, u.display_name, n.count, n.x, n.y, n.message_id, n.comment_id,
           n.conversation_id, n.text, n.created_at, n.read_at IS NOT NULL
    FROM notifications n
    JOIN (SELECT box.user_id, box.version, unread_notifications(box.user_id) AS unread
          FROM notification_boxes box
          WHERE box.user_id IN (SELECT w.user_id FROM unnest(told) AS w)
          OFFSET 0) AS b ON b.user_id = n.user_id
    LEFT JOIN users u ON u.id = n.actor_id
    LEFT JOIN canvases c ON c.id = n.canvas_id
    WHERE n.id = ANY (coalesce(grown, '{}') || coalesce(added, '{}'))
    ORDER BY n.id;
END
$$;

-- Marks notifications of a user as read: up to an id, some, or that of a conversation. Returns
-- how many are unread afterwards, and nothing where nothing changed.
CREATE FUNCTION read_notifications(reader BIGINT, up_to BIGINT, these BIGINT[], of_conversation BIGINT)
RETURNS TABLE (version BIGINT, unread_count BIGINT) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    UPDATE notification_boxes b SET version = b.version + 1 WHERE b.user_id = reader;
    UPDATE notifications n
    SET read_at = clock_timestamp(), version = b.version
    FROM notification_boxes b
    WHERE b.user_id = reader AND n.user_id = reader AND n.read_at IS NULL
      AND (n.id <= up_to OR n.id = ANY (these)
           OR (n.kind = 'direct_message' AND n.conversation_id = of_conversation));
    IF FOUND THEN
        RETURN QUERY
        SELECT b.version, unread_notifications(reader) FROM notification_boxes b
        WHERE b.user_id = reader;
    END IF;
END
$$;

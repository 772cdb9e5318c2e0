-- Admins that are kept in the database (`stellar-canvas admin`), besides those
-- of the setting ADMIN_USERS.

ALTER TABLE users ADD COLUMN is_admin BOOLEAN NOT NULL DEFAULT false;

-- Finds the guests that may be deleted, the oldest first.
CREATE INDEX users_guests_idx ON users (created_at, id) WHERE password_hash IS NULL;

-- Deleting a user or a session looks here for rows that refer to it.
CREATE INDEX tickets_session_id_idx ON tickets (session_id);
CREATE INDEX tiles_creator_id_idx ON tiles (creator_id);
CREATE INDEX tile_likes_user_id_idx ON tile_likes (user_id);
CREATE INDEX tile_locks_user_id_idx ON tile_locks (user_id);
CREATE INDEX canvas_idle_ops_actor_id_idx ON canvas_idle_ops (actor_id);

-- Ids of canvases are random from now on (the server makes them), so that nobody
-- finds an unlisted canvas by counting. Those of before keep theirs. Lists go by
-- the time of creation instead.
CREATE INDEX canvases_newest_idx ON canvases (created_at DESC, id DESC) WHERE visibility = 'public';

-- Whether a user has events must be found without reading the whole log, so the unique index
-- begins with the actor. On a log that is too large to be locked meanwhile it is left to the
-- administrator (README.md of this folder); until then no guest is deleted.
DO $$
BEGIN
    IF pg_table_size('canvas_events') < 256 * 1024 * 1024 THEN
        DROP INDEX canvas_events_op_id_key;
        CREATE UNIQUE INDEX canvas_events_op_id_key
            ON canvas_events (actor_id, canvas_id, op_id);
    END IF;
END
$$;

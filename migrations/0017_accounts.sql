-- Accounts: guests become registered, sessions are listed, accounts are deleted, people block
-- each other and are invited.

-- When the account was deleted. Its row stays, since drawings, words and sanctions refer to it.
-- `renamed_at`: when a guest got a user name, or the names of an account were removed. Nodes read
-- it to rename the people on open connections. A change of the display name alone does not set it.
ALTER TABLE users
    ADD COLUMN deleted_at TIMESTAMPTZ,
    ADD COLUMN renamed_at TIMESTAMPTZ;

CREATE INDEX users_renamed_at_idx ON users (renamed_at) WHERE renamed_at IS NOT NULL;

-- `renames` counts changes of the user name as well, from now on.
DROP TRIGGER users_renamed ON users;
CREATE TRIGGER users_renamed BEFORE UPDATE OF username, display_name ON users
    FOR EACH ROW WHEN (OLD.display_name <> NEW.display_name OR OLD.username <> NEW.username)
    EXECUTE FUNCTION count_rename();

-- When the session was used last, to within some minutes. NULL where it was not noted yet.
ALTER TABLE sessions ADD COLUMN last_seen_at TIMESTAMPTZ;

-- Deleted accounts whose names are still being removed from stored texts, in the background and
-- in pieces. A row stays when it is done.
CREATE TABLE name_removals (
    user_id          BIGINT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    -- Whether the user's canvases are deleted as well.
    deletes_canvases BOOLEAN NOT NULL,
    -- Where the pass goes on: the events of this canvas before this `seq`. NULL: with the first
    -- canvas, and with the newest event.
    canvas_id        BIGINT,
    before_seq       BIGINT,
    -- Passes that are left. The second finds what was still being written during the first.
    passes_left      INTEGER NOT NULL DEFAULT 2,
    -- When the next piece may be done; NULL when everything is.
    due_at           TIMESTAMPTZ
);

CREATE INDEX name_removals_due_at_idx ON name_removals (due_at) WHERE due_at IS NOT NULL;

-- Whom a user does not want to see. The blocked user is not told.
CREATE TABLE user_blocks (
    -- The order in which they were made.
    id         BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    user_id    BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_id BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (user_id, blocked_id)
);

CREATE INDEX user_blocks_blocked_id_idx ON user_blocks (blocked_id);

-- Invites to a canvas. Whoever has the code gets the role.
CREATE TABLE invites (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    canvas_id  BIGINT NOT NULL REFERENCES canvases ON DELETE CASCADE,
    code       TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    -- How often it gave a role.
    uses       INTEGER NOT NULL DEFAULT 0,
    -- NULL: any number.
    max_uses   INTEGER,
    expires_at TIMESTAMPTZ NOT NULL,
    note       TEXT NOT NULL,
    created_by BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX invites_canvas_id_idx ON invites (canvas_id, id);
CREATE INDEX invites_created_by_idx ON invites (created_by);
CREATE INDEX invites_expires_at_idx ON invites (expires_at);

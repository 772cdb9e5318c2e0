-- Private messages: the conversations of two users, what each of the two has of them, and the
-- messages.

CREATE TABLE conversations (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The two users, the lower id first.
    low_id     BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    high_id    BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    -- The user who asked for it, until the other one accepts. NULL where both may write.
    asked_by   BIGINT,
    -- The newest message's `seq`, 0 before the first. Whoever stores a message locks this row
    -- and holds the lock to the commit: that makes the order gapless.
    last_seq   BIGINT NOT NULL DEFAULT 0,
    -- When the newest message was stored.
    last_at    TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (low_id, high_id),
    CHECK (low_id < high_id)
);

-- Deleting a user looks here.
CREATE INDEX conversations_high_id_idx ON conversations (high_id);
-- Counts the requests that wait for a user.
CREATE INDEX conversations_requests_idx
    ON conversations ((CASE WHEN asked_by = low_id THEN high_id ELSE low_id END))
    WHERE asked_by IS NOT NULL AND last_seq > 0;

-- What one of the two has of a conversation; each has two rows.
CREATE TABLE conversation_members (
    conversation_id BIGINT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    user_id         BIGINT NOT NULL,
    -- Everything up to this `seq` was read.
    read_seq        BIGINT NOT NULL DEFAULT 0,
    -- Messages of the other after it that are not removed.
    unread          BIGINT NOT NULL DEFAULT 0,
    -- Whether it is left out of the user's list until something new comes.
    is_hidden       BOOLEAN NOT NULL,
    -- The strictest preference about private messages under which the user wrote here or
    -- accepted: 0 everybody, 1 shared canvas, 2 nobody. Who writes may be answered.
    consent         SMALLINT NOT NULL DEFAULT 0,
    -- Its place in the list: the newest message's time, or when it was begun.
    listed_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE INDEX conversation_members_listed_idx
    ON conversation_members (user_id, listed_at DESC, conversation_id DESC) WHERE NOT is_hidden;
CREATE INDEX conversation_members_unread_idx
    ON conversation_members (user_id) WHERE unread > 0 AND NOT is_hidden;

CREATE TABLE direct_messages (
    conversation_id BIGINT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    -- 1, 2, 3 … in the conversation.
    seq             BIGINT NOT NULL,
    -- A UUID of version 7, so that its order is about that of time.
    message_id      UUID NOT NULL UNIQUE,
    sender_id       BIGINT NOT NULL,
    -- A UUID in the spelling of the request.
    op_id           TEXT,
    -- Empty once it was removed.
    text            TEXT NOT NULL,
    removed_at      TIMESTAMPTZ,
    -- The words of a removed message, which only the evidence of a case shows. They are deleted
    -- after a while.
    removed_text    TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);

-- Exactly once: a repeated request is found here.
CREATE UNIQUE INDEX direct_messages_op_id_key
    ON direct_messages (conversation_id, sender_id, (op_id::uuid)) WHERE op_id IS NOT NULL;
-- Finds removed words that are old enough to be deleted.
CREATE INDEX direct_messages_removed_at_idx
    ON direct_messages (removed_at) WHERE removed_text IS NOT NULL;

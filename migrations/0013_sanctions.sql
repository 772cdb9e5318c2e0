-- Sanctions of users, on one canvas or on the whole server, and what is needed to recognize
-- a banned person who comes back as a guest.

-- The setting ADMIN_USERS, as the server that started last has it, so that statements
-- which read roles know all admins.
ALTER TABLE users ADD COLUMN is_named_admin BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX users_named_admins_idx ON users (id) WHERE is_named_admin;

-- How often it changed who may do what on every canvas: admins, and sanctions on the whole
-- server. The access version of a canvas (in the code: acl_version) is the sum of this and
-- `canvases.access_changes`.
CREATE TABLE server_access (
    -- There is only one row.
    only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
    changes  BIGINT NOT NULL DEFAULT 0
);

INSERT INTO server_access DEFAULT VALUES;

-- The access version of a canvas with this many changes of its own. Volatile: it sees what
-- was committed up to now, also where the statement that calls it had to wait for a lock.
CREATE FUNCTION access_version(own_changes BIGINT) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN own_changes + (SELECT changes FROM server_access);
END
$$;

CREATE FUNCTION note_admin_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE server_access SET changes = changes + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_admin_changed AFTER UPDATE OF is_admin, is_named_admin ON users
    FOR EACH ROW WHEN ((OLD.is_admin OR OLD.is_named_admin) <> (NEW.is_admin OR NEW.is_named_admin))
    EXECUTE FUNCTION note_admin_change();

-- Rows are never deleted while the user or the canvas exists.
CREATE TABLE sanctions (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL: the whole server.
    canvas_id   BIGINT,
    user_id     BIGINT NOT NULL REFERENCES users,
    -- 'warning', 'mute', 'no_paint', 'timeout' or 'ban'.
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    -- For moderators only.
    note        TEXT NOT NULL DEFAULT '',
    issued_by   BIGINT NOT NULL REFERENCES users,
    -- The issuer's rank at that time: 1 moderator, 2 owner, 3 admin. Whoever lifts it must
    -- not rank below.
    issuer_rank SMALLINT NOT NULL,
    issued_at   TIMESTAMPTZ NOT NULL,
    -- NULL: open end.
    expires_at  TIMESTAMPTZ,
    -- When it was lifted, or, for a warning, confirmed.
    lifted_at   TIMESTAMPTZ,
    lifted_by   BIGINT REFERENCES users,
    lift_reason TEXT NOT NULL DEFAULT '',
    case_id     BIGINT
);

CREATE INDEX sanctions_in_force_idx ON sanctions (user_id) WHERE lifted_at IS NULL;
CREATE INDEX sanctions_bans_idx ON sanctions (canvas_id) WHERE kind = 'ban' AND lifted_at IS NULL;
CREATE INDEX sanctions_canvas_id_idx ON sanctions (canvas_id, id);
CREATE INDEX sanctions_user_id_idx ON sanctions (user_id, id);
CREATE INDEX sanctions_issued_by_idx ON sanctions (issued_by);
CREATE INDEX sanctions_lifted_by_idx ON sanctions (lifted_by) WHERE lifted_by IS NOT NULL;

-- Every node reads the roles and sanctions of a canvas's members again when its access
-- version changes, also after a change by hand.
CREATE FUNCTION note_sanction_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    concerned BIGINT := CASE WHEN TG_OP = 'DELETE' THEN OLD.canvas_id ELSE NEW.canvas_id END;
BEGIN
    IF concerned IS NULL THEN
        UPDATE server_access SET changes = changes + 1;
    ELSE
        UPDATE canvases SET access_changes = access_changes + 1 WHERE id = concerned;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER sanctions_changed AFTER INSERT OR UPDATE OR DELETE ON sanctions
    FOR EACH ROW EXECUTE FUNCTION note_sanction_change();

-- The browser on which a guest was made: the digest of its cookie `device`.
ALTER TABLE users ADD COLUMN made_on_device BYTEA;

-- Which browsers a user has used, by the digest of their cookie `device`.
CREATE TABLE user_devices (
    user_id      BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    device       BYTEA NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, device)
);

CREATE INDEX user_devices_device_idx ON user_devices (device);
CREATE INDEX user_devices_last_used_at_idx ON user_devices (last_used_at);

-- From which networks a user came: keyed digests (HMAC-SHA-256) of an IPv4 address, or of the
-- /64 network of an IPv6 one.
CREATE TABLE user_networks (
    user_id      BIGINT NOT NULL REFERENCES users ON DELETE CASCADE,
    network      BYTEA NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, network)
);

CREATE INDEX user_networks_last_used_at_idx ON user_networks (last_used_at);

-- From which networks a banned person had come before the ban: what they use afterwards does
-- not count, so that nobody carries a ban to another network.
CREATE TABLE ban_networks (
    network     BYTEA NOT NULL,
    sanction_id BIGINT NOT NULL REFERENCES sanctions ON DELETE CASCADE,
    PRIMARY KEY (network, sanction_id)
);

CREATE INDEX ban_networks_sanction_id_idx ON ban_networks (sanction_id);

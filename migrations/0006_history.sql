-- Which history this database holds, so that nodes and clients notice when it
-- went back: after a restore, or a failover to a standby that was behind.

CREATE TABLE history (
    is_only     BOOLEAN PRIMARY KEY DEFAULT true CHECK (is_only),
    -- Part of every name on Redis, so that clusters which share a Redis do not
    -- receive each other's messages. Renewed together with the epochs.
    database_id UUID NOT NULL DEFAULT gen_random_uuid(),
    -- history_origin() when a server last looked. Where it differs, this is a
    -- copy, or a standby that was promoted. NULL until the first look.
    origin      TEXT
);

INSERT INTO history DEFAULT VALUES;

-- Cluster, database and timeline. NULL on a standby, which has none of its own.
CREATE FUNCTION history_origin() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN NOT pg_is_in_recovery() THEN
        (SELECT system_identifier FROM pg_control_system())
        || ':' || (SELECT oid FROM pg_database WHERE datname = current_database())
        || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    END
$$;

-- Another number after every way in which a log can go back without a change of
-- the origin: files that were put back need a restart of PostgreSQL, and a dump
-- that was loaded makes the table's file anew. A restart alone changes it too,
-- so a difference only means that the log has to be compared.
CREATE FUNCTION history_instance() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint
        # pg_relation_filenode('canvases')::bigint
$$;

-- When the epoch was renewed last because a client told of newer events than
-- there are: that is believed once a minute only.
ALTER TABLE canvases ADD COLUMN epoch_renewed_at TIMESTAMPTZ;

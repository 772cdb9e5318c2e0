-- `tile_locks.fence` was written and never compared. The server does not use it
-- any more. Servers of the version before still write `fence = DEFAULT` while a
-- cluster is updated, so the column stays until the next release, without its
-- sequence and without NOT NULL.

ALTER TABLE tile_locks
    ALTER COLUMN fence DROP IDENTITY,
    ALTER COLUMN fence DROP NOT NULL;

COMMENT ON COLUMN tile_locks.fence IS 'Unused; to be dropped.';

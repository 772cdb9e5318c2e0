-- Which servers can work with this schema, so that a server of an older version starts
-- beside newer ones, or refuses with a clear sentence.
--
-- A server looks at `oldest_server` when it starts. It goes on if the newest migration
-- that it knows has this number or a higher one. A migration after which older servers
-- would fail, for example because it drops a column, sets the number:
--     UPDATE schema_compatibility SET oldest_server = …;

CREATE TABLE schema_compatibility (
    -- There is only one row.
    only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
    -- The number of a migration.
    oldest_server BIGINT NOT NULL
);

INSERT INTO schema_compatibility (oldest_server) VALUES (5);

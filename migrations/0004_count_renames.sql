-- How often a user's name to show was changed. Nodes tell each other the names
-- of those who are there; of two names, the one with the higher count is newer.

ALTER TABLE users ADD COLUMN renames BIGINT NOT NULL DEFAULT 0;

CREATE FUNCTION count_rename() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.renames := OLD.renames + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER users_renamed BEFORE UPDATE OF display_name ON users
    FOR EACH ROW WHEN (OLD.display_name <> NEW.display_name)
    EXECUTE FUNCTION count_rename();

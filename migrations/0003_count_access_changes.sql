-- How often it changed who may do what on a canvas. Every node compares it for
-- the canvases that it has open, so that a role given or taken counts for open
-- connections wherever it was done, by hand too.

ALTER TABLE canvases ADD COLUMN access_changes BIGINT NOT NULL DEFAULT 0;

CREATE FUNCTION note_role_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE canvases SET access_changes = access_changes + 1
    WHERE id = coalesce(NEW.canvas_id, OLD.canvas_id);
    RETURN NULL;
END
$$;

CREATE TRIGGER canvas_members_changed AFTER INSERT OR UPDATE OR DELETE ON canvas_members
    FOR EACH ROW EXECUTE FUNCTION note_role_change();

CREATE FUNCTION note_visibility_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.access_changes := OLD.access_changes + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER canvas_visibility_changed BEFORE UPDATE OF visibility, owner_id ON canvases
    FOR EACH ROW WHEN (OLD.visibility <> NEW.visibility OR OLD.owner_id <> NEW.owner_id)
    EXECUTE FUNCTION note_visibility_change();

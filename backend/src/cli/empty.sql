DO $$
DECLARE
    command TEXT;
BEGIN
    FOR command IN
        SELECT format('DROP SCHEMA %I CASCADE', nspname)
        FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_namespace'::regclass AND objid = pg_namespace.oid
                    AND deptype = 'e'
            )
    LOOP
        EXECUTE command;
    END LOOP;
    FOR command IN
        SELECT format(
            'DROP %s IF EXISTS %s CASCADE',
            CASE relkind
                WHEN 'v' THEN 'VIEW'
                WHEN 'm' THEN 'MATERIALIZED VIEW'
                WHEN 'S' THEN 'SEQUENCE'
                WHEN 'c' THEN 'TYPE'
                ELSE 'TABLE'
            END,
            format('%I.%I', 'public', relname)
        )
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'c')
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
            )
        -- Tables first: they take their sequences along.
        ORDER BY relkind IN ('r', 'p') DESC
    LOOP
        EXECUTE command;
    END LOOP;
    FOR command IN
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure)
        FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
            )
    LOOP
        EXECUTE command;
    END LOOP;
    FOR command IN
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype)
        FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_type'::regclass AND objid = pg_type.oid AND deptype = 'e'
            )
    LOOP
        EXECUTE command;
    END LOOP;
END
$$

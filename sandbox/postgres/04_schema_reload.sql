-- PostgREST learns of a changed schema by itself, as on hosted projects.

create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
    if exists (
        select from pg_event_trigger_ddl_commands()
        where coalesce(schema_name, '') not in ('pg_temp', 'auth')
    ) then
        notify pgrst, 'reload schema';
    end if;
end $$;

create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
begin
    if exists (
        select from pg_event_trigger_dropped_objects()
        where not is_temporary and coalesce(schema_name, '') <> 'auth'
    ) then
        notify pgrst, 'reload schema';
    end if;
end $$;

create event trigger pgrst_ddl_watch on ddl_command_end
    execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop
    execute function extensions.pgrst_drop_watch();

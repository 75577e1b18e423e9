-- A reconciliation that was cut off long ago begins again: it reads the newest first, so one that goes on
-- where it stood never sees what was made after it began, and the run after it looks back a month only.
--
-- Does:  replaces begin_reconciliation() of the file on reconciliation: after two weeks it starts anew, from
--        as far back as the one that was cut off.
-- Locks: none.
-- Undo:  create begin_reconciliation() anew as it stands in that file.

-- The run to go on with: the one that was cut off less than two weeks after it began, or a new one from
-- p_since on, or from where an older one that was cut off had begun. Answers {since, resource,
-- starting_after, counts}, the last three null or empty for a new one.
create or replace function public.begin_reconciliation(p_livemode boolean, p_since timestamptz)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_run public.reconciliations;
begin
  insert into public.reconciliations (livemode, since) values (p_livemode, p_since)
  on conflict do nothing;
  select * into v_run from public.reconciliations where livemode = p_livemode for update;
  if v_run.finished_at is not null or v_run.started_at < now() - interval '14 days' then
    update public.reconciliations set
      since = case when v_run.finished_at is null then least(v_run.since, p_since) else p_since end,
      resource = null, starting_after = null, counts = '{}', started_at = now(), finished_at = null
    where livemode = p_livemode;
  end if;
  update public.reconciliations set updated_at = now() where livemode = p_livemode
  returning * into v_run;
  return jsonb_build_object('since', v_run.since, 'resource', v_run.resource,
                            'starting_after', v_run.starting_after, 'counts', v_run.counts);
end
$$;

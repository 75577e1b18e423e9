-- The first answer: of two requests with one key at the same moment, each was answered by what it had made
-- itself, though the key is kept with the answer of the first.
--
-- Does:  replaces store_idempotent_answer() of the file on buying, which answers what is kept now.
-- Locks: none.
-- Undo:  drop function public.store_idempotent_answer; create it anew as it stands in that file.

drop function public.store_idempotent_answer(text, text, jsonb);

-- Keeps an answer {body, status} for its key unless there is one; answers the one that is kept.
create function public.store_idempotent_answer(p_caller text, p_key text, p_answer jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.idempotency_keys set answer = coalesce(answer, '{}') || p_answer
  where caller = p_caller and key = p_key and (answer -> 'body') is null;
  return (select answer from public.idempotency_keys where caller = p_caller and key = p_key);
end
$$;

revoke all on function public.store_idempotent_answer(text, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.store_idempotent_answer(text, text, jsonb) to service_role;

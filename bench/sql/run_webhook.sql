-- Each client goes through every fourth order: no event comes twice.
\set n :first + :client_id + :clients * :turn
\set turn :turn + 1
select public.receive_event(
  replace(:event, 'ORDER', md5('order' || :n)::uuid::text)::jsonb, false,
  replace(:facts, 'ORDER', md5('order' || :n)::uuid::text)::jsonb);

-- Metrics: how the shop does, day by day, in one currency.
--
-- Does:  creates get_metrics, which only the service may call, and the indexes by time that it reads by.
-- Locks: SHARE on payment_orders, refunds, disputes and credit_transactions while their indexes are
--        built (seconds per million rows); reading goes on, buying and spending wait.
-- Undo:  drop function public.get_metrics;
--        drop index public.credit_transactions_by_time, public.disputes_by_time, public.refunds_by_time,
--        public.payment_orders_paid;

create index payment_orders_paid on public.payment_orders (paid_at) where paid_at is not null;
create index refunds_by_time on public.refunds (created_at);
create index disputes_by_time on public.disputes (created_at);
-- The ledger is written in the order of time and never changed, so one small entry per 32 pages finds
-- a period; a spend does not pay for another tree.
create index credit_transactions_by_time on public.credit_transactions
  using brin (created_at) with (pages_per_range = 32, autosummarize = on);

-- The UTC days from p_from (included) to p_to (not included), payments in p_currency and of one mode:
-- {days: [{day, …}], totals: {…}}, oldest first, with these members, amounts in minor units:
--
--   by the day of payment     revenue (captured, before refunds), payments, average_order_value
--   by the day we heard of it refunds, refund_count (made, and neither failed nor canceled);
--                             disputes, dispute_count (chargebacks, won ones too; no inquiries)
--   by the day of the order   orders; conversion: of the orders that buyers began on a page, the share
--                             that is paid by now; success_rate: of the orders that were paid or for
--                             which paying was tried and failed, the share that is paid by now;
--                             failure_reasons: [{reason, orders}], why the last try of the others failed
--   by the day of arrival     webhook_events; webhook_success_rate: the share that is not failed now;
--                             webhook_latency_ms_p50, …_p95: from its making at Stripe, known to the
--                             second, to the end of our work
--   in all currencies         credits_outstanding: the sum of all balances at the end of the day (the
--                             period), debts subtracted; usage_by_feature: [{feature, credits, calls}]
--
-- A share is between 0 and 1, and null where there is nothing to divide by, like an average.
-- One pass over each table: over the period, but over the ledger from p_from until now, because a
-- balance of the past is today's less what has happened since.
create function public.get_metrics(p_from date, p_to date, p_currency text, p_livemode boolean)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  c_total constant date := 'infinity';  -- stands for the whole period among its days
  v_since constant timestamptz := p_from::timestamp at time zone 'UTC';
  v_until constant timestamptz := p_to::timestamp at time zone 'UTC';
begin
  return (
    with days as (
      select p_from + n as day from generate_series(0, p_to - p_from - 1) n
      union all select c_total
    ), paid as (
      select coalesce(day, c_total) as day, coalesce(sum(amount_captured), 0) as revenue, count(*) as payments
      from (select (paid_at at time zone 'UTC')::date as day, amount_captured
            from public.payment_orders
            where paid_at >= v_since and paid_at < v_until and currency = p_currency and livemode = p_livemode) o
      group by grouping sets ((day), ())
    ), refunded as (
      select coalesce(day, c_total) as day, coalesce(sum(amount), 0) as amount, count(*) as number
      from (select (r.created_at at time zone 'UTC')::date as day, r.amount
            from public.refunds r join public.payment_orders o on o.id = r.payment_id
            where r.created_at >= v_since and r.created_at < v_until and o.currency = p_currency
              and o.livemode = p_livemode and r.status in ('pending', 'requires_action', 'succeeded')) r
      group by grouping sets ((day), ())
    ), disputed as (
      select coalesce(day, c_total) as day, coalesce(sum(amount), 0) as amount, count(*) as number
      from (select (d.created_at at time zone 'UTC')::date as day, d.amount
            from public.disputes d join public.payment_orders o on o.id = d.payment_id
            where d.created_at >= v_since and d.created_at < v_until and o.currency = p_currency
              and o.livemode = p_livemode and (private.is_chargeback(d.status) or d.status = 'won')) d
      group by grouping sets ((day), ())
    ), ordered as materialized (
      select (created_at at time zone 'UTC')::date as day, paid_at is not null as is_paid,
             ui_mode not in ('off_session', 'invoice') as is_begun_by_buyer,
             case when paid_at is null and (error is not null or status = 'failed')
               then coalesce(error ->> 'decline_code', error ->> 'code', 'unknown') end as failure
      from public.payment_orders
      where created_at >= v_since and created_at < v_until and currency = p_currency and livemode = p_livemode
    ), tried as (
      select coalesce(day, c_total) as day, count(*) as orders,
             round(avg(is_paid::integer) filter (where is_begun_by_buyer), 4) as conversion,
             round(avg(is_paid::integer) filter (where is_paid or failure is not null), 4) as success_rate
      from ordered group by grouping sets ((day), ())
    ), failed as (
      select day, jsonb_agg(jsonb_build_object('reason', failure, 'orders', orders) order by orders desc, failure) as reasons
      from (select coalesce(day, c_total) as day, failure, count(*) as orders
            from ordered where failure is not null group by grouping sets ((day, failure), (failure))) f
      group by day
    ), heard as (
      select coalesce(day, c_total) as day, count(*) as events, round(avg((status <> 'failed')::integer), 4) as success_rate,
             percentile_cont(array[0.5, 0.95]) within group (order by latency_ms) as latency_ms
      from (select (received_at at time zone 'UTC')::date as day, status,
                   greatest(0, extract(epoch from processed_at - created_at) * 1000)::double precision as latency_ms
            from public.stripe_events
            where received_at >= v_since and received_at < v_until and livemode = p_livemode) e
      group by grouping sets ((day), ())
    ), moved as materialized (
      select (created_at at time zone 'UTC')::date as day, type, feature, sum(amount) as amount, count(*) as calls
      from public.credit_transactions where created_at >= v_since group by 1, 2, 3
    ), outstanding as (
      select day, (select coalesce(sum(balance), 0) from public.user_credits)
                    - coalesce(sum(amount) over (order by day desc rows between unbounded preceding and 1 preceding), 0) as credits
      from (select day, coalesce(sum(amount), 0) as amount
            from days full join moved using (day) where day <> c_total group by day) by_day
    ), used as (
      select day, jsonb_agg(jsonb_build_object('feature', feature, 'credits', credits, 'calls', calls)
                            order by credits desc, feature) as features
      from (select coalesce(day, c_total) as day, feature, -sum(amount) as credits, sum(calls) as calls
            from moved where type = 'spend' and day < p_to group by grouping sets ((day, feature), (feature))) u
      group by day
    ), rows as (
      select days.day, jsonb_build_object(
        'revenue', coalesce(paid.revenue, 0),
        'payments', coalesce(paid.payments, 0),
        'average_order_value', round(paid.revenue / nullif(paid.payments, 0)),
        'refunds', coalesce(refunded.amount, 0),
        'refund_count', coalesce(refunded.number, 0),
        'disputes', coalesce(disputed.amount, 0),
        'dispute_count', coalesce(disputed.number, 0),
        'orders', coalesce(tried.orders, 0),
        'conversion', tried.conversion,
        'success_rate', tried.success_rate,
        'failure_reasons', coalesce(failed.reasons, '[]'),
        'webhook_events', coalesce(heard.events, 0),
        'webhook_success_rate', heard.success_rate,
        'webhook_latency_ms_p50', round(heard.latency_ms[1]),
        'webhook_latency_ms_p95', round(heard.latency_ms[2]),
        'credits_outstanding', outstanding.credits,
        'usage_by_feature', coalesce(used.features, '[]')) as metrics
      from days
      left join paid using (day) left join refunded using (day) left join disputed using (day)
      left join tried using (day) left join failed using (day) left join heard using (day)
      left join used using (day)
      left join outstanding on outstanding.day = least(days.day, p_to - 1)
    )
    select jsonb_build_object(
      'days', jsonb_agg(jsonb_build_object('day', day) || metrics order by day) filter (where day <> c_total),
      'totals', (array_agg(metrics) filter (where day = c_total))[1])
    from rows);
end
$$;
revoke all on function public.get_metrics(date, date, text, boolean) from public, anon, authenticated, service_role;
grant execute on function public.get_metrics(date, date, text, boolean) to service_role;

"""How fast, and compared with what: `make bench`, or `python -m bench --help`.

shop.py         a sandbox of the bench's own
seed.py         users, orders and histories, made in SQL (sql/)
pgbench.py      load on SQL functions, with Postgres' own tool
http_load.py    load on HTTP, light enough to share two cores with all that it measures
operations.py   a spend, a hold with its capture, a webhook, as requests
plan.py         what is compared with what, and for how long
rounds.py       runs alternate in rounds; ratios are taken within a round
round_trips.py  counts what the backend asks of Supabase
report.py       the table, and JSON for machines
"""

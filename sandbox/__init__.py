"""The whole outside world of Topup on one machine: Postgres, PostgREST, Auth, Stripe.

Everything listens on 127.0.0.1 and keeps its data in one folder. `python -m sandbox up` starts it.
The backend never imports this package and knows nothing of it: the two meet over sockets.
"""

"""Stripe, stood in for: the API, the hosted checkout page, Stripe.js and the webhooks.

One process (`python -m sandbox.stripe`) that speaks Stripe's language at a local address, in the
shapes of the API version that the installed SDK pins. Nothing here is real money.
"""

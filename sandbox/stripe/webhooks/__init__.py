"""Webhooks: the outbox that events fall into, the courier that empties it, the signature."""

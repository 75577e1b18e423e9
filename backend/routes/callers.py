"""The caller, as the services know him."""

from flask import g

from backend.services.customers import Buyer


def buyer() -> Buyer:
    """The user of this request, as the one who pays."""
    return Buyer(id=g.caller.id, email=g.caller.email)

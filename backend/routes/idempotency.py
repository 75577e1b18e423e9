"""Idempotency-Key for requests that make no order of their own."""

import functools
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import g, request

from backend.routes.parsing import idempotency_key
from backend.wiring import services


def request_hash() -> str:
    """What makes two requests the same: method, path and the bytes of the body."""
    head = f"{request.method} {request.path}\n".encode()
    return sha256(head + request.get_data()).hexdigest()


def idempotent(view: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Answer a repeated key with the first answer. Raises IdempotencyConflict for another request.

    Only answers are kept, no errors: whoever was refused may try again with the same key.
    """

    @functools.wraps(view)
    def keyed(**arguments: Any) -> dict[str, Any]:
        key = idempotency_key()
        if key is None:
            return view(**arguments)
        database, caller = services().database, g.caller.id
        claim = database.as_service(
            "claim_idempotency_key", caller=caller, key=key, request_hash=request_hash()
        )
        if claim["answer"] is not None:
            return claim["answer"]["body"]
        body = view(**arguments)
        database.as_service(
            "store_idempotent_answer", caller=caller, key=key, answer={"body": body}
        )
        return body

    return keyed

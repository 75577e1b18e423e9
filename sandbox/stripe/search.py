"""Stripe's search language, as far as one needs it: `field:"value" AND metadata["key"]:"value"`.
https://docs.stripe.com/search#search-query-language

Unlike Stripe's, this index is never a minute behind.
"""

import re

from .errors import InvalidParams
from .lists import LIMIT_DEFAULT
from .params import Params
from .store import Object, Transaction, public

FIELD = r"(?P<field>[a-z_]+)"
METADATA = r"metadata\[[\"'](?P<key>[^\"']+)[\"']\]"
CLAUSE = re.compile(rf"\s*(?:{METADATA}|{FIELD})\s*:\s*(?P<quote>[\"'])(?P<value>.*?)(?P=quote)\s*")
FIELDS = frozenset(["email", "name", "phone", "currency", "status", "customer"])


def page(tx: Transaction, object_type: str, url: str, params: Params) -> Object:
    """Only the first page: `page` cursors have no use here yet."""
    clauses = _parse(params["query"])
    limit = params.get("limit", LIMIT_DEFAULT)
    matches = [
        obj
        for obj in tx.select(object_type)
        if all(_value(obj, name, is_key) == value for name, is_key, value in clauses)
    ]
    return {
        "object": "search_result",
        "data": [public(obj) for obj in matches[:limit]],
        "has_more": len(matches) > limit,
        "next_page": None,
        "url": url,
    }


def _parse(query: str) -> list[tuple[str, bool, str]]:
    """(name, whether it is a key of metadata, value) of each clause."""
    clauses = []
    for text in re.split(r"\s+AND\s+", query.strip(), flags=re.IGNORECASE):
        match = CLAUSE.fullmatch(text)
        if not match or (match["field"] and match["field"] not in FIELDS):
            raise InvalidParams(f"We were unable to parse your search query: {text}", param="query")
        clauses.append((match["key"] or match["field"], bool(match["key"]), match["value"]))
    return clauses


def _value(obj: Object, name: str, is_key: bool) -> str | None:
    return (obj["metadata"] if is_key else obj).get(name)

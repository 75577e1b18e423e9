"""How a resource file declares its endpoints."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import NotFound
from ..lists import PAGING
from ..store import Object, Transaction

Handler = Callable[..., Object]


@dataclass(frozen=True)
class Endpoint:
    """`spec` is the SDK's description of the parameters, `honours` what the sandbox acts on.

    `browser`: what of that a browser may send, with the publishable key and (where the path names
    an object) its client secret; None keeps the endpoint to the secret key.
    """

    method: str
    path: str
    spec: type
    honours: frozenset[str]
    handle: Handler
    browser: frozenset[str] | None = None


class Routes:
    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []

    def get(
        self,
        path: str,
        spec: type,
        honours: Iterable[str] = (),
        *,
        browser: Iterable[str] | None = None,
    ) -> Callable[..., Any]:
        return self._endpoint("GET", path, spec, honours, browser)

    def list(self, path: str, spec: type, filters: Iterable[str] = ()) -> Callable[..., Any]:
        return self._endpoint("GET", path, spec, PAGING.union(filters))

    def post(
        self,
        path: str,
        spec: type,
        honours: Iterable[str] = (),
        *,
        browser: Iterable[str] | None = None,
    ) -> Callable[..., Any]:
        return self._endpoint("POST", path, spec, honours, browser)

    def delete(self, path: str, spec: type, honours: Iterable[str] = ()) -> Callable[..., Any]:
        return self._endpoint("DELETE", path, spec, honours)

    def _endpoint(
        self,
        method: str,
        path: str,
        spec: type,
        honours: Iterable[str],
        browser: Iterable[str] | None = None,
    ) -> Callable[[Handler], Handler]:
        def declare(handle: Handler) -> Handler:
            known = frozenset({"expand", *honours})
            allowed = None if browser is None else frozenset({"expand", *browser})
            self.endpoints.append(Endpoint(method, path, spec, known, handle, allowed))
            return handle

        return declare


def found(tx: Transaction, object_type: str, object_id: str, param: str = "id") -> Object:
    """The object, or `resource_missing`: 404 for an id in the path, 400 for a parameter."""
    obj = tx.get(object_type, object_id)
    if obj is None or obj.get("deleted"):
        error = NotFound.no_such(object_type, object_id, param)
        error.status = 404 if param == "id" else 400
        raise error
    return obj


def merged_metadata(obj: Object, given: dict[str, str] | str | None) -> dict[str, str]:
    """Stripe merges: a key with an empty value is removed, an empty `metadata` removes all."""
    kept: dict[str, str] = obj["metadata"]
    if given is None:
        return kept
    if isinstance(given, str):
        return {}
    merged = {**kept, **given}
    return {key: value for key, value in merged.items() if value != ""}

"""The way of every API request: key, fault, idempotency, parameters, work, answer.

Stripe.js asks, too: from any origin, with the publishable key and a client secret as parameters.

The work, its events and the answer that its idempotency key remembers are one transaction.
"""

import time
from typing import Any

from flask import Request, Response, json

from .. import auth, idempotency
from ..control.faults import Faults, When
from ..control.requests import Entry, RequestLog
from ..errors import InvalidParams, StripeError
from ..events import API_VERSION
from ..expand import expand
from ..form import parse_form
from ..idempotency import KeysInUse, Remembered
from ..ids import new_id
from ..objects.browser_view import browser_view
from ..params import decode
from ..settings import Settings
from ..store import Cause, Store, Transaction
from .routes import Endpoint


class Pipeline:
    def __init__(self, settings: Settings, store: Store, log: RequestLog, faults: Faults) -> None:
        self._settings = settings
        self._store = store
        self._log = log
        self._faults = faults
        self._keys_in_use = KeysInUse()

    def run(self, endpoint: Endpoint, request: Request, ids: dict[str, str]) -> Response:
        entry = Entry(
            request_id=new_id("req"),
            at=time.time(),
            method=request.method,
            path=request.path,
            idempotency_key=request.headers.get("Idempotency-Key"),
            stripe_version=request.headers.get("Stripe-Version"),
        )
        self._log.add(entry)
        try:
            answer = self._answer(endpoint, request, ids, entry)
        except StripeError as error:
            answer = Remembered(error.status, error.body(), entry.request_id)
            entry.replayed = False  # whatever its key remembers, this is not it
        return self._response(answer, entry)

    def refuse(self, request: Request, error: StripeError) -> Response:
        """An answer to a request that belongs to no endpoint."""
        entry = Entry(new_id("req"), time.time(), request.method, request.path)
        self._log.add(entry)
        return self._response(Remembered(error.status, error.body(), entry.request_id), entry)

    def _answer(
        self, endpoint: Endpoint, request: Request, ids: dict[str, str], entry: Entry
    ) -> Remembered:
        query = request.query_string.decode("ascii", "replace")
        body = request.get_data(as_text=True) if request.method == "POST" else ""
        form = parse_form("&".join(part for part in (query, body) if part))
        api_key = auth.key_in_header(request.headers.get("Authorization")) or _taken(form, "key")
        is_open = endpoint.browser is not None
        entry.by_browser = auth.is_browser(self._settings, api_key, is_open=is_open)
        entry.params = _loggable(form)
        _require_version(entry.stripe_version)
        key = entry.idempotency_key if request.method == "POST" else None
        with self._keys_in_use.hold(None if self._has_answered(key) else key):
            self._strike(entry, When.BEFORE)
            answer = self._work(endpoint, form, ids, key, entry)
            self._strike(entry, When.AFTER)
        return answer

    def _work(
        self,
        endpoint: Endpoint,
        form: dict[str, Any],
        ids: dict[str, str],
        key: str | None,
        entry: Entry,
    ) -> Remembered:
        cause = Cause(entry.request_id, key, entry.by_browser)
        fingerprint = idempotency.fingerprint(entry.method, entry.path, form)
        with self._store.transaction(cause) as tx:
            if key and (remembered := idempotency.recall(tx, key, fingerprint)):
                entry.replayed = True
                return remembered
            answer, is_remembered = _execute(tx, endpoint, form, ids, entry.request_id)
            try:
                self._strike(entry, When.DURING)
            except StripeError as error:
                answer = Remembered(error.status, error.body(), entry.request_id)
                is_remembered = True
            if key and is_remembered:
                idempotency.remember(tx, key, fingerprint, answer)
            return answer

    def _has_answered(self, key: str | None) -> bool:
        """Then it answers again whoever asks, at once: only a request under way is in the way."""
        if key is None:
            return False
        with self._store.transaction() as tx:
            return idempotency.is_remembered(tx, key)

    def _strike(self, entry: Entry, when: When) -> None:
        if taken := self._faults.take(entry.method, entry.path, when):
            fault, cleared = taken
            entry.fault = f"{fault.kind} {when}"
            fault.strike(cleared)

    def _response(self, answer: Remembered, entry: Entry) -> Response:
        entry.status, entry.response = answer.status, answer.body
        body = browser_view(answer.body) if entry.by_browser else answer.body
        if "error" in body:
            url = f"{self._settings.api_base}/webhooks#{answer.request_id}"
            body = {"error": body["error"] | {"request_log_url": url}}
        response = Response(json.dumps(body, indent=2), answer.status, mimetype="application/json")
        response.headers["Request-Id"] = answer.request_id
        response.headers["Stripe-Version"] = API_VERSION
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Request-Id"
        if entry.idempotency_key:
            response.headers["Idempotency-Key"] = entry.idempotency_key
        if entry.replayed:
            response.headers["Idempotent-Replayed"] = "true"
            response.headers["Original-Request"] = answer.request_id
        if answer.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
        if answer.status == 409:
            response.headers["Stripe-Should-Retry"] = "true"
        return response


def _execute(
    tx: Transaction, endpoint: Endpoint, form: dict[str, Any], ids: dict[str, str], request_id: str
) -> tuple[Remembered, bool]:
    """The answer, and whether an idempotency key keeps it."""
    with tx.savepoint() as undo:
        try:
            if tx.cause.from_browser:
                _check_browser(tx, endpoint, form, ids)
            params = decode(endpoint.spec, form, endpoint.honours)
            result = endpoint.handle(tx, params, **ids)
            body = expand(tx, result, params.get("expand", []))
        except StripeError as error:
            if not error.keeps_work:
                undo()
            return Remembered(error.status, error.body(), request_id), error.is_remembered
    return Remembered(200, body, request_id), True


def _check_browser(
    tx: Transaction, endpoint: Endpoint, form: dict[str, Any], ids: dict[str, str]
) -> None:
    """Takes the client secret out of `form`."""
    secret = _taken(form, "client_secret")
    if "id" in ids:
        auth.require_client_secret(tx.get_any(ids["id"]), secret)
    for name in form.keys() - (endpoint.browser or frozenset()):
        raise InvalidParams(
            f"The parameter `{name}` can only be sent with a secret API key.", param=name
        )


def _taken(form: dict[str, Any], name: str) -> str | None:
    """A parameter of every browser's request, taken out of the endpoint's own."""
    value = form.pop(name, None)
    if not isinstance(value, str | None):
        raise InvalidParams(f"Invalid string: {name}", param=name)
    return value


def _loggable(form: dict[str, Any]) -> dict[str, Any]:
    """The parameters without secrets: of a card number only the last digits."""
    loggable = {name: value for name, value in form.items() if name != "client_secret"}
    card = loggable.get("card")
    if isinstance(card, dict) and "number" in card:
        loggable["card"] = card | {"number": f"…{str(card['number'])[-4:]}", "cvc": "…"}
    return loggable


def _require_version(version: str | None) -> None:
    if version not in (None, API_VERSION):
        raise InvalidParams(
            f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION} only."
        )

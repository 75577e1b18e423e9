"""The checker must refuse what does not fit, or it proves nothing."""

import copy
from typing import Any

import pytest

from tests.stripe_types import Mismatch, check_error, check_object, check_request, request_type

REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 100,
    "created": 1_700_000_000,
    "currency": "usd",
    "charge": "ch_1",
    "metadata": {"a": "b"},
    "reason": "duplicate",
    "destination_details": {"type": "card", "card": {"type": "refund"}},
}
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "created": 1_700_000_000,
    "data": {"object": REFUND, "previous_attributes": {"amount": 1}},
    "livemode": False,
    "pending_webhooks": 0,
    "type": "refund.updated",
}
SESSION = {
    "mode": "payment",
    "ui_mode": "hosted_page",
    "expires_at": "1700000000",
    "line_items": [
        {
            "quantity": "1",
            "price_data": {
                "currency": "usd",
                "unit_amount": "499",
                "product_data": {"name": "Starter"},
            },
        }
    ],
    "metadata": {"payment_id": "1"},
}


def test_what_fits_passes() -> None:
    check_object(REFUND)
    check_object(EVENT)
    check_object({"object": "list", "data": [REFUND], "has_more": False, "url": "/v1/refunds"})
    check_object({"id": "cus_1", "object": "customer", "deleted": True})
    check_request("POST", "/v1/checkout/sessions", SESSION)
    check_request("GET", "/v1/customers", {"limit": "3", "created": {"gte": "1"}})
    check_request("GET", "/v1/customers", {"created": "1"})
    check_error({"error": {"type": "card_error", "message": "no", "code": "card_declined"}})


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["amount"], None, "amount"),
        (["amount"], "100", "valid integer"),
        (["amount"], ..., "Field required"),
        (["reason"], "boredom", "duplicate"),
        (["colour"], "red", "not permitted"),
        (["metadata"], {"a": 1}, "valid string"),
        (["destination_details", "type"], ..., "Field required"),
        (["destination_details", "card", "type"], "gift", "pending"),
        (["destination_details", "card", "bank"], "x", "not permitted"),
        (["charge"], {"id": "ch_1", "object": "charge"}, "charge ch_1"),
        (["charge"], {"id": "re_1", "object": "refund"}, "this is no charge"),
    ],
)
def test_an_object_that_does_not_fit_is_refused(
    path: list[str], value: Any, complaint: str
) -> None:
    with pytest.raises(Mismatch, match=complaint):
        check_object(_changed(REFUND, path, value))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["type"], "refund.exploded", "refund.updated"),
        (["data", "object", "amount"], ..., "Field required"),
        (["data", "previous_attributes"], {"colour": "red"}, "colour"),
        (["pending_webhooks"], ..., "Field required"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(path: list[str], value: Any, complaint: str) -> None:
    with pytest.raises(Mismatch, match=complaint):
        check_object(_changed(EVENT, path, value))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["mode"], "gift", "payment"),
        (["ui_mode"], "hosted", "hosted_page"),
        (["payment_method_types"], ["card"], "not permitted"),
        (["expires_at"], "tomorrow", "valid integer"),
        (["line_items", 0, "price_data", "currency"], ..., "Field required"),
        (["line_items", 0, "price_data", "amount"], "1", "not permitted"),
        (["api_key"], "sk_test_1", "not permitted"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    path: list[Any], value: Any, complaint: str
) -> None:
    with pytest.raises(Mismatch, match=complaint):
        check_request("POST", "/v1/checkout/sessions", _changed(SESSION, path, value))


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/customers", "CustomerCreateParams"),
        ("POST", "/v1/customers/cus_1", "CustomerModifyParams"),
        ("DELETE", "/v1/customers/cus_1", "CustomerDeleteParams"),
        ("GET", "/v1/customers/search", "CustomerSearchParams"),
        ("POST", "/v1/checkout/sessions/cs_1/expire", "SessionExpireParams"),
        ("GET", "/v1/checkout/sessions/cs_1/line_items", "SessionListLineItemsParams"),
        ("POST", "/v1/payment_intents/pi_1/cancel", "PaymentIntentCancelParams"),
        ("GET", "/v1/balance_transactions/txn_1", "BalanceTransactionRetrieveParams"),
        ("POST", "/v1/billing_portal/sessions", "SessionCreateParams"),
        ("POST", "/v1/invoices/in_1/void", "InvoiceVoidInvoiceParams"),
        ("POST", "/v1/invoices/in_1/pay", "InvoicePayParams"),
        ("DELETE", "/v1/subscriptions/sub_1", "SubscriptionCancelParams"),
        ("POST", "/v1/test_helpers/test_clocks/clock_1/advance", "TestClockAdvanceParams"),
    ],
)
def test_an_endpoint_finds_its_type(method: str, path: str, name: str) -> None:
    assert request_type(method, path).__name__ == name


def test_an_endpoint_that_stripe_does_not_have_is_refused() -> None:
    with pytest.raises(Mismatch, match="knows no POST /v1/wishes"):
        check_request("POST", "/v1/wishes", {})


def _changed(whole: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    """A copy with the member at `path` set, or removed where `value` is `...`."""
    changed = copy.deepcopy(whole)
    *parents, last = path
    node: Any = changed
    for step in parents:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return changed

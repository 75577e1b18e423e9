"""The API, asked by the real SDK: keys, parameters, errors, lists, expansion, customers."""

import base64
import time

import pytest
import stripe

from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import PUBLISHABLE_KEY, Standin, event_types


def test_a_request_without_the_secret_key_is_refused(standin: Standin) -> None:
    for key, message, code in (
        ("none", "You did not provide an API key", None),
        ("sk_test_wrong", "Invalid API Key provided: sk_test_*rong", None),
        (PUBLISHABLE_KEY, "cannot be made with a publishable API key", "secret_key_required"),
    ):
        headers = {} if key == "none" else {"Authorization": f"Bearer {key}"}
        answer = HTTP.get(f"{standin.base}/v1/customers", headers=headers)
        error = answer.json()["error"]
        assert answer.status_code == 401
        assert message in error["message"]
        assert (error["type"], error.get("code")) == ("invalid_request_error", code)


def test_the_sdk_raises_its_own_authentication_error(standin: Standin) -> None:
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": standin.base})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.customers.list()


def test_basic_authentication_works_too(standin: Standin) -> None:
    credentials = base64.b64encode(b"sk_test_standin0123456789:").decode()
    headers = {"Authorization": f"Basic {credentials}"}
    assert standin.api("GET", "/v1/customers", headers=headers).status_code == 200


def test_answers_carry_request_id_and_version(standin: Standin) -> None:
    answer = standin.api("GET", "/v1/customers")
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"


def test_another_version_is_refused(standin: Standin) -> None:
    answer = standin.api("GET", "/v1/customers", headers={"Stripe-Version": "2020-01-01"})
    assert answer.status_code == 400
    assert "Invalid Stripe API version" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"address[planet]": "mars"}, "parameter_unknown", "address[planet]"),
        ({"email": ""}, "parameter_invalid_empty", "email"),
        ({"metadata": "text"}, None, "metadata"),
        ({"metadata[key]": "x" * 501}, None, "metadata[key]"),
        ({"tax_exempt": "none"}, None, "tax_exempt"),
    ],
)
def test_parameters_are_checked(
    standin: Standin, form: dict[str, str], code: str | None, param: str
) -> None:
    answer = standin.api("POST", "/v1/customers", data=form)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["type"], error.get("code"), error["param"]) == (
        "invalid_request_error",
        code,
        param,
    )


def test_an_unknown_id_is_a_missing_resource(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        client.v1.customers.retrieve("cus_nobody")
    assert raised.value.http_status == 404
    assert (raised.value.code, raised.value.param) == ("resource_missing", "id")
    assert str(raised.value.user_message) == "No such customer: 'cus_nobody'"


def test_an_unknown_address_is_named(standin: Standin) -> None:
    answer = standin.api("GET", "/v1/wishes")
    assert answer.status_code == 404
    assert "Unrecognized request URL (GET: /v1/wishes)" in answer.json()["error"]["message"]


def test_a_customer_lives_and_is_deleted(standin: Standin, client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"email": "a@example.com", "metadata": {"user_id": "u1"}})
    changed = client.v1.customers.update(
        made.id, {"name": "Ada", "metadata": {"plan": "x", "user_id": ""}}
    )
    assert (changed.name, changed.metadata.to_dict()) == ("Ada", {"plan": "x"})
    client.v1.customers.delete(made.id)
    gone = client.v1.customers.retrieve(made.id)
    assert gone.deleted is True
    assert made.id not in [customer.id for customer in client.v1.customers.list().data]
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(made.id, {"name": "Ghost"})
    assert event_types(standin, made.id) == [
        "customer.created",
        "customer.updated",
        "customer.deleted",
    ]


def test_an_update_tells_what_changed(standin: Standin, client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"name": "Before", "metadata": {"a": "1", "b": "2"}})
    client.v1.customers.update(made.id, {"name": "After", "metadata": {"a": "3", "c": "4"}})
    event = client.v1.events.list({"type": "customer.updated", "limit": 1}).data[0]
    previous = event.data.previous_attributes.to_dict()
    assert previous == {"name": "Before", "metadata": {"a": "1", "c": None}}


def test_customers_are_found_by_email_and_metadata(client: stripe.StripeClient) -> None:
    wanted = client.v1.customers.create(
        {"email": "find@example.com", "metadata": {"user_id": "searched"}}
    )
    client.v1.customers.create({"email": "other@example.com"})
    listed = client.v1.customers.list({"email": "find@example.com"})
    searched = client.v1.customers.search({"query": 'metadata["user_id"]:"searched"'})
    assert [customer.id for customer in listed.data] == [wanted.id]
    assert [customer.id for customer in searched.data] == [wanted.id]


def test_lists_page_in_both_directions(client: stripe.StripeClient) -> None:
    email = "pages@example.com"
    ids = [client.v1.customers.create({"email": email}).id for _ in range(5)]
    first = client.v1.customers.list({"email": email, "limit": 2})
    assert [c.id for c in first.data] == [ids[4], ids[3]]
    assert first.has_more
    older = client.v1.customers.list({"email": email, "limit": 2, "starting_after": ids[3]})
    assert [c.id for c in older.data] == [ids[2], ids[1]]
    newer = client.v1.customers.list({"email": email, "limit": 2, "ending_before": ids[1]})
    assert [c.id for c in newer.data] == [ids[3], ids[2]]
    everyone = client.v1.customers.list({"email": email, "limit": 2}).auto_paging_iter()
    assert [c.id for c in everyone] == ids[::-1]


def test_lists_filter_by_creation(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"email": "when@example.com"})
    filters = {"email": "when@example.com"}
    now = client.v1.customers.list({**filters, "created": {"gte": made.created}})
    later = client.v1.customers.list({**filters, "created": {"gt": made.created + 60}})
    assert (len(now.data), len(later.data)) == (1, 0)


def test_a_limit_out_of_bounds_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Limit must be between 1 and 100"):
        client.v1.customers.list({"limit": 101})


def test_expansion_follows_ids(standin: Standin, client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "expand@example.com"})
    session = standin.new_session(client, customer=customer.id, customer_email=None)
    standin.pay(session.url)
    paid = client.v1.checkout.sessions.retrieve(
        session.id,
        {"expand": ["payment_intent.latest_charge.balance_transaction", "customer", "line_items"]},
    )
    charge = paid.payment_intent.latest_charge
    assert charge.balance_transaction.net == 499 - round(499 * 0.029) - 30
    assert paid.customer.email == "expand@example.com"
    assert paid.line_items.data[0].description == "Starter"
    intents = client.v1.payment_intents.list(
        {"customer": customer.id, "expand": ["data.latest_charge"]}
    )
    assert intents.data[0].latest_charge.id == charge.id


def test_what_cannot_be_expanded_is_refused(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "x@example.com"})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.customers.retrieve(customer.id, {"expand": ["email"]})


def test_creating_a_session_takes_few_milliseconds(
    standin: Standin, client: stripe.StripeClient
) -> None:
    rounds = 30
    began = time.perf_counter()
    for _ in range(rounds):
        standin.new_session(client)
    assert (time.perf_counter() - began) / rounds < 0.05

"""Codes, tax, invoices and saved cards on the checkout page."""

import re
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_standin.billing import new_customer, new_price, subscribe
from tests.sandbox.stripe_standin.standin import DECLINED, Standin, event_types, eventually


def new_code(client: stripe.StripeClient, code: str, more: Any = None, **coupon: Any) -> str:
    """A promotion code; `coupon` says what it takes off. Returns its id."""
    made = client.v1.coupons.create({"duration": "once", **coupon})
    promotion = {"type": "coupon", "coupon": made.id}
    return client.v1.promotion_codes.create(
        {"promotion": promotion, "code": code, **(more or {})}
    ).id


def line(amount: int, currency: str = "usd", quantity: int = 1) -> dict[str, Any]:
    data = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Starter"}}
    return {"quantity": quantity, "price_data": data}


def use_code(standin: Standin, session: stripe.checkout.Session, code: str) -> Any:
    return standin.post(f"{session.url}/code", {"code": code})


def settled(client: stripe.StripeClient, session_id: str) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.retrieve(
        session_id, {"expand": ["payment_intent.latest_charge", "invoice.payments", "line_items"]}
    )


def test_a_code_takes_something_off(standin: Standin, client: stripe.StripeClient) -> None:
    promotion = new_code(client, "TWENTY", percent_off=20)
    session = standin.new_session(client, allow_promotion_codes=True)
    assert use_code(standin, session, "twenty").status_code == 303
    standin.pay(session.url)
    paid = settled(client, session.id)
    assert (paid.amount_subtotal, paid.amount_total, paid.payment_status) == (499, 399, "paid")
    assert paid.total_details.amount_discount == 100
    assert paid.discounts[0].promotion_code == promotion
    assert paid.payment_intent.amount_received == 399
    assert paid.line_items.data[0].amount_discount == 100
    assert client.v1.promotion_codes.retrieve(promotion).times_redeemed == 1


def test_a_code_can_be_taken_away_and_counts_after_a_decline(
    standin: Standin, client: stripe.StripeClient
) -> None:
    new_code(client, "HALF", percent_off=50)
    session = standin.new_session(client, allow_promotion_codes=True)
    standin.pay(session.url, DECLINED)
    use_code(standin, session, "HALF")
    use_code(standin, session, "")
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 499
    use_code(standin, session, "HALF")
    standin.pay(session.url)
    assert settled(client, session.id).payment_intent.amount_received == 249


def test_a_hundred_percent_off_needs_no_payment(
    standin: Standin, client: stripe.StripeClient
) -> None:
    new_code(client, "FREE", percent_off=100)
    session = standin.new_session(client, allow_promotion_codes=True)
    use_code(standin, session, "FREE")
    answer = standin.post(session.url, {"email": "buyer@example.com"})
    assert answer.headers["Location"].endswith(f"session={session.id}")
    free = settled(client, session.id)
    assert (free.status, free.payment_status) == ("complete", "no_payment_required")
    assert (free.amount_total, free.payment_intent) == (0, None)
    assert event_types(standin, session.id) == ["checkout.session.completed"]


@pytest.mark.parametrize(
    ("code", "restrictions", "coupon", "complaint"),
    [
        ("NOBODY", None, None, "promotion_code_invalid"),
        ("OFF", {"active": False}, {"percent_off": 10}, "promotion_code_invalid"),
        ("EUROS", None, {"amount_off": 100, "currency": "eur"}, "promotion_code_invalid"),
        (
            "BIGGER",
            {"restrictions": {"minimum_amount": 5000, "minimum_amount_currency": "usd"}},
            {"percent_off": 10},
            "promotion_code_minimum",
        ),
        ("ONCE", {"max_redemptions": 1}, {"percent_off": 10}, None),
    ],
)
def test_a_code_that_does_not_count_is_said_so(
    standin: Standin,
    client: stripe.StripeClient,
    code: str,
    restrictions: dict[str, Any] | None,
    coupon: dict[str, Any] | None,
    complaint: str | None,
) -> None:
    if coupon:
        new_code(client, code, restrictions, **coupon)
    if complaint is None:  # used up by somebody else
        first = standin.new_session(client, allow_promotion_codes=True)
        use_code(standin, first, code)
        standin.pay(first.url)
        complaint = "promotion_code_invalid"
    session = standin.new_session(client, allow_promotion_codes=True)
    answer = use_code(standin, session, code)
    assert answer.status_code == 422
    assert f'data-code="{complaint}"' in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 499


def test_no_codes_where_the_shop_offers_none(standin: Standin, client: stripe.StripeClient) -> None:
    new_code(client, "SECRET", percent_off=50)
    session = standin.new_session(client)
    assert use_code(standin, session, "SECRET").status_code == 422
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 499


def test_the_shop_gives_a_discount_itself(standin: Standin, client: stripe.StripeClient) -> None:
    coupon = client.v1.coupons.create({"amount_off": 100, "currency": "usd"})
    session = standin.new_session(client, discounts=[{"coupon": coupon.id}])
    assert (session.amount_subtotal, session.amount_total) == (499, 399)
    standin.pay(session.url)
    assert settled(client, session.id).amount_total == 399


@pytest.mark.parametrize(
    ("currency", "amount", "percent", "total"),
    [("jpy", 785, 15, 667), ("kwd", 1550, 33, 1040), ("usd", 1999, 12.5, 1749)],
)
def test_discounts_are_rounded_as_the_currency_wants(
    standin: Standin,
    client: stripe.StripeClient,
    currency: str,
    amount: int,
    percent: float,
    total: int,
) -> None:
    coupon = client.v1.coupons.create({"percent_off": percent})
    session = standin.new_session(
        client, discounts=[{"coupon": coupon.id}], line_items=[line(amount, currency)]
    )
    assert session.amount_total == total
    standin.pay(session.url)
    assert settled(client, session.id).payment_intent.amount_received == total


def test_an_amount_off_is_spread_over_the_lines(
    standin: Standin, client: stripe.StripeClient
) -> None:
    coupon = client.v1.coupons.create({"amount_off": 100, "currency": "usd"})
    session = standin.new_session(
        client, discounts=[{"coupon": coupon.id}], line_items=[line(333), line(333, quantity=2)]
    )
    lines = client.v1.checkout.sessions.line_items.list(session.id).data
    assert [item.amount_discount for item in lines] == [33, 67]
    assert session.amount_total == 899


def test_tax_comes_on_top_when_the_country_is_known(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = new_customer(client)
    session = standin.new_session(
        client,
        customer=customer.id,
        customer_email=None,
        automatic_tax={"enabled": True},
        customer_update={"address": "auto"},
    )
    assert (session.amount_total, session.automatic_tax.status) == (499, "requires_location_inputs")
    assert standin.pay(session.url).status_code == 422
    standin.pay(session.url, country="US", postal_code="94107")
    paid = settled(client, session.id)
    assert (paid.amount_subtotal, paid.amount_total) == (499, 549)
    assert (paid.total_details.amount_tax, paid.automatic_tax.status) == (50, "complete")
    assert paid.payment_intent.amount_received == 549
    assert paid.customer_details.address.country == "US"
    assert client.v1.customers.retrieve(customer.id).address.postal_code == "94107"


def test_the_page_shows_the_taxed_total_before_it_takes_it(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = standin.new_session(client, automatic_tax={"enabled": True})
    fields = {"country": "DE", "postal_code": "10115"}
    shown = standin.pay(session.url, shown_total="499", **fields)
    assert shown.status_code == 422
    assert 'data-code="total_changed"' in shown.text
    assert 'name="shown_total" value="549"' in shown.text
    standin.pay(session.url, shown_total="549", **fields)
    assert settled(client, session.id).amount_total == 549


@pytest.mark.parametrize(
    ("currency", "amount", "behavior", "tax", "total"),
    [
        ("jpy", 785, "exclusive", 79, 864),
        ("kwd", 1550, "exclusive", 160, 1710),
        ("usd", 1100, "inclusive", 100, 1100),
    ],
)
def test_tax_in_other_currencies_and_included(
    standin: Standin,
    client: stripe.StripeClient,
    currency: str,
    amount: int,
    behavior: str,
    tax: int,
    total: int,
) -> None:
    item = line(amount, currency)
    item["price_data"]["tax_behavior"] = behavior
    address = {"country": "KW", "line1": "Street 1"}
    customer = new_customer(client, address=address)
    session = standin.new_session(
        client,
        customer=customer.id,
        customer_email=None,
        automatic_tax={"enabled": True},
        line_items=[item],
        invoice_creation={"enabled": True},
    )
    assert (session.total_details.amount_tax, session.amount_total) == (tax, total)
    standin.pay(session.url, country="KW", postal_code="1")
    invoice = settled(client, session.id).invoice
    assert (invoice.total, invoice.amount_paid) == (total, total)
    assert invoice.total_taxes[0].amount == tax
    assert invoice.total_excluding_tax == total - tax


def test_tax_needs_an_address(standin: Standin, client: stripe.StripeClient) -> None:
    customer = new_customer(client)
    with pytest.raises(stripe.InvalidRequestError, match="valid address") as raised:
        standin.new_session(
            client,
            customer=customer.id,
            customer_email=None,
            automatic_tax={"enabled": True},
        )
    assert raised.value.code == "customer_tax_location_invalid"


def test_a_one_time_payment_with_an_invoice(standin: Standin, client: stripe.StripeClient) -> None:
    new_code(client, "TENTH", percent_off=10)
    session = standin.new_session(
        client,
        allow_promotion_codes=True,
        invoice_creation={"enabled": True, "invoice_data": {"metadata": {"payment_id": "p1"}}},
    )
    use_code(standin, session, "TENTH")
    standin.pay(session.url)
    paid = settled(client, session.id)
    invoice = paid.invoice
    assert (invoice.status, invoice.billing_reason) == ("paid", "manual")
    assert (invoice.subtotal, invoice.total, invoice.amount_paid) == (499, 449, 449)
    assert invoice.metadata.to_dict() == {"payment_id": "p1"}
    assert invoice.customer == paid.customer
    assert invoice.payments.data[0].payment.payment_intent == paid.payment_intent.id
    assert invoice.hosted_invoice_url.startswith(standin.base)
    assert invoice.parent is None
    assert "invoice.paid" in event_types(standin, invoice.id)
    assert event_types(standin, session.id) == ["checkout.session.completed"]


def test_a_bank_transfer_gets_its_invoice_when_it_arrives(
    standin: Standin, client: stripe.StripeClient
) -> None:
    session = standin.new_session(client, invoice_creation={"enabled": True})
    standin.pay(session.url, method="us_bank_account")
    assert client.v1.checkout.sessions.retrieve(session.id).invoice is None
    eventually(lambda: client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid")
    assert settled(client, session.id).invoice.status == "paid"


def test_a_buyer_saves_his_card_and_pays_with_it_again(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = new_customer(client)
    options: dict[str, Any] = {
        "customer": customer.id,
        "customer_email": None,
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    first = standin.new_session(client, **options)
    standin.pay(first.url, save="yes")
    [card] = client.v1.customers.payment_methods.list(customer.id).data
    assert (card.card.last4, card.allow_redisplay) == ("4242", "always")
    assert event_types(standin, card.id) == ["payment_method.attached"]
    second = standin.new_session(client, **options)
    standin.post(second.url, {"email": "buyer@example.com", "method": card.id})
    paid = settled(client, second.id)
    assert paid.payment_status == "paid"
    assert paid.payment_intent.payment_method == card.id


def test_a_card_is_saved_only_where_the_buyer_agrees(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = new_customer(client)
    options: dict[str, Any] = {"customer": customer.id, "customer_email": None}
    saving = {"saved_payment_method_options": {"payment_method_save": "enabled"}}
    standin.pay(standin.new_session(client, **options, **saving).url)
    standin.pay(standin.new_session(client, **options).url, save="yes")
    assert not client.v1.customers.payment_methods.list(customer.id).data


def test_another_customers_card_is_not_offered(
    standin: Standin, client: stripe.StripeClient
) -> None:
    somebody = new_customer(client)
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": somebody.id})
    session = standin.new_session(client, customer=new_customer(client).id, customer_email=None)
    answer = standin.post(session.url, {"email": "buyer@example.com", "method": card.id})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("duration", "amounts"),
    [
        ({"duration": "once"}, [499, 999, 999]),
        ({"duration": "forever"}, [499, 499, 499]),
        ({"duration": "repeating", "duration_in_months": 2}, [499, 499, 999]),
    ],
)
def test_a_code_on_a_subscription_lasts_as_long_as_its_coupon_says(
    standin: Standin, client: stripe.StripeClient, duration: dict[str, Any], amounts: list[int]
) -> None:
    coupon = client.v1.coupons.create({"amount_off": 500, "currency": "usd", **duration})
    subscription = subscribe(standin, client, discounts=[{"coupon": coupon.id}])
    standin.lever("clock/advance", {"seconds": 64 * 24 * 60 * 60})
    found = client.v1.invoices.list({"subscription": subscription.id}).data[::-1]
    assert [invoice.amount_paid for invoice in found] == amounts
    assert found[0].total_discount_amounts[0].amount == 500


def test_the_first_month_for_nothing_still_takes_a_card(
    standin: Standin, client: stripe.StripeClient
) -> None:
    coupon = client.v1.coupons.create({"percent_off": 100})
    subscription = subscribe(standin, client, discounts=[{"coupon": coupon.id}])
    assert subscription.status == "active"
    assert subscription.default_payment_method
    standin.lever("clock/advance", {"seconds": 32 * 24 * 60 * 60})
    found = client.v1.invoices.list({"subscription": subscription.id}).data[::-1]
    assert [(invoice.amount_paid, invoice.status) for invoice in found] == [
        (0, "paid"),
        (999, "paid"),
    ]


def test_a_taxed_subscription_is_taxed_each_time(
    standin: Standin, client: stripe.StripeClient
) -> None:
    customer = new_customer(client, address={"country": "US", "line1": "1 Main St"})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": new_price(client).id, "quantity": 1}],
            "automatic_tax": {"enabled": True},
            "success_url": f"{standin.base}/healthz",
        }
    )
    assert session.amount_total == 1099
    page = standin.post(session.url + "/address", {"country": "US"})
    assert re.search(r"\$1\.00", page.text)
    standin.pay(session.url, country="US", postal_code="1")
    standin.lever("clock/advance", {"seconds": 32 * 24 * 60 * 60})
    found = client.v1.invoices.list({"customer": customer.id}).data
    assert [(invoice.total, invoice.amount_paid) for invoice in found] == [(1099, 1099)] * 2


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"mode": "setup"}, "mode"),
        ({"subscription_data": {"metadata": {}, "trial_period_days": 3}}, "subscription_data"),
        ({"customer_update": {"address": "auto"}}, "customer_update"),
        ({"discounts": [{"coupon": "nobody"}]}, "discounts[0][coupon]"),
        ({"mode": "subscription"}, "payment_intent_data"),
        ({"mode": "subscription", "payment_intent_data": None}, "line_items"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    standin: Standin, client: stripe.StripeClient, more: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        standin.new_session(client, **more)
    assert raised.value.param == param

"""Stripe.js and its Payment Element in a real browser: cards typed, declined, authenticated."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser import Windows
from tests.http import HTTP
from tests.sandbox.stripe_standin.standin import (
    INSUFFICIENT_FUNDS,
    PUBLISHABLE_KEY,
    SUCCEEDS,
    Standin,
    event_types,
)

ALWAYS_ASKS = "4000002760003184"
SHOP = """<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
  script-src 'unsafe-inline' 'unsafe-eval' {base}; connect-src {base}; frame-src {base}">
<div id="card"></div>
<script src="{base}/endive/stripe.js"></script>
<script>
  const stripe = Stripe("{key}");
  const events = [];
  let elements = null;
  function show(options) {{
    elements = stripe.elements(options);
    const element = elements.create("payment", {{ layout: "tabs" }});
    for (const type of ["ready", "change", "loaderror"])
      element.on(type, (event) => events.push({{ type, ...event }}));
    element.mount("#card");
  }}
  async function pay(clientSecret, confirmParams = {{}}) {{
    const submitted = await elements.submit();
    if (submitted.error) return submitted;
    return stripe.confirmPayment({{ elements, clientSecret, confirmParams, redirect: "if_required" }});
  }}
</script>"""
PAYMENT = {"mode": "payment", "amount": 500, "currency": "eur"}
NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    windows = Windows(browser)
    yield windows
    windows.close()


@pytest.fixture
def page(windows: Windows, standin: Standin) -> Page:
    standin.receiver.document = SHOP.format(base=standin.base, key=PUBLISHABLE_KEY)
    page = windows.open()
    page.goto(standin.receiver.url)
    return page


@pytest.fixture
def customer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"email": "element@example.com"}).id


@pytest.fixture
def intent(client: stripe.StripeClient, customer: str) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "customer": customer,
            "automatic_payment_methods": NO_REDIRECTS,
        }
    )


def form_in(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title='Secure payment input frame']")


def show(page: Page, options: dict[str, Any], number: str = SUCCEEDS) -> None:
    page.evaluate("options => show(options)", options)
    form = form_in(page)
    form.get_by_label("Card number").fill(number)
    form.get_by_label("Expiration date").fill("1234")
    form.get_by_label("Security code").fill("123")


def start_paying(page: Page, intent: stripe.PaymentIntent) -> None:
    page.evaluate(
        "secret => { pay(secret).then((result) => (window.result = result)) }", intent.client_secret
    )


def result_of(page: Page) -> dict[str, Any]:
    page.wait_for_function("window.result")
    return page.evaluate("window.result")


def answer_bank(page: Page, button: str) -> None:
    page.frame_locator("iframe[name=stripe-challenge-frame]").get_by_role(
        "button", name=button
    ).click()


def test_a_card_is_typed_and_charged(
    client: stripe.StripeClient, page: Page, intent: stripe.PaymentIntent
) -> None:
    show(page, PAYMENT)
    expect(form_in(page).get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(form_in(page).get_by_label("Expiration date")).to_have_value("12 / 34")
    result = page.evaluate("secret => pay(secret)", intent.client_secret)
    assert result["paymentIntent"]["status"] == "succeeded"
    assert "metadata" not in result["paymentIntent"]  # it is none of the browser's business
    events = page.evaluate("events")
    assert events[0] == {"type": "ready", "elementType": "payment"}
    assert events[-1]["complete"] is True
    paid = client.v1.payment_intents.retrieve(intent.id, {"expand": ["payment_method"]})
    assert (paid.payment_method.card.last4, paid.payment_method.customer) == ("4242", None)


def test_what_is_missing_is_said_beside_its_field(page: Page) -> None:
    show(page, PAYMENT, "4242 4242")
    result = page.evaluate("elements.submit()")
    assert result["error"]["type"] == "validation_error"
    assert result["error"]["code"] == "incomplete_number"
    form = form_in(page)
    expect(form.get_by_text("Your card number is incomplete.")).to_be_visible()
    expect(form.get_by_label("Card number")).to_be_focused()
    form.get_by_label("Card number").fill(SUCCEEDS)
    expect(form.get_by_text("Your card number is incomplete.")).to_be_hidden()


def test_a_decline_comes_back_and_another_card_pays(
    windows: Windows, page: Page, intent: stripe.PaymentIntent
) -> None:
    windows.expect_complaint("status of 402")
    show(page, PAYMENT, INSUFFICIENT_FUNDS)
    error = page.evaluate("secret => pay(secret)", intent.client_secret)["error"]
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        "card_declined",
        "insufficient_funds",
    )
    assert error["payment_intent"]["status"] == "requires_payment_method"
    form_in(page).get_by_label("Card number").fill(SUCCEEDS)
    result = page.evaluate("secret => pay(secret)", intent.client_secret)
    assert result["paymentIntent"]["status"] == "succeeded"


def test_3d_secure_is_accepted_over_the_page(
    standin: Standin, page: Page, intent: stripe.PaymentIntent
) -> None:
    show(page, PAYMENT, ALWAYS_ASKS)
    start_paying(page, intent)
    expect(page.get_by_role("dialog", name="3D Secure")).to_be_visible()
    answer_bank(page, "Complete authentication")
    assert result_of(page)["paymentIntent"]["status"] == "succeeded"
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert event_types(standin, intent.id) == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
    ]


def test_3d_secure_is_refused(page: Page, intent: stripe.PaymentIntent) -> None:
    show(page, PAYMENT, ALWAYS_ASKS)
    start_paying(page, intent)
    answer_bank(page, "Fail authentication")
    error = result_of(page)["error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert error["payment_intent"]["status"] == "requires_payment_method"


def test_the_server_confirms_and_the_browser_authenticates(
    client: stripe.StripeClient, page: Page, intent: stripe.PaymentIntent
) -> None:
    asked = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_authenticationRequired", "use_stripe_sdk": True}
    )
    assert (asked.status, asked.next_action.type) == ("requires_action", "use_stripe_sdk")
    page.evaluate(
        "clientSecret => { stripe.handleNextAction({ clientSecret }).then((r) => (window.result = r)) }",
        intent.client_secret,
    )
    answer_bank(page, "Complete authentication")
    assert result_of(page)["paymentIntent"]["status"] == "succeeded"


def test_a_card_is_saved_with_3d_secure(
    client: stripe.StripeClient, page: Page, customer: str
) -> None:
    setup = client.v1.setup_intents.create(
        {"customer": customer, "automatic_payment_methods": NO_REDIRECTS}
    )
    show(page, {"mode": "setup", "currency": "eur"}, "4000002500003155")
    expect(form_in(page).get_by_text("By providing your card information")).to_be_visible()
    page.evaluate(
        """async (clientSecret) => {
          await elements.submit();
          stripe.confirmSetup({ elements, clientSecret, redirect: "if_required" })
            .then((result) => (window.result = result));
        }""",
        setup.client_secret,
    )
    answer_bank(page, "Complete authentication")
    assert result_of(page)["setupIntent"]["status"] == "succeeded"
    [card] = client.v1.customers.payment_methods.list(customer).data
    assert card.card.last4 == "3155"


def test_a_redirect_leads_back_to_the_shop(
    standin: Standin, page: Page, intent: stripe.PaymentIntent
) -> None:
    show(page, PAYMENT)
    page.evaluate(
        """async ([clientSecret, return_url]) => {
          await elements.submit();
          stripe.confirmPayment({ elements, clientSecret, confirmParams: { return_url } });
        }""",
        [intent.client_secret, f"{standin.receiver.url}/done?a=b"],
    )
    page.wait_for_url(f"**/done?a=b&payment_intent={intent.id}&*&redirect_status=succeeded")


def test_elements_that_promise_another_amount_are_stopped(
    page: Page, intent: stripe.PaymentIntent
) -> None:
    show(page, PAYMENT | {"amount": 400})
    error = page.evaluate("secret => pay(secret)", intent.client_secret)["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", "amount")
    page.evaluate("elements.update({ amount: 500 })")
    result = page.evaluate("secret => pay(secret)", intent.client_secret)
    assert result["paymentIntent"]["status"] == "succeeded"


@pytest.mark.parametrize("is_limited", [False, True])
def test_a_form_must_offer_what_its_intent_takes(
    client: stripe.StripeClient, page: Page, is_limited: bool
) -> None:
    """One of the two says cards only, the other what the Dashboard says."""
    takes = {"automatic_payment_methods": NO_REDIRECTS}
    if not is_limited:
        takes = {"allowed_payment_method_types": ["card"]}
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur", **takes})
    show(page, PAYMENT | ({"allowedPaymentMethodTypes": ["card"]} if is_limited else {}))
    error = page.evaluate("secret => pay(secret)", intent.client_secret)["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", "payment_method_types")


def test_an_element_of_an_intent_needs_no_more_words(
    page: Page, intent: stripe.PaymentIntent
) -> None:
    show(page, {"clientSecret": intent.client_secret, "locale": "en"})
    result = page.evaluate("stripe.confirmPayment({ elements, redirect: 'if_required' })")
    assert result["paymentIntent"]["status"] == "succeeded"


def test_the_element_speaks_chinese_and_takes_the_shops_colours(page: Page) -> None:
    page.evaluate(
        "options => show(options)",
        PAYMENT
        | {
            "locale": "zh",
            "appearance": {"theme": "night", "variables": {"borderRadius": "11px"}},
        },
    )
    field = form_in(page).get_by_label("卡号")
    expect(field).to_have_css("border-radius", "11px")
    page.evaluate("elements.update({ locale: 'en' })")
    expect(form_in(page).get_by_label("Card number")).to_be_visible()


def test_trouble_with_stripe_is_an_error_not_an_exception(
    standin: Standin, windows: Windows, page: Page, intent: stripe.PaymentIntent
) -> None:
    windows.expect_complaint("Failed to load resource")
    show(page, PAYMENT)
    confirming = {"path": "/v1/payment_intents/*/confirm"}
    standin.lever("faults", confirming | {"status": 500})
    error = page.evaluate("secret => pay(secret)", intent.client_secret)["error"]
    assert error["type"] == "api_error"
    # Twice, because Chromium asks once more by itself when a kept connection breaks.
    standin.lever("faults", confirming | {"kind": "drop", "when": "after", "times": 2})
    error = page.evaluate("secret => pay(secret)", intent.client_secret)["error"]
    assert error["type"] == "api_connection_error"
    again = page.evaluate("secret => stripe.retrievePaymentIntent(secret)", intent.client_secret)
    assert again["paymentIntent"]["status"] == "succeeded"  # only the answer was lost


@pytest.mark.parametrize("what", ["the form", "the intent"])
def test_a_form_that_does_not_load_says_so(
    standin: Standin, windows: Windows, page: Page, intent: stripe.PaymentIntent, what: str
) -> None:
    windows.expect_complaint("Failed to load resource")
    path = "/elements/*" if what == "the form" else "/v1/payment_intents/*"
    standin.lever("faults", {"path": path, "status": 503})
    page.evaluate("clientSecret => show({ clientSecret })", intent.client_secret)
    page.wait_for_function("events.some(({ type }) => type === 'loaderror')")
    error = page.evaluate("events.find(({ type }) => type === 'loaderror').error")
    assert error["type"] == ("api_connection_error" if what == "the form" else "api_error")
    assert page.evaluate("events.some(({ type }) => type === 'ready')") is False


def test_a_paid_intent_has_no_form(
    client: stripe.StripeClient, page: Page, intent: stripe.PaymentIntent
) -> None:
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    page.evaluate("clientSecret => show({ clientSecret })", intent.client_secret)
    page.wait_for_function("events.some(({ type }) => type === 'loaderror')")


def test_a_saved_card_finishes_what_was_declined_off_session(
    client: stripe.StripeClient, windows: Windows, page: Page, customer: str
) -> None:
    card = client.v1.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": customer}
    )
    with pytest.raises(stripe.CardError) as raised:
        client.v1.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "customer": customer,
                "payment_method": card.id,
                "off_session": True,
                "confirm": True,
                "automatic_payment_methods": NO_REDIRECTS,
            }
        )
    intent = raised.value.error.payment_intent
    page.evaluate(
        """([clientSecret, payment_method]) => {
          const confirmParams = { payment_method, return_url: location.href };
          stripe.confirmPayment({ clientSecret, confirmParams, redirect: "if_required" })
            .then((result) => (window.result = result));
        }""",
        [intent.client_secret, card.id],
    )
    answer_bank(page, "Complete authentication")
    assert result_of(page)["paymentIntent"]["status"] == "succeeded"
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_modal_dialog_lies_above_3d_secure(page: Page, intent: stripe.PaymentIntent) -> None:
    """As at Stripe (https://github.com/stripe/stripe-js/issues/599): the shop must step aside."""
    show(page, PAYMENT, ALWAYS_ASKS)
    page.evaluate(
        "document.body.append(document.createElement('dialog'));"
        "document.querySelector('dialog').showModal()"
    )
    start_paying(page, intent)
    page.wait_for_selector("iframe[name=stripe-challenge-frame]")
    point = "document.elementFromPoint(innerWidth / 2, innerHeight / 2)"
    assert page.evaluate(f"{point}.name") != "stripe-challenge-frame"
    page.evaluate("document.querySelector('dialog').close()")
    answer_bank(page, "Complete authentication")
    assert result_of(page)["paymentIntent"]["status"] == "succeeded"


def test_an_element_comes_and_goes(page: Page) -> None:
    show(page, PAYMENT)
    page.evaluate("elements.getElement('payment').destroy()")
    expect(page.locator("iframe")).to_have_count(0)
    show(page, PAYMENT)


def test_stripe_js_does_not_work_inside_a_shadow_root(page: Page) -> None:
    message = page.evaluate(
        """() => {
          const root = document.querySelector("#card").attachShadow({ mode: "open" });
          const place = document.createElement("div");
          root.append(place);
          const element = stripe.elements({ mode: "setup", currency: "eur" }).create("payment");
          try { element.mount(place) } catch (error) { return `${error.name}: ${error.message}` }
        }"""
    )
    assert message.startswith("IntegrationError:")


def test_a_browser_sees_only_what_its_secret_opens(
    standin: Standin, intent: stripe.PaymentIntent
) -> None:
    url = f"{standin.base}/v1/payment_intents/{intent.id}"
    key = {"key": PUBLISHABLE_KEY}
    good = key | {"client_secret": intent.client_secret}
    assert HTTP.get(url, params=good).json()["id"] == intent.id
    assert HTTP.get(url, params=key).status_code == 401
    assert HTTP.get(url, params=key | {"client_secret": "pi_x_secret_y"}).status_code == 400
    answer = HTTP.post(f"{url}/confirm", data=good | {"off_session": "true"})
    assert "secret API key" in answer.json()["error"]["message"]
    answer = HTTP.post(f"{url}/cancel", data=good)
    assert answer.json()["error"]["code"] == "secret_key_required"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_card_numbers_stay_out_of_the_log(standin: Standin) -> None:
    card = {"card[number]": SUCCEEDS, "card[exp_month]": "12", "card[exp_year]": "2034"}
    form = {"key": PUBLISHABLE_KEY, "type": "card"} | card
    assert HTTP.post(f"{standin.base}/v1/payment_methods", data=form).status_code == 200
    [entry] = standin.look("requests?method=POST&path=/v1/payment_methods")["requests"]
    assert (entry["params"]["card"]["number"], entry["by_browser"]) == ("…4242", True)
    assert "sk_test" not in str(entry)
    answer = standin.api("POST", "/v1/payment_methods", data={"type": "card"} | card)
    assert "generally unsafe" in answer.json()["error"]["message"]


def test_nonsense_from_a_browser_is_refused(standin: Standin, customer: str) -> None:
    methods = f"{standin.base}/v1/payment_methods"
    intents = f"{standin.base}/v1/payment_intents/pi_nobody/confirm"
    key = {"key": PUBLISHABLE_KEY}
    for url, form, status in (
        (methods, {"key[x]": "1"}, 400),
        (methods, key | {"type": "card", "card[number][x]": "1"}, 400),
        (methods, key | {"type": "card", "card": "4242"}, 400),
        (methods, key | {"type": "card"}, 400),
        (intents, key | {"client_secret[x]": "1"}, 400),
        (intents, key | {"client_secret": "pi_nobody_secret_x"}, 404),
        (intents.replace("pi_nobody", customer), key | {"client_secret": "x"}, 400),
    ):
        assert HTTP.post(url, data=form).status_code == status

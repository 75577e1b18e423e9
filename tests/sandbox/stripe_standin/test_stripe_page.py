"""The checkout page in a real browser: hosted and embedded, in two languages."""

from collections.abc import Iterator

import pytest
import stripe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.sandbox.stripe_standin.billing import (
    HOUR,
    advance_to,
    new_customer,
    new_price,
    period_end,
    subscribe,
    subscription_session,
)
from tests.sandbox.stripe_standin.standin import (
    ASKS_FOR_3D_SECURE,
    INSUFFICIENT_FUNDS,
    PUBLISHABLE_KEY,
    SUCCEEDS,
    Standin,
    eventually,
)

WAS_TOLD = "sessionStorage.getItem('completed') === 'yes'"
EMBEDDING_PAGE = """<!doctype html><title>Shop</title><div id="checkout"></div>
<script src="{base}/endive/stripe.js"></script>
<script>
  addEventListener("load", async () => {{
    window.page = await Stripe("{key}").createEmbeddedCheckoutPage({{
      fetchClientSecret: async () => "{secret}",
      onComplete: () => sessionStorage.setItem("completed", "yes"),
    }});
    window.page.mount("#checkout");
  }});
</script>"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def fill_card(page: Page | Locator, number: str) -> None:
    page.get_by_label("Email").fill("buyer@example.com")
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiration").fill("1244")
    page.get_by_label("CVC").fill("123")
    page.get_by_label("Name on card").fill("Ada Buyer")


def test_a_buyer_pays_and_returns(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    session = standin.new_session(client)
    page.goto(session.url)
    expect(page.get_by_text("500 credits")).to_be_visible()
    expect(page.get_by_text("Sandbox", exact=True)).to_be_visible()
    fill_card(page, SUCCEEDS)
    expect(page.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    expect(page.get_by_label("Expiration")).to_have_value("12 / 44")
    page.get_by_role("button", name="Pay $4.99").click()
    page.wait_for_url(f"**/healthz?session={session.id}")


def test_a_declined_buyer_reads_why_and_tries_again(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    session = standin.new_session(client)
    page.goto(session.url)
    fill_card(page, INSUFFICIENT_FUNDS)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_contain_text("insufficient funds")
    expect(page.get_by_label("Name on card")).to_have_value("Ada Buyer")
    fill_card(page, SUCCEEDS)
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/healthz?session=*")


def test_a_wrong_number_is_said_beside_its_field(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    page.goto(standin.new_session(client).url)
    fill_card(page, "4242424242424241")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Your card number is invalid.")).to_be_visible()
    expect(page.get_by_label("Card number")).to_have_accessible_description(
        "Your card number is invalid."
    )


def test_3d_secure_refused_then_accepted(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    page.goto(standin.new_session(client).url)
    fill_card(page, ASKS_FOR_3D_SECURE)
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("alert")).to_contain_text("unable to authenticate")
    fill_card(page, ASKS_FOR_3D_SECURE)
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url("**/healthz?session=*")


def test_a_bank_transfer_returns_at_once(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    session = standin.new_session(client)
    page.goto(session.url)
    page.get_by_label("Bank transfer (asynchronous)").check()
    page.get_by_label("Fails later").check()
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/healthz?session=*")
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    eventually(
        lambda: client.v1.payment_intents.retrieve(intent).status == "requires_payment_method"
    )


def test_cancel_goes_back_to_the_shop(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    session = standin.new_session(client)
    page.goto(session.url)
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/healthz?canceled")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("jpy", 780, "¥780"), ("kwd", 1230, "KWD 1.230"), ("eur", 499, "€4.99")],
)
def test_amounts_have_the_digits_of_their_currency(
    standin: Standin,
    client: stripe.StripeClient,
    page: Page,
    currency: str,
    amount: int,
    shown: str,
) -> None:
    line = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Starter"}}
    session = standin.new_session(client, line_items=[{"quantity": 1, "price_data": line}])
    page.goto(session.url)
    expect(page.get_by_role("button", name=f"Pay {shown}")).to_be_visible()


def test_a_chinese_buyer_reads_chinese(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    line = {"currency": "cny", "unit_amount": 10_000, "product_data": {"name": "标准包"}}
    session = standin.new_session(
        client, locale="zh", line_items=[{"quantity": 1, "price_data": line}]
    )
    page.goto(session.url)
    page.get_by_label("卡号").fill("4000000000000002")
    page.get_by_label("有效期").fill("1244")
    page.get_by_label("安全码").fill("123")
    page.get_by_label("持卡人姓名").fill("王芳")
    page.get_by_role("button", name="支付 ¥100.00").click()
    expect(page.get_by_role("alert")).to_have_text("您的银行卡被拒绝，请换一张卡。")


def test_markup_in_a_product_name_stays_text(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    line = {"currency": "usd", "unit_amount": 499, "product_data": {"name": "<img src=x id=evil>"}}
    session = standin.new_session(client, line_items=[{"quantity": 1, "price_data": line}])
    page.goto(session.url)
    expect(page.get_by_text("<img src=x id=evil>").first).to_be_visible()
    expect(page.locator("#evil")).to_have_count(0)


def open_embedded(standin: Standin, client: stripe.StripeClient, page: Page, **more: str) -> str:
    """A shop's page with the checkout in it. Returns the session's id."""
    session = standin.new_session(
        client, ui_mode="embedded_page", success_url=None, cancel_url=None, **more
    )
    assert session.url is None
    standin.receiver.document = EMBEDDING_PAGE.format(
        base=standin.base, key=PUBLISHABLE_KEY, secret=session.client_secret
    )
    page.goto(standin.receiver.url)
    return session.id


def test_embedded_checkout_pays_inside_the_shop(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    shop = standin.receiver.url
    session_id = open_embedded(
        standin, client, page, return_url=f"{shop}/done?session={{CHECKOUT_SESSION_ID}}"
    )
    frame = page.frame_locator("iframe[name=embedded-checkout]")
    fill_card(frame.locator("body"), ASKS_FOR_3D_SECURE)
    frame.get_by_role("button", name="Pay").click()
    frame.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url(f"{shop}/done?session={session_id}")
    page.wait_for_function(WAS_TOLD)


def test_embedded_checkout_without_a_redirect_only_tells_the_shop(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    open_embedded(standin, client, page, redirect_on_completion="never")
    frame = page.frame_locator("iframe[name=embedded-checkout]")
    fill_card(frame.locator("body"), SUCCEEDS)
    frame.get_by_role("button", name="Pay").click()
    expect(frame.get_by_text("Payment complete")).to_be_visible()
    page.wait_for_function(WAS_TOLD)
    page.evaluate("window.page.destroy()")
    expect(page.locator("iframe")).to_have_count(0)


def test_an_embedded_session_opens_only_to_its_secret(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    session = standin.new_session(
        client,
        ui_mode="embedded_page",
        success_url=None,
        cancel_url=None,
        return_url=standin.receiver.url,
    )
    answer = page.goto(f"{standin.base}/c/pay/{session.id}")
    assert answer is not None
    assert answer.status == 404


def test_the_console_refunds_a_payment(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    session = standin.new_session(client)
    standin.pay(session.url)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    page.goto(f"{standin.base}/webhooks")
    page.get_by_role("button", name="Refund", exact=True).first.click()
    expect(page.get_by_role("status")).to_have_text("Refund: done")
    assert [
        refund.amount for refund in client.v1.refunds.list({"payment_intent": intent}).data
    ] == [499]


def test_a_code_and_tax_are_on_the_page_before_the_buyer_pays(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    coupon = client.v1.coupons.create({"percent_off": 20, "duration": "once"})
    promotion = {"type": "coupon", "coupon": coupon.id}
    client.v1.promotion_codes.create({"promotion": promotion, "code": "PAGE20"})
    session = standin.new_session(
        client, allow_promotion_codes=True, automatic_tax={"enabled": True}
    )
    page.goto(session.url)
    page.get_by_label("Promotion code").fill("nonsense")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_have_text("This code is invalid.")
    page.get_by_label("Promotion code").fill("page20")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Pay $3.99")).to_be_visible()
    page.get_by_label("Country or region").select_option("DE")
    expect(page.get_by_role("button", name="Pay $4.39")).to_be_visible()
    page.get_by_label("Postal code").fill("10115")
    fill_card(page, SUCCEEDS)
    page.get_by_role("button", name="Pay $4.39").click()
    page.wait_for_url(f"**/healthz?session={session.id}")
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 439


def test_a_saved_card_is_offered_first(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    customer = new_customer(client)
    options = {
        "customer": customer.id,
        "customer_email": None,
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    page.goto(standin.new_session(client, **options).url)
    fill_card(page, SUCCEEDS)
    page.get_by_label("Save my payment information").check()
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/healthz?session=*")
    page.goto(standin.new_session(client, **options).url)
    expect(page.get_by_label("Saved card ending in 4242")).to_be_checked()
    expect(page.get_by_label("Card number")).to_be_hidden()
    page.get_by_role("button", name="Pay").click()
    page.wait_for_url("**/healthz?session=*")


def test_a_subscription_from_the_page_to_the_portal(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    customer = new_customer(client)
    session = subscription_session(standin, client, new_price(client).id, customer.id)
    page.goto(session.url)
    expect(page.get_by_text("per month")).to_be_visible()
    fill_card(page, SUCCEEDS)
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url(f"**/healthz?session={session.id}")
    portal = client.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": standin.receiver.url}
    )
    page.goto(portal.url)
    page.get_by_role("button", name="Cancel plan").click()
    expect(page.get_by_text("Ends on")).to_be_visible()
    page.get_by_role("button", name="Don't cancel plan").click()
    expect(page.get_by_text("Renews on")).to_be_visible()
    page.get_by_role("region", name="Invoice history").get_by_role("link").click()
    expect(page.get_by_text("Paid on")).to_be_visible()


def test_a_failed_renewal_is_paid_on_its_page(
    standin: Standin, client: stripe.StripeClient, page: Page
) -> None:
    subscription = subscribe(standin, client)
    standin.lever(f"customers/{subscription.customer}/card", {"number": ASKS_FOR_3D_SECURE})
    advance_to(standin, period_end(subscription) + HOUR + 60)
    about = {"subscription": subscription.id, "limit": 1}
    [invoice] = client.v1.invoices.list(about).data
    page.goto(invoice.hosted_invoice_url)
    page.get_by_role("button", name="Pay $9.99").click()
    page.get_by_role("button", name="Complete authentication").click()
    expect(page.get_by_text("Paid on")).to_be_visible()


def test_the_console_moves_time(standin: Standin, page: Page) -> None:
    before = standin.look("clock")["now"]
    page.goto(f"{standin.base}/webhooks")
    page.get_by_role("button", name="+1 day").click()
    expect(page.get_by_role("status")).to_have_text("+1 day: done")
    assert standin.look("clock")["now"] >= before + 24 * 60 * 60

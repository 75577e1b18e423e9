"""The badge in an app of another origin, which signs people in itself."""

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import Windows
from tests.journeys.gifts import give
from tests.journeys.shop import Shop
from tests.people import Person

Env = dict[str, str]
HOST_PAGE = "/account?tab=1"
HTML = """<!doctype html><html lang="en"><title>An app</title>
<script type="module" src="{topup}/topup.js"></script>
<script type="module" src="/app.js"></script>
<credits-badge></credits-badge><credits-dialog return-url="{page}"></credits-dialog></html>"""
# All that README asks for: Topup signs people in, and its dialog is made by the badge.
TWO_TAGS = """<!doctype html><html lang="en"><title>An app</title>
<script type="module" src="{topup}/topup.js"></script><credits-badge></credits-badge></html>"""
APP = """import {{ configure }} from "{topup}/topup.js";
configure({{ getAccessToken: () => localStorage.getItem("token") }});"""
# What README asks of a host page's policy for Stripe's own page, and the app's own scripts.
POLICY = "default-src 'none'; script-src 'self' {topup}; connect-src {topup}"
LATE = """async ([topup, token]) => {
  const { configure } = await import(`${topup}/topup.js`);
  configure({ getAccessToken: () => token });
  document.body.append(document.createElement("credits-badge"));
}"""


class Host:
    """An app at `http://localhost`, where Topup is at `http://127.0.0.1`."""

    html, app, policy = HTML, APP, POLICY

    def __init__(self, page: Page, env: Env) -> None:
        self.origin = env["BACKEND_URL"].replace("127.0.0.1", "localhost")
        self.shop = Shop(page, env)
        self.page = page
        self.topup = env["BACKEND_URL"]
        page.route(f"{self.origin}/**", self._serve)

    def visit(self, token: str) -> None:
        self.page.add_init_script(f"localStorage.setItem('token', '{token}')")
        self.page.goto(self.origin + HOST_PAGE)

    def _serve(self, route: Route) -> None:
        is_script = route.request.url.endswith(".js")
        text = (self.app if is_script else self.html).format(topup=self.topup, page=HOST_PAGE)
        kind = "text/javascript" if is_script else "text/html"
        policy = {"Content-Security-Policy": self.policy.format(topup=self.topup)}
        route.fulfill(body=text, content_type=kind, headers=policy)


@pytest.fixture
def host(windows: Windows, sandbox: Env) -> Host:
    # Its page is not served by this machine, from which Chromium keeps others away.
    return Host(windows.open(permissions=["local-network-access"]), sandbox)


def test_who_pays_on_stripes_page_comes_back_to_the_app_and_sees_the_credits(
    host: Host, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("404")
    host.visit(buyer.token)
    host.shop.expect_balance(0)
    host.shop.start_buying().pay_by_card()
    host.page.wait_for_url(f"{host.origin}/account?*")
    host.page.reload()  # where a redirect leads, the browser asks whoever is really there
    host.shop.payment.expect_paid()
    host.shop.expect_balance(500)
    assert host.page.url == host.origin + HOST_PAGE


def test_who_leaves_stripes_page_comes_back_to_the_app_and_may_go_on(
    host: Host, buyer: Person
) -> None:
    host.visit(buyer.token)
    host.shop.start_buying().go_back()
    expect(host.shop.badge).to_have_accessible_name("Credits: 0 available, 1 payment to finish")
    expect(host.shop.dialog).to_be_hidden()
    assert host.page.url == host.origin + HOST_PAGE


@pytest.mark.parametrize("is_paid", [True, False])
def test_two_tags_lead_back_to_the_page_that_was_left(
    host: Host, buyer: Person, windows: Windows, sandbox: Env, is_paid: bool
) -> None:
    """On Topup's own pages nobody would know who had signed in here."""
    windows.expect_complaint("404")
    host.html, host.policy = TWO_TAGS, f"{POLICY} {sandbox['SUPABASE_URL']}"
    host.page.goto(host.origin + HOST_PAGE)
    host.shop.open_dialog()
    host.shop.choose("Starter")
    host.shop.pay_button.click()
    host.shop.sign_in(buyer)
    stripe = host.shop.at_stripe()
    if not is_paid:
        stripe.go_back()
        expect(host.shop.badge).to_have_accessible_name("Credits: 0 available, 1 payment to finish")
    else:
        stripe.pay_by_card()
        host.page.wait_for_url(f"{host.origin}/account?*")
        host.page.reload()  # where a redirect leads, the browser asks whoever is really there
        host.shop.payment.expect_paid()
        host.shop.expect_balance(500)
    assert host.page.url == f"{host.origin}/account"


@pytest.mark.parametrize("said", ["", "light", "dark", "light dark"])
def test_it_is_light_or_dark_as_the_page_around_it_is(
    windows: Windows, sandbox: Env, said: str
) -> None:
    """Whatever the machine prefers: a page that says nothing is a light one."""
    windows.expect_complaint("404")
    options = {"permissions": ["local-network-access"], "color_scheme": "dark"}
    host = Host(windows.open(**options), sandbox)
    host.html, host.policy = TWO_TAGS, f"{POLICY} {sandbox['SUPABASE_URL']}"
    host.page.goto(host.origin + HOST_PAGE)
    host.page.evaluate("said => document.documentElement.style.colorScheme = said", said)
    colour = host.shop.badge.evaluate("badge => getComputedStyle(badge).color")
    host.shop.open_dialog()
    surface = host.shop.dialog.evaluate("dialog => getComputedStyle(dialog).backgroundColor")
    is_dark = "dark" in said
    assert surface == ("rgb(21, 25, 24)" if is_dark else "rgb(255, 255, 255)")
    assert colour == ("rgb(236, 238, 235)" if is_dark else "rgb(20, 24, 26)")


def test_an_app_that_has_spent_credits_lets_the_badge_know(
    host: Host, buyer: Person, database: psycopg.Connection[dict], sandbox: Env
) -> None:
    host.visit(buyer.token)
    host.shop.expect_balance(0)
    give(database, buyer, 70, "A present")
    changed = (
        "(topup) => import(`${topup}/topup.js`).then(({ creditsChanged }) => creditsChanged())"
    )
    host.page.evaluate(changed, sandbox["BACKEND_URL"])
    host.shop.expect_balance(70)


def test_an_app_that_loads_it_late_lends_its_session_all_the_same(
    buyer: Person, windows: Windows, sandbox: Env
) -> None:
    page = windows.open()
    page.goto(f"{sandbox['BACKEND_URL']}/styles/page.css")
    page.evaluate(LATE, [sandbox["BACKEND_URL"], buyer.token])
    Shop(page, sandbox).expect_balance(0)


def test_an_app_that_fails_to_lend_its_session_is_told_and_nobody_is_called_a_stranger(
    host: Host, buyer: Person, windows: Windows
) -> None:
    windows.expect_complaint("the app's own trouble")
    host.page.add_init_script('window.lend = () => { throw new Error("the app\'s own trouble") }')
    host.app = APP.replace('localStorage.getItem("token")', "window.lend()")
    host.visit(buyer.token)
    expect(host.shop.badge).to_have_accessible_name("Credits: the balance could not be loaded")
    host.page.evaluate("window.lend = () => localStorage.getItem('token')")
    host.page.evaluate(
        "(topup) => import(`${topup}/topup.js`).then(({ sessionChanged }) => sessionChanged())",
        host.topup,
    )
    host.shop.expect_balance(0)

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { authenticateWith } from "../../frontend/lib/api.js";
import { InPagePayment } from "../../frontend/state/in-page-payment.js";
import { session } from "../../frontend/state/session.js";

globalThis.location = { href: "https://shop.example/page?x=1" };
authenticateWith({ current: async () => "token", renew: async () => null, refused: () => undefined });
const CARD = { id: "pm_1", brand: "visa", last4: "4242", exp_month: 12, exp_year: 2034, is_default: true };
const ID = "3f0c2c1e-6c1f-4a5e-9a51-0c9e4b7d2a10";
let offers = 0;
const offer = () => ({ id: `package-${(offers += 1)}`, credits: 500, amount: 499, currency: "usd" });
const payment = (more) => ({ payment_id: ID, status: "pending", amount: 499, currency: "usd", credits: 500, error: null, ...more });
const json = (status, body) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** Answers in their order, the last one again and again; a thrown one is a broken line. */
function backend(...answers) {
  const calls = [];
  mock.method(globalThis, "fetch", async (address, { body, headers }) => {
    calls.push({ path: new URL(address, "https://x").pathname, body: JSON.parse(body), key: headers.get("Idempotency-Key") });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof Error) throw next;
    return json(...next);
  });
  return calls;
}
const order = (more) => [201, { payment_id: ID, client_secret: "secret", status: "pending", requires_action: false, ...more }];
const paid = [200, payment({ status: "succeeded" })];
const open = (more) => [200, payment({ client_secret: "secret", ...more })];

afterEach(() => mock.restoreAll());

test("a new card: order, confirm at Stripe, ask what became of it", async () => {
  const calls = backend(order(), paid);
  const confirmed = [];
  const stripe = { confirmPayment: async (options) => (confirmed.push(options), { paymentIntent: {} }) };
  const one = InPagePayment.of(offer());
  const verdict = await one.payWithForm(stripe, "elements", { save: true, returnUrl: "/thanks?a=1", isDeferred: true });
  assert.equal(verdict.kind, "ended");
  assert.equal(calls[0].body.save_payment_method, true);
  assert.ok(calls[0].key);
  assert.deepEqual(confirmed, [{
    elements: "elements",
    clientSecret: "secret",
    confirmParams: {
      return_url: `https://shop.example/thanks?a=1&payment_id=${ID}`,
      payment_method_data: { allow_redisplay: "always" }, // as it is to be saved
    },
    redirect: "if_required",
  }]);
});

test("after a decline the same payment is tried with another card", async () => {
  const calls = backend(order(), paid);
  const answers = [{ error: { type: "card_error", code: "card_declined", decline_code: "insufficient_funds" } }, {}];
  const stripe = { confirmPayment: async () => answers.shift() };
  const one = InPagePayment.of(offer());
  const how = { save: false, returnUrl: null, isDeferred: true };
  assert.deepEqual(await one.payWithForm(stripe, "elements", how), { kind: "declined", code: "insufficient_funds" });
  assert.equal((await one.payWithForm(stripe, "elements", how)).kind, "ended");
  assert.equal(calls.filter(({ path }) => path.endsWith("create-payment-intent")).length, 1);
});

test("a saved card that is declined by the order leaves the payment for another one", async () => {
  backend([402, { code: "card_declined", decline_code: "do_not_honor", payment_id: ID }], open(), paid);
  const confirmed = [];
  const stripe = { confirmPayment: async (options) => (confirmed.push(options), {}) };
  const one = InPagePayment.of(offer());
  assert.deepEqual(await one.payWithCard(stripe, CARD, { returnUrl: null }), { kind: "declined", code: "do_not_honor" });
  assert.equal((await one.payWithCard(stripe, { ...CARD, id: "pm_2" }, { returnUrl: null })).kind, "ended");
  assert.equal(confirmed[0].confirmParams.payment_method, "pm_2");
  assert.equal(confirmed[0].clientSecret, "secret");
});

test("a saved card whose bank asks is confirmed by Stripe.js", async () => {
  backend(order({ requires_action: true }), paid);
  const handled = [];
  const stripe = { handleNextAction: async (options) => (handled.push(options), {}) };
  assert.equal((await InPagePayment.of(offer()).payWithCard(stripe, CARD, { returnUrl: null })).kind, "ended");
  assert.deepEqual(handled, [{ clientSecret: "secret" }]);
});

test("who was not confirmed by the bank is declined, with a word of its own", async () => {
  backend(order({ requires_action: true }));
  const error = { type: "invalid_request_error", code: "payment_intent_authentication_failure" };
  const stripe = { handleNextAction: async () => ({ error }) };
  const verdict = await InPagePayment.of(offer()).payWithCard(stripe, CARD, { returnUrl: null });
  assert.deepEqual(verdict, { kind: "declined", code: "payment_intent_authentication_failure" });
});

test("an order with a saved card whose answer is lost is asked for again under the same key", async () => {
  const calls = backend(new TypeError("reset"), new TypeError("reset"), order(), paid);
  const one = InPagePayment.of(offer());
  assert.deepEqual(await one.payWithCard({}, CARD, { returnUrl: null }), { kind: "unknown" });
  assert.equal((await one.findOut(undefined, [1, 1])).kind, "ended");
  assert.deepEqual(new Set(calls.slice(0, 3).map(({ key }) => key)).size, 1);
});

test("no other card is charged before it is known what became of an order that was lost", async () => {
  const calls = backend(new TypeError("reset"), new TypeError("reset"), order(), paid);
  const one = InPagePayment.of(offer());
  assert.deepEqual(await one.payWithCard({}, CARD, { returnUrl: null }), { kind: "unknown" });
  assert.equal(one.isUnanswered, true);
  assert.deepEqual(await one.payWithCard({}, { ...CARD, id: "pm_2" }, { returnUrl: null }), { kind: "unknown" });
  const how = { save: false, returnUrl: null, isDeferred: true };
  assert.equal((await one.payWithForm({}, "elements", how)).kind, "ended");
  const orders = calls.filter(({ path }) => path.endsWith("create-payment-intent"));
  assert.deepEqual(orders.map(({ body }) => body.payment_method_id), ["pm_1", "pm_1", "pm_1"]);
  assert.equal(new Set(orders.map(({ key }) => key)).size, 1);
});

test("a lost order is not forgotten because asking again was refused for the moment", async () => {
  const calls = backend(new TypeError("gone"), [429, { code: "rate_limited" }], order(), paid);
  const one = InPagePayment.of(offer());
  const pay = (id) => one.payWithCard({}, { ...CARD, id }, { returnUrl: null });
  assert.equal((await pay("pm_1")).kind, "unknown");
  await assert.rejects(pay("pm_1"), { code: "rate_limited" });
  assert.ok(one.isUnanswered);
  await pay("pm_2");
  const [lost, ...again] = calls.filter(({ path }) => path.endsWith("create-payment-intent"));
  for (const { body, key } of again) assert.deepEqual([body, key], [lost.body, lost.key]);
  assert.equal(again.length, 2);
});

test("a lost order that was not charged goes on with the card that is chosen now", async () => {
  backend(new TypeError("reset"), order(), open(), paid);
  const confirmed = [];
  const stripe = { confirmPayment: async (options) => (confirmed.push(options), {}) };
  const one = InPagePayment.of(offer());
  assert.deepEqual(await one.payWithCard(stripe, CARD, { returnUrl: null }), { kind: "unknown" });
  assert.equal((await one.payWithCard(stripe, { ...CARD, id: "pm_2" }, { returnUrl: null })).kind, "ended");
  assert.equal(confirmed[0].confirmParams.payment_method, "pm_2");
});

test("an order that is still under way is not made again by another form", async () => {
  const calls = backend(order(), paid);
  const one = InPagePayment.of(offer());
  const [first, second] = await Promise.all(
    [CARD, { ...CARD, id: "pm_2" }].map((card) => one.payWithCard({}, card, { returnUrl: null })),
  );
  assert.deepEqual([first.kind, second.kind], ["ended", "ended"]);
  assert.equal(calls.filter(({ path }) => path.endsWith("create-payment-intent")).length, 1);
});

test("who takes over the page shares no order with who was there", async () => {
  const calls = backend(order(), paid);
  const what = offer();
  await Promise.all(["ada", "bob"].map((user) => {
    session.patch({ user });
    return InPagePayment.of(what).payWithCard({}, CARD, { returnUrl: null });
  }));
  const orders = calls.filter(({ path }) => path.endsWith("create-payment-intent"));
  assert.equal(new Set(orders.map(({ key }) => key)).size, 2);
});

test("where the line to Stripe broke, unpaid is not yet unpaid for good", async () => {
  backend(order(), open());
  const stripe = { confirmPayment: async () => ({ error: { type: "api_connection_error" } }) };
  const verdict = await InPagePayment.of(offer()).payWithForm(stripe, "e", { save: false, returnUrl: null, isDeferred: true });
  assert.equal(verdict.kind, "unknown");
});

test("Stripe.js that does not know its own payment any more is settled by the backend's answer", async () => {
  backend(order(), paid);
  const stripe = { confirmPayment: async () => ({ error: { type: "invalid_request_error", code: "payment_intent_unexpected_state" } }) };
  const verdict = await InPagePayment.of(offer()).payWithForm(stripe, "e", { save: false, returnUrl: null, isDeferred: true });
  assert.equal(verdict.kind, "ended");
});

test("what the backend refuses before it does anything is an error, and nothing was charged", async () => {
  for (const [status, code] of [[409, "invalid_state"], [422, "validation_error"], [503, "payments_disabled"], [429, "rate_limited"]]) {
    backend([status, { code }]);
    await assert.rejects(InPagePayment.of(offer()).payWithCard({}, CARD, { returnUrl: null }), { code });
    mock.restoreAll();
  }
});

test("one that was begun before is taken up with its own secret", async () => {
  const calls = backend(open({ requires_action: true }), paid);
  const confirmed = [];
  const stripe = { confirmPayment: async (options) => (confirmed.push(options), {}) };
  const one = InPagePayment.begun(ID);
  await one.look(new AbortController().signal);
  assert.equal(one.requiresAction, true);
  assert.equal((await one.payWithForm(stripe, "elements", { save: false, returnUrl: null, isDeferred: false })).kind, "ended");
  assert.equal("clientSecret" in confirmed[0], false);
  assert.ok(calls.every(({ path }) => path.endsWith("/refresh")));
});

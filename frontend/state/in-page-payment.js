/**
 * One payment inside the page, from the order to its end. However often the buyer tries, it is one
 * PaymentIntent at Stripe, which can be charged once.
 *
 *     const payment = InPagePayment.of(offer);          // or InPagePayment.begun(id); await payment.look(signal)
 *     const verdict = await payment.payWithForm(stripe, elements, { save, returnUrl });
 *
 * A verdict says what is known now. Throws ApiError where the backend refused before Stripe was
 * asked: nothing was charged then.
 */
import { ApiError } from "../lib/api-error.js";
import { post } from "../lib/api.js";
import { Attempts } from "../lib/attempt.js";
import { declineCodeOf } from "../lib/declines.js";
import { language } from "../lib/i18n.js";
import { poll } from "../lib/poll.js";
import { settings } from "../lib/settings.js";
import { OFFERED_AGAIN } from "./cards.js";
import { catalog, renewCatalog } from "./catalog.js";
import { refreshPayment } from "./payments.js";
import { session } from "./session.js";

/**
 * @typedef {import("../lib/contract.js").Card} Card
 * @typedef {import("../lib/contract.js").Package} Package
 * @typedef {import("../lib/contract.js").RefreshedPayment} Payment
 * @typedef {import("@stripe/stripe-js").Stripe} Stripe
 * @typedef {import("@stripe/stripe-js").StripeElements} StripeElements
 * @typedef {import("@stripe/stripe-js").StripeError} StripeError
 *
 * @typedef {Pick<Package, "credits" | "amount" | "currency"> & {package_id: string}} Order
 *
 * @typedef {{kind: "ended", payment: Payment}} Ended paid, under way at the bank, or over
 * @typedef {{kind: "declined", code: string | undefined}} Declined the card, not the payment
 * @typedef {{kind: "incomplete"}} Incomplete Stripe's form says itself what is missing
 * @typedef {{kind: "unfinished", payment: Payment}} Unfinished not paid; can be taken up again
 * @typedef {{kind: "unknown"}} Unknown nobody has said anything yet
 * @typedef {Ended | Declined | Incomplete | Unfinished | Unknown} Verdict
 */

const ORDER_TIMEOUT_MS = 30_000;
/** Stripe has answered; the backend, asked again, sees the same within moments. */
const AFTER_ANSWER_MS = [500, 1500, 3000];
/** The backend's refusals that come before it does anything. */
const REFUSALS = new Set(["unauthorized", "rate_limited", "payments_disabled"]);
/** Stripe.js got no answer, or none that says what was done. */
const LINE_BROKE = new Set(["api_connection_error", "api_error"]);

const attempts = new Attempts();

export class InPagePayment {
  /** @type {Order | null} what is bought; null: not asked yet */ order = null;
  id = "";
  secret = "";
  /** The bank has asked for the buyer. */ requiresAction = false;
  savesCard = false;
  /** Paid, under way at the bank, or never to be paid. */ isOver = false;
  /** @type {object | null} an order that has no answer (yet): it may have been charged */ #sent = null;

  /** @param {Package} offer */
  static of(offer) {
    const payment = new InPagePayment();
    payment.order = { ...offer, package_id: offer.id };
    return payment;
  }

  /** One that waits to be finished. @param {string} id */
  static begun(id) {
    const payment = new InPagePayment();
    payment.id = id;
    return payment;
  }

  /** An order was sent, and what became of it is not known. */
  get isUnanswered() {
    return this.#sent !== null;
  }

  /**
   * What has become of it. Throws ApiError.
   * @param {AbortSignal} signal
   * @returns {Promise<Payment>}
   */
  async look(signal) {
    /** @type {Payment} */
    const found = await refreshPayment(this.id, signal);
    this.order = found;
    this.isOver = found.status !== "pending";
    this.#learn(found);
    return found;
  }

  /**
   * With what was entered in Stripe's form, which `elements.submit()` has found complete.
   * @param {Stripe} stripe
   * @param {StripeElements} elements
   * @param {{save: boolean, returnUrl: string | null, isDeferred: boolean}} options isDeferred: the
   *   form was made before the payment, and does not know its secret
   * @returns {Promise<Verdict>}
   */
  async payWithForm(stripe, elements, { save, returnUrl, isDeferred }) {
    const fate = this.isUnanswered ? await this.#fateOfLostOrder() : null;
    if (fate) return fate;
    if (!this.id) await this.#begin(save ? { save_payment_method: true } : {});
    this.savesCard = save;
    const confirmParams = { return_url: this.#returnAddress(returnUrl), ...(save && OFFERED_AGAIN) };
    const { error } = await (isDeferred
      ? stripe.confirmPayment({ elements, clientSecret: this.secret, confirmParams, redirect: "if_required" })
      : stripe.confirmPayment({ elements, confirmParams, redirect: "if_required" }));
    return this.#judge(error);
  }

  /**
   * @param {Stripe} stripe
   * @param {Card} card
   * @param {{returnUrl: string | null}} options
   * @returns {Promise<Verdict>}
   */
  async payWithCard(stripe, card, { returnUrl }) {
    const fate = this.isUnanswered ? await this.#fateOfLostOrder() : null;
    if (fate) return fate;
    if (this.id) return this.#confirmWithCard(stripe, card, returnUrl);
    try {
      await this.#begin({ payment_method_id: card.id });
    } catch (error) {
      return this.#judgeOrder(error);
    }
    if (!this.requiresAction) return this.findOut(undefined, AFTER_ANSWER_MS);
    return this.#judge((await stripe.handleNextAction({ clientSecret: this.secret })).error);
  }

  /**
   * Asks the backend, which asks Stripe, a bounded number of times.
   * @param {AbortSignal} [signal]
   * @param {number[]} [pausesMs]
   * @returns {Promise<Verdict>}
   */
  async findOut(signal = new AbortController().signal, pausesMs = undefined) {
    const isEnough = (/** @type {Verdict} */ { kind }) => kind === "ended" || kind === "declined";
    return poll(() => this.#ask(signal), isEnough, signal, undefined, pausesMs);
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Verdict>}
   */
  async #ask(signal) {
    if (!this.id) return this.#askForLostOrder();
    try {
      const payment = await this.look(signal);
      const isOpen = payment.status === "pending";
      return isOpen ? { kind: "unfinished", payment } : { kind: "ended", payment };
    } catch (error) {
      if (!(error instanceof ApiError) || error.isFinal) throw error;
      return { kind: "unknown" };
    }
  }

  /**
   * Before anything else is ordered, what became of an order without an answer must be known: with
   * another card it would be another order. Null: nothing was charged, and the payment can go on.
   * @returns {Promise<Verdict | null>}
   */
  async #fateOfLostOrder() {
    const verdict = await this.#askForLostOrder();
    return this.id && verdict.kind !== "ended" ? null : verdict;
  }

  /** The same order under the same key: the backend answers what became of it. */
  async #askForLostOrder() {
    if (!this.#sent) return /** @type {Unknown} */ ({ kind: "unknown" });
    try {
      await this.#send(this.#sent);
    } catch (error) {
      return this.#judgeOrder(error);
    }
    return this.#ask(new AbortController().signal);
  }

  /** @param {{save_payment_method?: true, payment_method_id?: string}} how */
  #begin(how) {
    if (!this.order) throw new Error("a payment begins with an order");
    const { package_id, currency, amount } = this.order;
    return this.#send({ package_id, currency, expected_amount: amount, locale: language.value, ...how });
  }

  /** @param {object} body */
  async #send(body) {
    const isFirst = this.#sent === null;
    this.#sent = body;
    try {
      /** @type {import("../lib/contract.js").PaymentIntentAnswer} */
      const answer = await attempts.run({ user: session.value.user, ...body }, (idempotencyKey) =>
        post("/api/stripe/create-payment-intent", body, { idempotencyKey, timeoutMs: ORDER_TIMEOUT_MS }),
      );
      this.id = answer.payment_id;
      this.#learn(answer);
      this.#sent = null;
    } catch (error) {
      if (error instanceof ApiError && (error.isFinal || (isFirst && REFUSALS.has(error.code)))) this.#sent = null;
      if (error instanceof ApiError && error.isPriceChange) await this.#readPriceAgain();
      throw error;
    }
  }

  async #readPriceAgain() {
    await renewCatalog();
    const offer = catalog.value.packages?.find(({ id }) => id === this.order?.package_id);
    if (offer) this.order = { ...offer, package_id: offer.id };
  }

  /** @param {{client_secret?: string | null, requires_action?: boolean}} answer */
  #learn({ client_secret, requires_action }) {
    if (client_secret) this.secret = client_secret;
    this.requiresAction = requires_action === true;
  }

  /**
   * A saved card is charged by the order itself, so an order without an answer may have been paid.
   * @param {unknown} error
   * @returns {Promise<Verdict>}
   */
  async #judgeOrder(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "card_declined" && error.paymentId) {
      this.id = error.paymentId;
      await this.#ask(new AbortController().signal); // For the secret, which another card needs.
      return { kind: "declined", code: error.declineCode };
    }
    if (error.isFinal || REFUSALS.has(error.code)) throw error;
    return { kind: "unknown" };
  }

  /**
   * @param {Stripe} stripe
   * @param {Card} card
   * @param {string | null} returnUrl
   */
  async #confirmWithCard(stripe, card, returnUrl) {
    const { error } = await stripe.confirmPayment({
      clientSecret: this.secret,
      confirmParams: { payment_method: card.id, return_url: this.#returnAddress(returnUrl) },
      redirect: "if_required",
    });
    return this.#judge(error);
  }

  /**
   * @param {StripeError | undefined} error
   * @returns {Promise<Verdict>}
   */
  async #judge(error) {
    if (error?.type === "validation_error") return { kind: "incomplete" };
    const declined = error ? declineCodeOf(error) : null;
    if (declined !== null) return { kind: "declined", code: declined };
    const verdict = await this.findOut(undefined, error ? [] : AFTER_ANSWER_MS);
    // Where the line broke, what was sent may still arrive: unpaid now does not mean unpaid.
    const isSure = !error || !LINE_BROKE.has(error.type);
    return verdict.kind === "unfinished" && !isSure ? { kind: "unknown" } : verdict;
  }

  /** For ways to pay that lead elsewhere: the page that says what became of it. @param {string | null} given */
  #returnAddress(given) {
    const address = new URL(given ?? `${settings.apiBase}/success.html`, location.href);
    address.searchParams.set("payment_id", this.id);
    return address.href;
  }
}

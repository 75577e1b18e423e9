/**
 * Starts a purchase. Thirty seconds at most; trying again after silence is the same attempt, see
 * lib/attempt.js.
 */
import { Attempts } from "../lib/attempt.js";
import { post } from "../lib/api.js";
import { language } from "../lib/i18n.js";
import { account, refreshAccount } from "./account.js";
import { catalog } from "./catalog.js";
import { getPayment, refreshPayment } from "./payments.js";
import { session } from "./session.js";

/** @typedef {import("../lib/contract.js").Package} Package */
/** @typedef {import("../lib/contract.js").CheckoutSession} CheckoutSession */
/** @typedef {import("../lib/contract.js").Payment} Payment */
/** @typedef {Pick<Payment, "payment_id" | "ui_mode" | "package_id" | "currency" | "amount" | "credits" | "payment_url">} Begun */

const TIMEOUT_MS = 30_000;

const attempts = new Attempts();

/** @type {Begun & {user: string} | null} the form that this page has begun: the account may not know of it yet */
let embedded = null;

/**
 * How a package is paid, as far as the page wishes and the shop allows: a subscription is always
 * bought in Stripe's checkout, and so is everything where the backend can't charge inside the page.
 * @param {Package} offer
 * @param {string | null} wish
 * @returns {"hosted" | "embedded" | "elements"}
 */
export function uiModeFor(offer, wish) {
  if (wish === "embedded") return "embedded";
  if (wish !== "elements") return "hosted";
  if (offer.kind === "subscription") return "embedded";
  return catalog.value.config?.features["payment_element"] === true ? "elements" : "hosted";
}

/**
 * @param {Package} offer
 * @param {string | null} returnUrl where Stripe sends the buyer afterwards; null: our own pages
 */
export function createHostedCheckout(offer, returnUrl) {
  return createCheckout(offer, "hosted", returnUrl);
}

/**
 * What Stripe's form inside the page needs. One that was left, or is drawn anew in another language, goes on in
 * the language that it was begun in.
 * @param {Package} offer
 * @param {string | null} returnUrl
 * @param {AbortSignal} signal
 * @returns {Promise<{client_secret?: string | null}>}
 */
export async function openEmbeddedCheckout(offer, returnUrl, signal) {
  const begun = alike(offer, "embedded");
  const found = begun && (await refreshPayment(begun.payment_id, signal));
  if (found?.status === "pending") return found;
  const { user } = session.value;
  const checkout = await createCheckout(offer, "embedded", returnUrl);
  embedded = { ...checkout, user, ui_mode: "embedded", package_id: offer.id, payment_url: null };
  void refreshAccount(); // It waits to be finished from now on.
  return checkout;
}

/**
 * The same purchase, begun before and left: whoever tries again goes on with it, and has no second
 * one to finish.
 * @param {Package} offer
 * @param {"hosted" | "elements"} uiMode
 * @param {AbortSignal} signal
 * @returns {Promise<Begun | null>}
 */
export async function begunBefore(offer, uiMode, signal) {
  const begun = alike(offer, uiMode);
  return begun && (await getPayment(begun.payment_id, signal)).status === "pending" ? begun : null;
}

/**
 * @param {Package} offer
 * @param {"hosted" | "embedded" | "elements"} uiMode
 * @returns {Begun | null}
 */
function alike(offer, uiMode) {
  const isOurs = embedded?.user === session.value.user;
  const begun = [...(embedded && isOurs ? [embedded] : []), ...account.value.openPayments];
  return begun.find((payment) =>
    payment.ui_mode === uiMode && payment.package_id === offer.id && payment.currency === offer.currency &&
    payment.amount === offer.amount && payment.credits === offer.credits,
  ) ?? null;
}

/**
 * @param {Package} offer
 * @param {"hosted" | "embedded"} uiMode
 * @param {string | null} returnUrl
 * @returns {Promise<CheckoutSession>}
 */
function createCheckout(offer, uiMode, returnUrl) {
  const body = {
    package_id: offer.id,
    currency: offer.currency,
    locale: language.value,
    ui_mode: uiMode,
    ...(returnUrl && { return_url: returnUrl }),
  };
  return attempts.run({ user: session.value.user, ...body }, (idempotencyKey) =>
    post("/api/stripe/create-checkout-session", body, { idempotencyKey, timeoutMs: TIMEOUT_MS }),
  );
}

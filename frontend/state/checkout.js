/**
 * Starts a purchase. Thirty seconds at most; trying again after silence is the same attempt, see
 * lib/attempt.js.
 */
import { Attempts } from "../lib/attempt.js";
import { post } from "../lib/api.js";
import { language } from "../lib/i18n.js";
import { account } from "./account.js";
import { catalog } from "./catalog.js";
import { getPayment } from "./payments.js";
import { session } from "./session.js";

/** @typedef {import("../lib/contract.js").Package} Package */
/** @typedef {import("../lib/contract.js").CheckoutSession} CheckoutSession */
/** @typedef {import("../lib/contract.js").Payment} Payment */

const TIMEOUT_MS = 30_000;

const attempts = new Attempts();

/** @type {{ choice: string, session: CheckoutSession } | null} */
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
 * An embedded form has no address to resume it by: who comes back to it finds the same session, as
 * long as its payment is open, in the language that it was begun in.
 * @param {Package} offer
 * @param {string | null} returnUrl
 * @param {AbortSignal} signal
 */
export async function createEmbeddedCheckout(offer, returnUrl, signal) {
  const choice = `${session.value.user} ${offer.id} ${offer.currency}`;
  if (embedded?.choice === choice && (await isOpen(embedded.session, signal))) return embedded.session;
  embedded = { choice, session: await createCheckout(offer, "embedded", returnUrl) };
  return embedded.session;
}

/**
 * The same purchase, begun before and left: whoever tries again goes on with it, and has no second
 * one to finish.
 * @param {Package} offer
 * @param {"hosted" | "elements"} uiMode
 * @param {AbortSignal} signal
 * @returns {Promise<Payment | null>}
 */
export async function begunBefore(offer, uiMode, signal) {
  const begun = account.value.openPayments.find((payment) =>
    payment.ui_mode === uiMode && payment.package_id === offer.id && payment.currency === offer.currency &&
    payment.amount === offer.amount && payment.credits === offer.credits,
  );
  return begun && (await isOpen(begun, signal)) ? begun : null;
}

/**
 * @param {{payment_id: string}} begun
 * @param {AbortSignal} signal
 */
async function isOpen(begun, signal) {
  return (await getPayment(begun.payment_id, signal)).status === "pending";
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

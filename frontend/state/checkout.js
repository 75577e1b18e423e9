/**
 * Starts a purchase. Thirty seconds at most; trying again after silence is the same attempt, see
 * lib/attempt.js.
 */
import { Attempts } from "../lib/attempt.js";
import { post } from "../lib/api.js";
import { language } from "../lib/i18n.js";
import { catalog } from "./catalog.js";
import { getPayment } from "./payments.js";
import { session } from "./session.js";

/** @typedef {import("../lib/contract.js").Package} Package */
/** @typedef {import("../lib/contract.js").CheckoutSession} CheckoutSession */

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
 * @param {CheckoutSession} checkout
 * @param {AbortSignal} signal
 */
async function isOpen(checkout, signal) {
  return (await getPayment(checkout.payment_id, signal)).status === "pending";
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

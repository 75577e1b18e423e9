/**
 * What a payment means to the buyer: how it feels, and whether there is more to wait for.
 *
 *     outcome({ status: "processing", … })  →  { name: "processing", tone: "waiting", isOpen: true }
 *
 * Titles and sentences are the texts `payment.<name>` and `payment.<name>.text`.
 */

/**
 * @typedef {import("./contract.js").PaymentStatus} PaymentStatus
 * @typedef {{tone: "good" | "waiting" | "bad" | "neutral", isOpen: boolean}} Outcome
 * @typedef {Outcome & {name: PaymentStatus | "mismatch"}} NamedOutcome
 */

/** @type {Record<PaymentStatus, Outcome>} */
export const OUTCOMES = {
  pending: { tone: "waiting", isOpen: true },
  processing: { tone: "waiting", isOpen: true },
  succeeded: { tone: "good", isOpen: false },
  failed: { tone: "bad", isOpen: false },
  canceled: { tone: "neutral", isOpen: false },
  expired: { tone: "neutral", isOpen: false },
  partially_refunded: { tone: "neutral", isOpen: false },
  refunded: { tone: "neutral", isOpen: false },
  disputed: { tone: "bad", isOpen: false },
};

/**
 * Money that came in another amount than was ordered has failed as an order, and yet it has come:
 * the buyer must not read that nothing was charged.
 * @param {Pick<import("./contract.js").Payment, "status" | "error">} payment
 * @returns {NamedOutcome}
 */
export function outcome({ status, error }) {
  const name = error?.code === "amount_mismatch" ? "mismatch" : status;
  return { name, ...OUTCOMES[status] };
}

/** Where no money has come (yet), `amount_paid` says nothing. @type {ReadonlySet<PaymentStatus>} */
const UNPAID = new Set(["pending", "processing", "failed", "canceled", "expired"]);

/**
 * What was paid, after discount and tax; until then what is asked for.
 * @param {Pick<import("./contract.js").Payment, "status" | "amount" | "amount_paid">} payment
 * @returns {number} minor units
 */
export function amountOf({ status, amount, amount_paid }) {
  return UNPAID.has(status) ? amount : (amount_paid ?? amount);
}

/**
 * Whether it is paid with our own form, in the dialog.
 * @param {Pick<import("./contract.js").Payment, "ui_mode">} payment
 */
export function isInPage({ ui_mode }) {
  return ui_mode === "elements" || ui_mode === "off_session";
}

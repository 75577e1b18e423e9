/** Buttons and links that lead on from a payment's screen. */
import { leaveFor } from "../lib/address.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */

/**
 * @param {string} text
 * @param {() => void} onclick
 * @param {"primary" | ""} [rank]
 */
export function way(text, onclick, rank = "") {
  return el("button", { type: "button", class: `button ${rank}`, onclick }, text);
}

/** @param {Payment} payment */
export function resumeWay(payment) {
  if (!payment.payment_url) return null;
  return way(t("payment.resume"), () => leaveFor(payment.payment_url), "primary");
}

/** @param {Payment} payment */
export function receiptWay(payment) {
  if (!payment.receipt_url) return null;
  return el(
    "a",
    { class: "button", href: payment.receipt_url, target: "_blank", rel: "noopener noreferrer" },
    t("payment.receipt"),
  );
}

/** @param {"primary" | ""} [rank] */
export function homeWay(rank = "") {
  return el("a", { class: `button ${rank}`, href: "./" }, t("payment.home"));
}

/**
 * A saved card in words.
 *
 *     cardName({ brand: "visa", last4: "4242", … })  →  "Visa ···· 4242"
 */
import { t } from "./i18n.js";

/** @typedef {import("./contract.js").Card} Card */

/** Stripe's brands by the names on the cards. @type {Record<string, string>} */
const BRANDS = {
  amex: "American Express",
  cartes_bancaires: "Cartes Bancaires",
  diners: "Diners Club",
  discover: "Discover",
  eftpos_au: "eftpos",
  jcb: "JCB",
  mastercard: "Mastercard",
  unionpay: "UnionPay",
  visa: "Visa",
};

/** @param {Card} card */
export function cardName(card) {
  return `${brandName(card)} ···· ${card.last4}`;
}

/** For who listens: dots say nothing. @param {Card} card */
export function spokenCardName(card) {
  return t("card.ending", { brand: brandName(card), last4: card.last4 });
}

/** @param {Card} card */
export function cardExpiry(card) {
  const date = `${String(card.exp_month).padStart(2, "0")}/${String(card.exp_year % 100).padStart(2, "0")}`;
  return t(isExpired(card, new Date()) ? "card.expired" : "card.expires", { date });
}

/**
 * A card is good until the last day of its month.
 * @param {Pick<Card, "exp_month" | "exp_year">} card
 * @param {Date} now
 */
export function isExpired({ exp_month, exp_year }, now) {
  return now >= new Date(exp_year, exp_month, 1);
}

/** @param {Card} card */
function brandName(card) {
  return BRANDS[card.brand] ?? t("card.card");
}

/**
 * What the buyer agrees to before anything is bought by itself, in one sentence.
 *
 *     consentText({ threshold: 100, card, amount: 499, credits: 500, currency: "usd", limit: 5000 })
 *     →  "When I have fewer than 100 credits, charge Visa ···· 4242 $4.99 for 500 credits, at most …"
 */
import { cardName } from "./card.js";
import { money, t } from "./i18n.js";

/**
 * @param {object} terms
 * @param {number} terms.threshold credits
 * @param {import("./contract.js").Card} terms.card
 * @param {number} terms.amount of one purchase, in minor units
 * @param {number} terms.credits of one purchase
 * @param {number} terms.limit a month, in minor units
 * @param {string} terms.currency
 */
export function consentText({ threshold, card, amount, credits, limit, currency }) {
  return t("recharge.consent", {
    threshold,
    card: cardName(card),
    price: money(amount, currency),
    count: credits,
    limit: money(limit, currency),
  });
}

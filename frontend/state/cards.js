/** The user's saved cards. */
import { get, post, remove } from "../lib/api.js";
import { autoRecharge } from "./auto-recharge.js";
import { Remote } from "./remote.js";

/** @typedef {import("../lib/contract.js").Card} Card */

const TIMEOUT_MS = 30_000;
const LIST = "/api/payment-methods";

/** Of a card that its owner saves: Stripe's own page may offer it to him, too. */
export const OFFERED_AGAIN = { payment_method_data: { allow_redisplay: /** @type {const} */ ("always") } };

/** The default one first. @type {Remote<Card[]>} */
export const cards = new Remote(async (signal) => inOrder(await get(LIST, { signal })));

export function defaultCard() {
  return cards.value?.find((card) => card.is_default) ?? null;
}

/** Stripe is asked: after a card was saved its webhook may not have come yet. */
export async function refreshCards() {
  await cards.take(post(`${LIST}/refresh`, {}, { timeoutMs: TIMEOUT_MS }).then(inOrder));
}

/** It may have been removed elsewhere. @param {Card} card */
export async function isStillSaved({ id }) {
  await cards.load();
  return cards.value?.some((card) => card.id === id) ?? false;
}

/** @param {Card} card */
export async function makeDefault(card) {
  await cards.take(post(`${addressOf(card)}/default`, {}, { timeoutMs: TIMEOUT_MS }).then(inOrder));
}

/** Without the card that it charges, auto-recharge is off. @param {Card} card */
export async function removeCard(card) {
  await cards.take(remove(addressOf(card), { timeoutMs: TIMEOUT_MS }).then(inOrder));
  await autoRecharge.load();
}

/** @returns {Promise<string>} the client secret that Stripe.js saves a new card with */
export async function beginSavingCard() {
  const idempotencyKey = crypto.randomUUID();
  return (await post(`${LIST}/setup-intent`, {}, { idempotencyKey, timeoutMs: TIMEOUT_MS })).client_secret;
}

/** @param {{payment_methods: Card[]}} answer */
function inOrder({ payment_methods }) {
  return payment_methods.toSorted((one, other) => Number(other.is_default) - Number(one.is_default));
}

/** @param {Card} card */
function addressOf(card) {
  return `${LIST}/${encodeURIComponent(card.id)}`;
}

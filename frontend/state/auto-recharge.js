/** Buying by itself when credits run low: how it is set, and setting it. */
import { ApiError } from "../lib/api-error.js";
import { get, put } from "../lib/api.js";
import { renewCatalog } from "./catalog.js";
import { Remote } from "./remote.js";

/** @typedef {import("../lib/contract.js").AutoRecharge} AutoRecharge */

const ADDRESS = "/api/credits/auto-recharge";

/** @type {Remote<AutoRecharge>} */
export const autoRecharge = new Remote((signal) => get(ADDRESS, { signal }));

/**
 * @typedef {object} Terms what the buyer agrees to
 * @property {number} threshold credits
 * @property {string} package_id
 * @property {number} monthly_limit minor units
 * @property {string} currency
 * @property {number} expected_amount minor units: the price of one recharge, as it was read
 */

/** @param {Terms} terms */
export async function switchOn(terms) {
  try {
    await autoRecharge.take(put(ADDRESS, { enabled: true, ...terms }));
  } catch (error) {
    if (error instanceof ApiError && error.isPriceChange) await renewCatalog();
    throw error;
  }
}

export async function switchOff() {
  await autoRecharge.take(put(ADDRESS, { enabled: false }));
}

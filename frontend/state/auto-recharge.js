/** Buying by itself when credits run low: how it is set, and setting it. */
import { get, put } from "../lib/api.js";
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
 */

/** @param {Terms} terms */
export async function switchOn(terms) {
  await autoRecharge.take(put(ADDRESS, { enabled: true, ...terms }));
}

/** @param {AutoRecharge} known */
export async function switchOff({ threshold, package_id, monthly_limit, currency }) {
  await autoRecharge.take(put(ADDRESS, { enabled: false, threshold, package_id, monthly_limit, currency }));
}

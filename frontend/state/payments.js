/** One payment: look, ask Stripe, cancel. */
import { get, post } from "../lib/api.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */
/** @typedef {import("../lib/contract.js").RefreshedPayment} RefreshedPayment */

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Payment>}
 */
export function getPayment(id, signal) {
  return get(`/api/payments/${encodeURIComponent(id)}`, { signal });
}

/**
 * The backend asks Stripe now, so credits arrive even when the webhook is late.
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<RefreshedPayment>}
 */
export function refreshPayment(id, signal) {
  return post(`/api/payments/${encodeURIComponent(id)}/refresh`, {}, { signal, timeoutMs: 30_000 });
}

/**
 * @param {string} id
 * @returns {Promise<Payment>}
 */
export function cancelPayment(id) {
  return post(`/api/payments/${encodeURIComponent(id)}/cancel`, {}, { timeoutMs: 30_000 });
}

/**
 * Nothing waits for ever, not even for Stripe.js, whose calls have no limit of their own.
 *
 *     await within(stripe.confirmSetup(…), 600_000);      // or ApiError timeout
 *     await Promise.race([work, silence(30_000)]);        // or SILENCE
 */
import { ApiError } from "./api-error.js";

export const SILENCE = Symbol("silence");

/**
 * @param {number} ms
 * @returns {Promise<typeof SILENCE>}
 */
export function silence(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms, SILENCE));
}

/**
 * @template T
 * @param {Promise<T>} work
 * @param {number} ms
 * @returns {Promise<T>}
 */
export async function within(work, ms) {
  const answer = await Promise.race([work, silence(ms)]);
  if (answer === SILENCE) throw new ApiError({ code: "timeout" });
  return /** @type {T} */ (answer);
}

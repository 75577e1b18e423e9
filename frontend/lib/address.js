/**
 * Addresses: leaves for a payment page whose address came over the network: https, or http on this machine
 * for the sandbox. Anything else (`javascript:`, a name and password in the address) is refused.
 */
import { ApiError } from "./api-error.js";

/** An id of ours, as it stands in addresses. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** @param {unknown} address */
export function leaveFor(address) {
  location.assign(trustedAddress(address));
}

/**
 * @param {unknown} address
 * @returns {string}
 */
export function trustedAddress(address) {
  const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : null;
  const isSecure =
    url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (!url || !isSecure || url.username || url.password) {
    throw new ApiError({ code: "unsafe_address" });
  }
  return url.href;
}

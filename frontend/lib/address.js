/**
 * Addresses: leaves for a payment page whose address came over the network: https, or http on this machine
 * for the sandbox. Anything else (`javascript:`, a name and password in the address) is refused. And where
 * buyers come back to.
 */
import { ApiError } from "./api-error.js";
import { settings } from "./settings.js";

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

/** This page, without its query, in which an app may have secrets that are no business of Stripe's. */
export function pageAddress() {
  return location.origin + location.pathname + location.hash;
}

/** Marks the way back to a page that was not named: whatever else its address says is the app's own. */
const BACK = "topup";
/** What Stripe.js adds where a bank has asked on a page of its own. */
const STRIPES = ["payment_intent", "payment_intent_client_secret", "redirect_status"];

/**
 * Where buyers come back to: the page that the app has named, or this one where our own pages have
 * another origin, on which nobody knows who is signed in here. Null: our own.
 * @param {string | null} named
 */
export function returnAddress(named) {
  if (named !== null) return new URL(named, location.href).href;
  if (location.origin === new URL(settings.apiBase, location.href).origin) return null;
  const address = new URL(pageAddress());
  address.search = `${BACK}=back`;
  return address.href;
}

/**
 * What Stripe and we have added to the address of the page that buyers come back to; nothing
 * on any other page.
 * @param {URL} address
 * @param {string | null} named
 */
export function namesOfReturn(address, named) {
  const { origin, pathname } = new URL(named ?? "", location.href);
  const isBack = named === null ? address.searchParams.has(BACK) : address.origin === origin && address.pathname === pathname;
  return isBack ? ["payment_id", "canceled", BACK, ...STRIPES] : [];
}

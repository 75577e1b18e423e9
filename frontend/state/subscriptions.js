/** The user's subscriptions, newest first. */
import { pageAddress } from "../lib/address.js";
import { get, post } from "../lib/api.js";
import { language } from "../lib/i18n.js";
import { Remote } from "./remote.js";

/** @typedef {import("../lib/contract.js").Subscription} Subscription */

const TIMEOUT_MS = 30_000;

/** Stripe's words for one that is over: https://docs.stripe.com/api/subscriptions/object#subscription_object-status */
const OVER = new Set(["canceled", "incomplete_expired"]);

/** @type {Remote<Subscription[]>} */
export const subscriptions = new Remote(
  async (signal) => (await get("/api/stripe/subscriptions", { signal })).subscriptions,
);

/** @param {Subscription} subscription */
export function isOver({ status }) {
  return OVER.has(status);
}

/** @param {string} packageId */
export function hasPlan(packageId) {
  return subscriptions.value?.some((plan) => plan.package_id === packageId && !isOver(plan)) ?? false;
}

/** The same, of a list that may still have to be asked for. @param {string} packageId */
export async function learnWhetherHasPlan(packageId) {
  if (!subscriptions.value) await subscriptions.load();
  return hasPlan(packageId);
}

/** At the end of the period that is paid for. @param {Subscription} subscription */
export function cancelSubscription(subscription) {
  return change("cancel-subscription", subscription);
}

/** @param {Subscription} subscription */
export function resumeSubscription(subscription) {
  return change("resume-subscription", subscription);
}

/** @returns {Promise<string>} the address of Stripe's customer portal, which leads back here */
export async function openPortal() {
  const body = { return_url: pageAddress(), locale: language.value };
  return (await post("/api/stripe/portal-session", body, { timeoutMs: TIMEOUT_MS })).url;
}

/**
 * @param {"cancel-subscription" | "resume-subscription"} verb
 * @param {Subscription} subscription
 */
async function change(verb, { subscription_id }) {
  /** @type {Subscription} */
  const changed = await post(`/api/stripe/${verb}`, { subscription_id }, { timeoutMs: TIMEOUT_MS });
  const all = subscriptions.value ?? [];
  subscriptions.set(all.map((one) => (one.subscription_id === subscription_id ? changed : one)));
}

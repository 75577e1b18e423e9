/**
 * What happened to the account while its user was away, until he has read it.
 *
 *     accountEvents.subscribe(({ value }) => …, signal);      readEvents();
 */
import { get } from "../lib/api.js";
import { recall, remember } from "../lib/storage.js";
import { Remote } from "./remote.js";
import { session } from "./session.js";

/** @typedef {import("../lib/contract.js").AccountEvent} AccountEvent */

const EVENTS_MAX = 20;

/** Newest first. @type {Remote<AccountEvent[]>} */
export const accountEvents = new Remote(
  async (signal) => (await get(`/api/credits/events?limit=${EVENTS_MAX}`, { signal })).events,
);

/** @returns {AccountEvent[]} */
export function unreadEvents() {
  const readUntil = recall(nameOfMark()) ?? "";
  return (accountEvents.value ?? []).filter((event) => event.created_at > readUntil);
}

export function readEvents() {
  const [newest] = accountEvents.value ?? [];
  if (newest) remember(nameOfMark(), newest.created_at);
  accountEvents.set([...(accountEvents.value ?? [])]);
}

function nameOfMark() {
  return `events.${session.value.user}`;
}

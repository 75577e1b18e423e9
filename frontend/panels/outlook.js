/** The outlook: how long the credits last at this pace, and whether they have run low. */
import { ApiError } from "../lib/api-error.js";
import { get } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { credits, day, t } from "../lib/i18n.js";
import { account } from "../state/account.js";
import { accountEvents } from "../state/account-events.js";

/** @typedef {import("../lib/contract.js").Forecast} Forecast */
/** @typedef {import("../lib/contract.js").AccountEvent} AccountEvent */

/**
 * Fills itself when its answers arrive. It is a hint beside the balance, so where it can't be had
 * nothing is shown; a failing balance says so itself.
 *
 * @param {{signal: AbortSignal}} context
 */
export function outlook({ signal }) {
  const [lowSince, lasting] = [el("div"), el("div")];
  let asking = new AbortController();
  /** @type {number | null} the credits whose end is foretold */
  let foretold = null;

  function showLow() {
    const isLow = account.value.credits?.low_balance === true;
    lowSince.replaceChildren(...(isLow ? low(accountEvents.value ?? []) : []));
  }

  function foretell() {
    const available = account.value.credits?.available ?? null;
    if (available === foretold) return;
    foretold = available;
    asking.abort();
    asking = new AbortController();
    if (available === null || available <= 0) lasting.replaceChildren();
    else void showPace(lasting, AbortSignal.any([signal, asking.signal]));
  }

  accountEvents.subscribe(showLow, signal);
  account.subscribe(showLow, signal);
  account.subscribe(foretell, signal);
  return el("div", { class: "outlook" }, lowSince, lasting);
}

/**
 * @param {Element} place
 * @param {AbortSignal} signal
 */
async function showPace(place, signal) {
  try {
    place.replaceChildren(...pace(await get("/api/credits/forecast", { signal })));
  } catch (error) {
    if (!signal.aborted && !(error instanceof ApiError)) throw error;
  }
}

/** @param {AccountEvent[]} events newest first */
function low(events) {
  const [crossing] = events.filter((event) => event.type === "low_balance");
  if (!crossing) return [];
  const below = credits(crossing.data.threshold ?? 0);
  return [el("p", { role: "status" }, t("outlook.low", { below, day: day(crossing.created_at) }))];
}

/** @param {Forecast} forecast */
function pace({ per_day, days_left }) {
  if (per_day === null || days_left === null) return [];
  const text = t("outlook.pace", { count: days_left, pace: credits(Math.ceil(per_day)) });
  return [el("p", { class: "small" }, text)];
}

/** The outlook: how long the credits last at this pace, and whether they have run low. */
import { ApiError } from "../lib/api-error.js";
import { get } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { credits, day, t } from "../lib/i18n.js";

/** @typedef {import("../lib/contract.js").Forecast} Forecast */
/** @typedef {import("../lib/contract.js").AccountEvent} AccountEvent */

/**
 * Fills itself when its answers arrive. It is a hint beside the balance, so where it can't be had
 * nothing is shown; a failing balance says so itself.
 *
 * @param {{isLow: boolean, signal: AbortSignal}} context
 */
export function outlook({ isLow, signal }) {
  const box = el("div", { class: "outlook" });
  void fill(box, isLow, signal);
  return box;
}

/**
 * @param {Element} box
 * @param {boolean} isLow
 * @param {AbortSignal} signal
 */
async function fill(box, isLow, signal) {
  try {
    const [forecast, { events }] = await Promise.all([
      get("/api/credits/forecast", { signal }),
      get("/api/credits/events?limit=20", { signal }),
    ]);
    const parts = [isLow ? low(events) : null, pace(forecast)];
    box.replaceChildren(...parts.filter((part) => part !== null));
  } catch (error) {
    if (!signal.aborted && !(error instanceof ApiError)) throw error;
  }
}

/** @param {AccountEvent[]} events newest first */
function low(events) {
  const [crossing] = events.filter((event) => event.type === "low_balance");
  if (!crossing) return null;
  const below = credits(crossing.data.threshold ?? 0);
  return el("p", { role: "status" }, t("outlook.low", { below, day: day(crossing.created_at) }));
}

/** @param {Forecast} forecast */
function pace({ per_day, days_left }) {
  if (per_day === null || days_left === null) return null;
  return el("p", { class: "small" }, t("outlook.pace", { count: days_left, pace: credits(Math.ceil(per_day)) }));
}

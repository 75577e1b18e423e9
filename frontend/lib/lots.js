/** Lots as a reader counts them: what expires on one day is one thing. */
import { day } from "./i18n.js";

/**
 * @param {{credits: number, expires_at: string}[]} lots earliest first
 * @returns {{count: number, day: string}[]} credits and the day in words, earliest first
 */
export function byDay(lots) {
  /** @type {Map<string, number>} */
  const days = new Map();
  for (const lot of lots) {
    const when = day(lot.expires_at);
    days.set(when, (days.get(when) ?? 0) + lot.credits);
  }
  return [...days].map(([when, count]) => ({ count, day: when }));
}

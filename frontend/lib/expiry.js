/**
 * A number of days as a person would say it.
 *
 *     spanOfDays(183)  →  { unit: "month", count: 6 }
 *     spanOfDays(null) →  null (never)
 */

const DAYS_PER_MONTH = 365.25 / 12;
const SLACK_DAYS = 3; // Six months are 181 to 184 days, or 180 as many write it.

/**
 * @param {number | null} days
 * @returns {{unit: "day" | "month" | "year", count: number} | null}
 */
export function spanOfDays(days) {
  if (days === null) return null;
  const months = Math.round(days / DAYS_PER_MONTH);
  const isWholeMonths = months > 0 && Math.abs(days - months * DAYS_PER_MONTH) <= SLACK_DAYS;
  if (!isWholeMonths) return { unit: "day", count: days };
  return months % 12 === 0 ? { unit: "year", count: months / 12 } : { unit: "month", count: months };
}

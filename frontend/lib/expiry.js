/**
 * A number of days as a person would say it.
 *
 *     spanOfDays(183)  →  { unit: "month", count: 6 }
 *     spanOfDays(28)   →  { unit: "day", count: 28 }
 *     spanOfDays(null) →  null (never)
 */

const DAYS_PER_MONTH = 365.25 / 12;
const DAYS_SHORT_MAX = 3; // Six months are 181 to 184 days, or 180 as many write it.
const DAYS_LONG_MAX = 1.5;

/**
 * @param {number | null} days
 * @returns {{unit: "day" | "month" | "year", count: number} | null}
 */
export function spanOfDays(days) {
  if (days === null) return null;
  const months = Math.round(days / DAYS_PER_MONTH);
  if (!areMonths(days, months)) return { unit: "day", count: days };
  return months % 12 === 0 ? { unit: "year", count: months / 12 } : { unit: "month", count: months };
}

/**
 * Nobody is promised a month, or a year, that ends before he would think.
 * @param {number} days
 * @param {number} months
 */
function areMonths(days, months) {
  const shortest = months % 12 === 0 ? (months / 12) * 365 : months * 30;
  const over = days - months * DAYS_PER_MONTH;
  return months > 0 && days >= shortest && over >= -DAYS_SHORT_MAX && over <= DAYS_LONG_MAX;
}

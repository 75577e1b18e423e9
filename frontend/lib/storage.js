/**
 * Remembers small choices (language, currency) in this browser. Where the browser forbids storage,
 * they last as long as the page.
 */

/** @type {Map<string, string>} */
const forThisPage = new Map();

/**
 * @param {string} name
 * @param {string} value
 */
export function remember(name, value) {
  forThisPage.set(name, value);
  try {
    localStorage.setItem(`topup.${name}`, value);
  } catch (error) {
    console.info(`Topup: ${name} is kept for this page only`, error);
  }
}

/**
 * @param {string} name
 * @returns {string | null}
 */
export function recall(name) {
  const kept = forThisPage.get(name);
  if (kept !== undefined) return kept;
  try {
    return localStorage.getItem(`topup.${name}`);
  } catch {
    return null; // Storage is forbidden here: nothing was remembered.
  }
}

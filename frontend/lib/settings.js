/**
 * What the embedding app told us, see `configure` in topup.js. The API is expected where our own
 * modules came from.
 */

/**
 * @typedef {(options: {refresh: boolean}) => Promise<string | null> | string | null} TokenGetter
 * @typedef {object} Settings
 * @property {string} apiBase origin of the API, without a slash at its end
 * @property {TokenGetter | null} getAccessToken null: Topup signs people in by itself
 */

/** @type {Settings} */
export const settings = {
  apiBase: new URL(import.meta.url).origin,
  getAccessToken: null,
};

/**
 * The only place that fetches.
 *
 *     const credits = await get("/api/credits");
 *     const session = await post("/api/stripe/create-checkout-session", body, { idempotencyKey });
 *     const file = await download("/api/credits/transactions?format=csv");
 *
 * Throws ApiError, always with a code; a caller's own abort comes through as AbortError. A 401
 * renews the session once and asks again.
 */
import { ApiError } from "./api-error.js";
import { settings } from "./settings.js";

const TIMEOUT_MS = 15_000;

/**
 * @typedef {object} TokenSource where access tokens come from
 * @property {() => Promise<string | null>} current
 * @property {() => Promise<string | null>} renew
 * @property {() => void} refused the server took neither token
 */

/**
 * @typedef {object} RequestOptions
 * @property {string} [method]
 * @property {unknown} [body] sent as JSON
 * @property {string} [idempotencyKey]
 * @property {number} [timeoutMs]
 * @property {boolean} [anonymous] true: send no token
 * @property {RequestCache} [cache]
 * @property {AbortSignal} [signal]
 */

/** @type {TokenSource} */
let tokens = { current: async () => null, renew: async () => null, refused: () => undefined };

/** @param {TokenSource} source */
export function authenticateWith(source) {
  tokens = source;
}

/**
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
export async function get(path, options = {}) {
  return readJson(await request(path, options));
}

/**
 * @param {string} path
 * @param {unknown} [body]
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
export async function post(path, body = {}, options = {}) {
  return readJson(await request(path, { ...options, method: "POST", body }));
}

/**
 * @param {string} path
 * @param {unknown} body
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
export async function put(path, body, options = {}) {
  return readJson(await request(path, { ...options, method: "PUT", body }));
}

/**
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<any>}
 */
export async function remove(path, options = {}) {
  return readJson(await request(path, { ...options, method: "DELETE" }));
}

/**
 * A file behind the token, which a plain link could not send.
 * @param {string} path
 * @returns {Promise<Blob>}
 */
export async function download(path) {
  return read(await request(path, { timeoutMs: 60_000 }), (response) => response.blob());
}

/**
 * @param {string} path
 * @param {RequestOptions} options
 */
async function request(path, options) {
  const token = options.anonymous ? null : await tokens.current();
  let response = await send(path, options, token);
  if (response.status === 401 && token) {
    const renewed = await tokens.renew();
    if (renewed) response = await send(path, options, renewed);
    if (response.status === 401) tokens.refused();
  }
  if (!response.ok) throw await ApiError.from(response);
  return response;
}

/**
 * @param {string} path
 * @param {RequestOptions} options
 * @param {string | null} token
 */
function send(path, options, token) {
  const headers = new Headers({ Accept: "application/json, text/csv" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (options.idempotencyKey) headers.set("Idempotency-Key", options.idempotencyKey);
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  return timedFetch(
    settings.apiBase + path,
    {
      method: options.method ?? "GET",
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      credentials: "omit",
      cache: options.cache ?? "default",
      signal: options.signal ?? null,
    },
    options.timeoutMs,
  );
}

/**
 * `fetch` that gives up. Also handed to auth-js, so that its calls end too.
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 * @param {number} [timeoutMs]
 */
export async function timedFetch(input, init = {}, timeoutMs = TIMEOUT_MS) {
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit;
  try {
    return await fetch(input, { ...init, signal });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError({ code: limit.aborted ? "timeout" : "network" });
  }
}

/** @param {Response} response */
function readJson(response) {
  return read(response, (complete) => complete.json());
}

/**
 * The body, which can break off as the head can.
 * @template Body
 * @param {Response} response
 * @param {(response: Response) => Promise<Body>} decode
 * @returns {Promise<Body>}
 */
async function read(response, decode) {
  try {
    return await decode(response);
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    if (name === "AbortError") throw error;
    if (name === "SyntaxError") throw new ApiError({ code: "bad_response", status: response.status });
    throw new ApiError({ code: name === "TimeoutError" ? "timeout" : "network" });
  }
}

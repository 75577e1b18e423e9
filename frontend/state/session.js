/**
 * Who is here. Either Topup signs people in by itself, with Supabase's auth-js, or the embedding
 * app has a session already and lends its token (`configure({ getAccessToken })`).
 *
 *     session.subscribe(({ status, email }) => …, signal);
 *     await signIn(email, password);          // throws AuthError
 */
import { ApiError } from "../lib/api-error.js";
import { authenticateWith, timedFetch } from "../lib/api.js";
import { sameOr } from "../lib/same.js";
import { settings } from "../lib/settings.js";
import { Store } from "../lib/store.js";
import { loadConfig } from "./config.js";

/**
 * @typedef {object} Session
 * @property {"unknown" | "signed-out" | "signed-in"} status
 * @property {string} user a name for whose session it is, to notice when it changes hands
 * @property {string} email empty when the embedding app keeps the session
 * @property {ApiError | null} error why the status is still unknown
 */

/** @type {Session} */
const UNKNOWN = { status: "unknown", user: "", email: "", error: null };

/** @type {Session} */
const SIGNED_OUT = { ...UNKNOWN, status: "signed-out" };

export const session = new Store(UNKNOWN);

/** @type {Promise<import("../vendor/auth-js.js").GoTrueClient> | null} */
let client = null;

export function isLentByHost() {
  return settings.getAccessToken !== null;
}

/** Finds out who is here. The embedding app calls it again after its own sign-in or sign-out. */
export async function findSession() {
  try {
    if (isLentByHost()) await hostToken(false);
    else await ownClient();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    session.patch({ error });
  }
}

/**
 * @param {string} email
 * @param {string} password
 */
export async function signIn(email, password) {
  const { error } = await (await ownClient()).signInWithPassword({ email, password });
  if (error) throw error;
}

/**
 * @param {string} email
 * @param {string} password
 * @returns {Promise<boolean>} false: the address must be confirmed by e-mail first
 */
export async function signUp(email, password) {
  const { data, error } = await (await ownClient()).signUp({ email, password });
  if (error) throw error;
  return data.session !== null;
}

export async function signOut() {
  const { error } = await (await ownClient()).signOut({ scope: "local" });
  if (error) throw error;
}

authenticateWith({
  current: async () => (isLentByHost() ? hostToken(false) : ownToken()),
  renew: async () => (isLentByHost() ? hostToken(true) : renewedOwnToken()),
  refused: () => session.set(SIGNED_OUT),
});

/** @param {boolean} refresh */
async function hostToken(refresh) {
  const token = await lentToken(refresh);
  become(token ? { ...SIGNED_OUT, status: "signed-in", user: subject(token) } : SIGNED_OUT);
  return token;
}

/** A renewed token of the same user is no news. @param {Session} found */
function become(found) {
  session.set(sameOr(session.value, found));
}

/** An app that fails to lend one hears of it; here it is as if nobody could be asked. @param {boolean} refresh */
async function lentToken(refresh) {
  try {
    return (await settings.getAccessToken?.({ refresh })) ?? null;
  } catch (error) {
    reportError(error);
    throw new ApiError({ code: "network" });
  }
}

/** Whose token it is; read, not verified: that is the server's work. @param {string} token */
function subject(token) {
  try {
    const payload = token.split(".")[1] ?? "";
    return String(JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))).sub);
  } catch {
    return "host"; // Not a JWT we can read; the server judges it.
  }
}

async function ownToken() {
  const { data } = await (await ownClient()).getSession();
  return data.session?.access_token ?? null;
}

async function renewedOwnToken() {
  const { data } = await (await ownClient()).refreshSession();
  return data.session?.access_token ?? null;
}

function ownClient() {
  client ??= createClient().catch((error) => {
    client = null; // The configuration could not be had; the next one asks again.
    throw error;
  });
  return client;
}

async function createClient() {
  const [{ AuthClient }, { supabase }] = await Promise.all([loadAuth(), loadConfig()]);
  const created = new AuthClient({
    url: `${supabase.url}/auth/v1`,
    headers: { apikey: supabase.anon_key },
    storageKey: "topup.session",
    fetch: timedFetch,
  });
  created.onAuthStateChange((_, found) => {
    become(
      found
        ? { status: "signed-in", user: found.user.id, email: found.user.email ?? "", error: null }
        : SIGNED_OUT,
    );
  });
  await created.initialize();
  return created;
}

async function loadAuth() {
  try {
    return await import("../vendor/auth-js.js");
  } catch {
    throw new ApiError({ code: "network" });
  }
}

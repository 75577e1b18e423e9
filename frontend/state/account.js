/**
 * The signed-in user's credits and open payments, shared by badge and dialog.
 *
 *     account.subscribe(({ credits, openPayments, error }) => …, signal);
 *     await refreshAccount();
 */
import { ApiError } from "../lib/api-error.js";
import { get } from "../lib/api.js";
import { sameOr } from "../lib/same.js";
import { Store } from "../lib/store.js";
import { session } from "./session.js";

/**
 * @typedef {object} Account
 * @property {import("../lib/contract.js").Credits | null} credits null: not known (yet)
 * @property {import("../lib/contract.js").Payment[]} openPayments
 * @property {ApiError | null} error why it is not known
 */

const STALE_MS = 15_000;

/** @type {Account} */
const NOTHING = { credits: null, openPayments: [], error: null };

export const account = new Store(NOTHING);

let loadedAt = 0;
let loading = new AbortController();

/** Loads both anew; what is under way for an earlier call, or an earlier user, is dropped. */
export async function refreshAccount() {
  loading.abort();
  if (session.value.status !== "signed-in") return;
  loading = new AbortController();
  const { signal } = loading;
  try {
    const [credits, cart] = await Promise.all([
      get("/api/credits", { signal }),
      get("/api/cart/count", { signal }),
    ]);
    loadedAt = Date.now();
    const openPayments = sameOr(account.value.openPayments, cart.items);
    account.set({ credits, openPayments, error: null });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    account.patch({ error });
  }
}

/** Another tab may have bought or spent: called when the page is looked at again. */
export async function refreshStaleAccount() {
  if (document.visibilityState === "visible" && Date.now() - loadedAt > STALE_MS) {
    await refreshAccount();
  }
}

let user = "";
session.subscribe((found) => {
  if (found.user === user) return;
  user = found.user;
  loading.abort();
  account.set(NOTHING);
  void refreshAccount();
}, new AbortController().signal);

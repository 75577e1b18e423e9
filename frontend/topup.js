/**
 * Credits for a web app's header, in one module:
 *
 *     <script type="module" src="https://credits.example/topup.js"></script>
 *     <credits-badge></credits-badge>
 *     <credits-dialog></credits-dialog>         (optional: the badge makes one)
 *
 * Topup signs people in by itself. An app that has a Supabase session already lends its token, and
 * tells when somebody came or went:
 *
 *     import { configure, sessionChanged } from "https://credits.example/topup.js";
 *     configure({
 *       apiBase: "https://credits.example",          // default: where this module came from
 *       getAccessToken: async ({ refresh }) => {     // refresh: the last token was refused
 *         const { data } = await (refresh ? supabase.auth.refreshSession() : supabase.auth.getSession());
 *         return data.session?.access_token ?? null;
 *       },
 *     });
 *     supabase.auth.onAuthStateChange(() => setTimeout(sessionChanged));   // outside of its lock
 *
 * A page whose address says `?payment=<id>` opens the dialog at that payment.
 *
 * `configure` is called before the page has finished loading (any module script does). The colours
 * and the font follow custom properties, see styles/base.css.js.
 */
import { CreditsBadge } from "./elements/credits-badge.js";
import { CreditsDialog } from "./elements/credits-dialog.js";
import { openDialog } from "./elements/open-dialog.js";
import { UUID } from "./lib/address.js";
import { settings } from "./lib/settings.js";
import { findSession } from "./state/session.js";

/** @param {Partial<import("./lib/settings.js").Settings>} given */
export function configure(given) {
  Object.assign(settings, given);
}

/** The embedding app's own session began or ended. */
export const sessionChanged = findSession;

if (!customElements.get("credits-badge")) {
  customElements.define("credits-dialog", CreditsDialog);
  customElements.define("credits-badge", CreditsBadge);
  whenConfigured(async () => {
    await findSession();
    finishNamedPayment();
  });
}

/** `?payment=<id>` on the page's address: a payment that was begun inside it, and waits there. */
function finishNamedPayment() {
  const address = new URL(location.href);
  const id = address.searchParams.get("payment") ?? "";
  if (!UUID.test(id)) return;
  address.searchParams.delete("payment");
  history.replaceState(history.state, "", address); // Not again with the next reload.
  openDialog("payment", id);
}

/**
 * Waits for the page's other module scripts, so that `configure` has had its turn. A module that is
 * imported late has missed the first of the two events.
 * @param {() => void} start
 */
function whenConfigured(start) {
  if (document.readyState === "complete") return start();
  const waiting = new AbortController();
  for (const event of ["DOMContentLoaded", "load"]) {
    addEventListener(event, () => (waiting.abort(), start()), { signal: waiting.signal });
  }
}

/**
 * Credits for a web app's header, in one module:
 *
 *     <script type="module" src="https://credits.example/topup.js"></script>
 *     <credits-badge></credits-badge>
 *     <credits-dialog></credits-dialog>         (optional: the badge makes one; in <body> itself)
 *
 * Topup signs people in by itself. An app that has a Supabase session already lends its token, and
 * tells when somebody came or went:
 *
 *     import { configure, creditsChanged, sessionChanged } from "https://credits.example/topup.js";
 *     configure({
 *       apiBase: "https://credits.example",          // default: where this module came from
 *       getAccessToken: async ({ refresh }) => {     // refresh: the last token was refused
 *         const { data } = await (refresh ? supabase.auth.refreshSession() : supabase.auth.getSession());
 *         return data.session?.access_token ?? null;
 *       },
 *     });
 *     supabase.auth.onAuthStateChange(() => setTimeout(sessionChanged));   // outside of its lock
 *     creditsChanged();                                                    // the app has spent some
 *
 * Buyers come back from Stripe to the page that they left, without its query, where that has another
 * origin than Topup; else to a page of Topup's. An app on Topup's own origin that lends its token, one
 * that tells its pages apart by the query, and whoever wants another page, names it:
 * `<credits-dialog return-url="/account">`. On that page, if it has that dialog too, and
 * wherever an address says `?payment=<id>`, the dialog opens and says what became of the payment.
 *
 * `configure` is called before the page has finished loading (any module script does), or at once
 * after `await import(…)`. Both elements are light or dark as the page is, by its `color-scheme`; colours
 * and font follow custom properties, see styles/base.css.js.
 */
import { CreditsBadge } from "./elements/credits-badge.js";
import { CreditsDialog } from "./elements/credits-dialog.js";
import { openDialog } from "./elements/open-dialog.js";
import { UUID, namesOfReturn } from "./lib/address.js";
import { settings } from "./lib/settings.js";
import { refreshAccount } from "./state/account.js";
import { findSession } from "./state/session.js";

/** @param {Partial<import("./lib/settings.js").Settings>} given */
export function configure(given) {
  Object.assign(settings, given);
}

/** The embedding app's own session began or ended. */
export const sessionChanged = findSession;

/** The embedding app has spent or given credits: the badge asks anew. */
export const creditsChanged = refreshAccount;

if (!customElements.get("credits-badge")) {
  customElements.define("credits-dialog", CreditsDialog);
  customElements.define("credits-badge", CreditsBadge);
  whenConfigured(async () => {
    await findSession();
    showNamedPayment();
  });
}

/**
 * `?payment=<id>` on the page's address: a payment that was begun inside it, and waits there. Where
 * buyers come back to, `?payment_id=<id>`; who has canceled finds it among the open ones.
 */
function showNamedPayment() {
  const address = new URL(location.href);
  const named = document.querySelector("credits-dialog[return-url]")?.getAttribute("return-url") ?? null;
  const ours = ["payment", ...namesOfReturn(address, named)];
  const [id, returned, canceled] = ours.map((name) => address.searchParams.get(name));
  const shown = id ?? returned ?? "";
  if (!UUID.test(shown)) return;
  for (const name of ours) address.searchParams.delete(name);
  history.replaceState(history.state, "", address); // Not again with the next reload.
  if (!canceled) openDialog("payment", shown);
}

/**
 * Waits for the page's other module scripts, so that `configure` has had its turn. A module that is
 * imported late has missed the first of the two events.
 * @param {() => void} start
 */
function whenConfigured(start) {
  if (document.readyState === "complete") return void setTimeout(start); // whoever imported it goes first
  const waiting = new AbortController();
  for (const event of ["DOMContentLoaded", "load"]) {
    addEventListener(event, () => (waiting.abort(), start()), { signal: waiting.signal });
  }
}

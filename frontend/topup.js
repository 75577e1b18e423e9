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
 * `configure` is called before the page has finished loading (any module script does). The colours
 * and the font follow custom properties, see styles/base.css.js.
 */
import { CreditsBadge } from "./elements/credits-badge.js";
import { CreditsDialog } from "./elements/credits-dialog.js";
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
  whenConfigured(findSession);
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

/**
 * The credits in an app's header: what is available, and how many payments wait to be finished.
 * A click opens the dialog; where a bank waits for the buyer, at that payment.
 *
 *     <credits-badge></credits-badge>
 */
import { el } from "../lib/dom.js";
import { credits, language, t } from "../lib/i18n.js";
import { isInPage } from "../lib/outcome.js";
import { icon } from "../panels/icons.js";
import { account, refreshAccount, refreshStaleAccount } from "../state/account.js";
import { session } from "../state/session.js";
import { badgeStyle } from "../styles/badge.css.js";
import { base } from "../styles/base.css.js";
import { openDialog } from "./open-dialog.js";

export class CreditsBadge extends HTMLElement {
  #connected = new AbortController();
  #button = el("button", { type: "button", "aria-haspopup": "dialog", dir: "ltr", onclick: () => this.#open() });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [base, badgeStyle];
    root.append(this.#button);
  }

  connectedCallback() {
    this.#connected = new AbortController();
    const { signal } = this.#connected;
    const show = () => this.#show();
    language.subscribe(show, signal);
    session.subscribe(show, signal);
    account.subscribe(show, signal);
    document.addEventListener("visibilitychange", refreshStaleAccount, { signal });
    window.addEventListener("pageshow", (event) => event.persisted && refreshAccount(), { signal });
  }

  disconnectedCallback() {
    this.#connected.abort();
  }

  #open() {
    const urgent = this.#urgent();
    if (urgent && isInPage(urgent)) openDialog("payment", urgent.payment_id);
    else openDialog();
  }

  /** A payment that was begun without the buyer, and can't go on without him. */
  #urgent() {
    return account.value.openPayments.find((payment) => payment.requires_action);
  }

  /** Whoever never had any credits is not told that they run low. */
  #isLow() {
    const known = account.value.credits;
    return session.value.status !== "signed-out" && known?.low_balance === true && known.lifetime_granted > 0;
  }

  #show() {
    const { label, face } = this.#state();
    const waiting = account.value.openPayments.length;
    const isUrgent = this.#urgent() !== undefined;
    const todo = isUrgent ? t("badge.finish_label") : waiting > 0 ? t("open_payments.count", { count: waiting }) : "";
    this.#button.setAttribute("aria-label", [label, todo].filter(Boolean).join(", "));
    this.#button.lang = language.value;
    const isLow = this.#isLow();
    this.#button.classList.toggle("low", isLow);
    this.#button.ariaDescription = isLow ? t("badge.low") : null;
    this.#button.replaceChildren(
      icon("mark", 18),
      face,
      // Drawn by the style sheet: text would have to stand in the name as it is seen.
      ...(isUrgent ? [el("span", {
        class: "count urgent", "data-count": t("badge.finish"), "data-short": t("badge.finish_short"),
      })] : []),
      ...(waiting > 0 && !isUrgent ? [el("span", { class: "count number", "data-count": String(waiting) })] : []),
    );
  }

  /** @returns {{label: string, face: Node}} what it says, and what it shows */
  #state() {
    const { status, error: sessionError } = session.value;
    const { credits: known, error } = account.value;
    if (status === "signed-out") return { label: t("badge.buy"), face: words(t("badge.credits")) };
    if (known) {
      const available = credits(known.available);
      return { label: t("badge.label", { available }), face: el("span", { class: "number" }, available) };
    }
    if (error || sessionError) return { label: t("badge.error"), face: icon("alert", 18) };
    return { label: t("badge.loading"), face: el("span", { class: "bone" }) };
  }
}

/** @param {string} text */
function words(text) {
  return el("span", {}, text);
}

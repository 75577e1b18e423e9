/**
 * The shop in a dialog.
 *
 *     <credits-dialog></credits-dialog>
 *     <credits-dialog ui-mode="embedded" return-url="/thanks"></credits-dialog>
 *
 *     document.querySelector("credits-dialog").open();            // or open("history")
 *
 * Attributes:  ui-mode="embedded"   pay inside the dialog; otherwise on Stripe's page
 *              return-url           where the buyer comes back to, on an origin the backend allows
 * Event:       topup:sign-in-required   bubbles; someone has to sign in before paying. An app that
 *                                       lends its own session shows its own form then.
 * `<credits-badge>` makes one by itself when the page has none.
 */
import { leaveFor } from "../lib/address.js";
import { ApiError } from "../lib/api-error.js";
import { el } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { accountBar } from "../panels/account-bar.js";
import { balancePanel } from "../panels/balance.js";
import { embeddedCheckout } from "../panels/embedded-checkout.js";
import { historyPanel } from "../panels/history.js";
import { icon } from "../panels/icons.js";
import { languageChoice } from "../panels/language-choice.js";
import { packagesPanel } from "../panels/packages.js";
import { signInPanel } from "../panels/sign-in.js";
import { summary } from "../panels/summary.js";
import { tabs } from "../panels/tabs.js";
import { refreshAccount } from "../state/account.js";
import { catalog, chosenPackage, loadCatalog } from "../state/catalog.js";
import { createHostedCheckout } from "../state/checkout.js";
import { findSession, session } from "../state/session.js";
import { base } from "../styles/base.css.js";
import { dialogStyle } from "../styles/dialog.css.js";
import { panelStyle } from "../styles/panels.css.js";

/**
 * @typedef {import("../lib/contract.js").Package} Package
 * @typedef {"buy" | "balance" | "history"} Tab
 * @typedef {Tab | "sign-in" | "checkout"} View what the dialog shows
 */

export class CreditsDialog extends HTMLElement {
  /** @type {View} */ #view = "buy";
  #wantsToPay = false;
  #connected = new AbortController();
  #shown = new AbortController();
  #dialog = el("dialog", { "aria-labelledby": "title", onclose: () => this.#closed() });
  #frame = el("div", { class: "frame" });
  #status = el("p", { class: "visually-hidden", role: "status" });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [base, dialogStyle, panelStyle];
    root.append(this.#dialog);
    this.#dialog.append(this.#frame, this.#status);
    this.#dialog.addEventListener("pointerdown", (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // The backdrop.
    });
  }

  connectedCallback() {
    this.#connected = new AbortController();
    const { signal } = this.#connected;
    let spoken = language.value;
    language.subscribe((tag) => {
      if (tag === spoken) return;
      spoken = tag;
      if (this.#dialog.open) this.#speakAnew();
    }, signal);
    let status = session.value.status;
    session.subscribe((found) => {
      if (found.status === status) return;
      status = found.status;
      if (this.#dialog.open) this.#sessionChanged();
    }, signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
    this.#shown.abort();
  }

  /** @param {View} [view] */
  open(view = "buy") {
    this.#wantsToPay = false;
    this.#show(view);
    if (!this.#dialog.open) this.#dialog.showModal();
    document.documentElement.style.overflow = "hidden";
    if (session.value.status === "unknown") void findSession();
    void loadCatalog();
    void refreshAccount();
  }

  #closed() {
    this.#shown.abort();
    this.#frame.replaceChildren();
    document.documentElement.style.overflow = "";
  }

  #speakAnew() {
    this.#show(this.#view, "#language");
    void loadCatalog();
  }

  /** Signing out leads back to the shop; signing in while the form is shown leads on from it. */
  #sessionChanged() {
    const isHere = session.value.status === "signed-in";
    if (isHere && this.#view === "sign-in") this.#signedIn();
    else if (this.#view !== "sign-in") this.#show("buy", "#title");
    if (session.value.status === "signed-out") this.#announce(t("account.signed_out"));
  }

  #signedIn() {
    const payAtOnce = this.#wantsToPay && chosenPackage() !== null;
    this.#show("buy", "#title", payAtOnce);
    this.#wantsToPay = false;
  }

  /** @param {boolean} wantsToPay */
  #askSignIn(wantsToPay) {
    this.#wantsToPay = wantsToPay;
    this.dispatchEvent(new CustomEvent("topup:sign-in-required", { bubbles: true, composed: true }));
    this.#show("sign-in", ["input", "#title"]); // no input where the host app signs people in
  }

  /**
   * @param {View} view
   * @param {string | string[]} [focus] selector of what gets the focus, or several in order of preference
   * @param {boolean} [payAtOnce]
   */
  #show(view, focus, payAtOnce = false) {
    this.#shown.abort();
    this.#shown = new AbortController();
    this.#view = view;
    this.#dialog.lang = language.value;
    this.#announce("");
    const isTab = view === "buy" || view === "balance" || view === "history";
    this.#frame.replaceChildren(
      this.#header(isTab),
      el(
        "div",
        { class: "scroll" },
        isTab && summary({ signal: this.#shown.signal }),
        isTab && session.value.status === "signed-in" && this.#tabs(view),
        this.#panel(view, payAtOnce),
        el(
          "div",
          { class: "foot" },
          isTab && accountBar({ signal: this.#shown.signal, askSignIn: () => this.#askSignIn(false) }),
          languageChoice(),
        ),
      ),
    );
    const [found] = [focus ?? []].flat().map((wanted) => this.#frame.querySelector(wanted)).filter(Boolean);
    if (found instanceof HTMLElement) found.focus();
  }

  /** @param {boolean} isTab */
  #header(isTab) {
    return el(
      "div",
      { class: "head" },
      isTab
        ? el("span", { class: "mark" }, icon("mark"))
        : iconButton("back", t("dialog.back"), () => this.#show("buy", "#title")),
      el("h2", { id: "title", tabindex: "-1", autofocus: true }, t("dialog.title")),
      this.#testMode(),
      iconButton("close", t("dialog.close"), () => this.#dialog.close()),
    );
  }

  #testMode() {
    const hint = t("dialog.test_mode.hint");
    const tag = el("span", { class: "tag quiet", title: hint }, t("dialog.test_mode"));
    catalog.subscribe(({ config }) => {
      tag.hidden = config?.environment !== "test";
    }, this.#shown.signal);
    return tag;
  }

  /** @param {Tab} chosen */
  #tabs(chosen) {
    return tabs({
      label: t("dialog.sections"),
      tabs: /** @type {[Tab, string][]} */ ([
        ["buy", t("tab.buy")],
        ["balance", t("tab.balance")],
        ["history", t("tab.history")],
      ]),
      chosen,
      controls: "panel",
      onChoose: (name) => this.#show(name, `#tab-${name}`),
    });
  }

  /**
   * @param {View} view
   * @param {boolean} payAtOnce
   */
  #panel(view, payAtOnce) {
    const context = {
      signal: this.#shown.signal,
      announce: (/** @type {string} */ text) => this.#announce(text),
    };
    const isTabbed = session.value.status === "signed-in" && view !== "sign-in" && view !== "checkout";
    const role = isTabbed ? { role: "tabpanel", "aria-labelledby": `tab-${view}` } : {};
    return el("div", { class: "panel", id: "panel", ...role }, this.#content(view, context, payAtOnce));
  }

  /**
   * @param {View} view
   * @param {{signal: AbortSignal, announce: (text: string) => void}} context
   * @param {boolean} payAtOnce
   */
  #content(view, context, payAtOnce) {
    switch (view) {
      case "buy":
        return packagesPanel({ ...context, payAtOnce, pay: (offer) => this.#pay(offer) });
      case "balance":
        return balancePanel(context);
      case "history":
        return historyPanel(context);
      case "sign-in":
        return signInPanel({
          done: () => this.#view === "sign-in" && this.#signedIn(),
          hint: this.#wantsToPay ? t("account.continue_to_pay") : "",
        });
      case "checkout":
        return this.#checkout(context.signal);
    }
  }

  /** @param {AbortSignal} signal */
  #checkout(signal) {
    const offer = chosenPackage();
    if (!offer) throw new Error("a checkout is only shown for a chosen package");
    return embeddedCheckout({
      signal,
      host: this,
      offer,
      returnUrl: this.#returnUrl,
      payHosted: () => this.#payHosted(offer),
    });
  }

  /** @param {Package} offer */
  async #pay(offer) {
    if (session.value.status !== "signed-in") return this.#askSignIn(true);
    if (this.getAttribute("ui-mode") === "embedded") return this.#show("checkout", "#title");
    try {
      await this.#payHosted(offer);
    } catch (error) {
      if (error instanceof ApiError && error.code === "unauthorized") return this.#askSignIn(true);
      throw error;
    }
  }

  /** @param {Package} offer */
  async #payHosted(offer) {
    const { url } = await createHostedCheckout(offer, this.#returnUrl);
    leaveFor(url);
    await untilPageIsLeft();
  }

  get #returnUrl() {
    return this.getAttribute("return-url");
  }

  /** @param {string} text read out by screen readers */
  #announce(text) {
    this.#status.textContent = text;
  }
}

/** The browser shows this page until Stripe's arrives: stay busy meanwhile, though not for ever. */
function untilPageIsLeft() {
  return new Promise((resolve) => setTimeout(resolve, 10_000));
}

/**
 * @param {"close" | "back"} name
 * @param {string} label
 * @param {() => void} onclick
 */
function iconButton(name, label, onclick) {
  return el("button", { type: "button", class: "button icon", "aria-label": label, onclick }, icon(name));
}

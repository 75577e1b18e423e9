/**
 * The shop in a dialog.
 *
 *     <credits-dialog></credits-dialog>
 *     <credits-dialog ui-mode="elements" return-url="/thanks"></credits-dialog>
 *
 *     document.querySelector("credits-dialog").open();            // or open("history")
 *
 * Attributes:  ui-mode       "hosted" (default): pay on Stripe's page
 *                            "embedded": Stripe's page inside the dialog
 *                            "elements": our own form, for saved cards and new ones
 *              return-url    where the buyer comes back to, on an origin the backend allows; without
 *                            it the page itself, or where that is the backend's, a page of Topup's
 * Event:       topup:sign-in-required   bubbles; someone has to sign in before paying. An app that
 *                                       lends its own session shows its own form then, in a dialog
 *                                       of its own (`showModal()`): this one stays open below it.
 * `<credits-badge>` makes one by itself when the page has none.
 */
import { leaveFor, returnAddress } from "../lib/address.js";
import { ApiError } from "../lib/api-error.js";
import { el, focusedElement } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { lockPage } from "../lib/page-lock.js";
import { accountBar } from "../panels/account-bar.js";
import { balancePanel } from "../panels/balance.js";
import { dialogHead } from "../panels/dialog-head.js";
import { dialogTabs, TABS } from "../panels/dialog-tabs.js";
import { embeddedCheckout } from "../panels/embedded-checkout.js";
import { historyPanel } from "../panels/history.js";
import { languageChoice } from "../panels/language-choice.js";
import { packagesPanel } from "../panels/packages.js";
import { paymentPanel } from "../panels/payment.js";
import { signInPanel } from "../panels/sign-in.js";
import { summary } from "../panels/summary.js";
import { walletPanel } from "../panels/wallet.js";
import { refreshAccount } from "../state/account.js";
import { chosenPackage, loadCatalog } from "../state/catalog.js";
import { begunBefore, createHostedCheckout, openEmbeddedCheckout, uiModeFor } from "../state/checkout.js";
import { InPagePayment } from "../state/in-page-payment.js";
import { findSession, session } from "../state/session.js";
import { learnWhetherHasPlan } from "../state/subscriptions.js";
import { base } from "../styles/base.css.js";
import { dialogStyle } from "../styles/dialog.css.js";
import { panelStyle } from "../styles/panels.css.js";
import { paymentStyle } from "../styles/payment.css.js";
import { screenStyle } from "../styles/screen.css.js";
import { walletStyle } from "../styles/wallet.css.js";
import { stepAside } from "./step-aside.js";

/**
 * @typedef {import("../lib/contract.js").Package} Package
 * @typedef {import("../panels/dialog-tabs.js").Tab} Tab
 * @typedef {Tab | "sign-in" | "checkout" | "payment"} View what the dialog shows
 * @typedef {object} Context of a panel
 * @property {AbortSignal} signal ends when something else is shown
 * @property {(text: string) => void} announce
 * @property {(tab: Tab) => void} goTo
 */

/** @type {View[]} */
const PAYING = ["checkout", "payment"];

export class CreditsDialog extends HTMLElement {
  /** @type {View} */ #view = "buy";
  /** @type {Tab} what signing in leads to */ #wanted = "buy";
  #wantsToPay = false;
  /** @type {Package | null} what is paid in the dialog */ #offer = null;
  /** @type {InPagePayment | null} the one of the view "payment" */ #payment = null;
  /** @type {HTMLElement | null} what had the focus before */ #opener = null;
  /** who was signed in last; empty: what a visitor wants is for whoever signs in */ #user = "";
  /** @type {(() => void) | null} */ #unlockPage = null;
  #connected = new AbortController();
  #shown = new AbortController();
  #dialog = el("dialog", { "aria-labelledby": "title", dir: "ltr", onclose: () => this.#closed() });
  #frame = el("div", { class: "frame" });
  #status = el("p", { class: "visually-hidden", role: "status" });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [base, screenStyle, dialogStyle, panelStyle, paymentStyle, walletStyle];
    root.append(this.#dialog, el("div", { class: "veil" }));
    this.#dialog.append(this.#frame, this.#status);
    this.#dialog.addEventListener("mousedown", ({ target, detail }) => {
      const isSecondPress = detail > 1; // of a double click on what has opened the dialog
      if (target === this.#dialog && !isSecondPress && !this.#asks()) this.#dialog.close();
    });
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.#dialog.matches(":modal")) this.#dialog.close();
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
    let before = session.value;
    session.subscribe((found) => {
      const was = before;
      before = found;
      if (found.user && found.user !== this.#user) this.#handOver(found.user);
      else if (found.status === was.status) return;
      if (this.#dialog.open) this.#sessionChanged(was.status);
    }, signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
    this.#dialog.close();
    this.#shown.abort();
    this.#unlock();
  }

  #unlock() {
    this.#unlockPage?.();
    this.#unlockPage = null;
  }

  /**
   * @param {View} [view]
   * @param {string} [paymentId] of the view "payment": one that waits to be finished
   */
  open(view = "buy", paymentId = "") {
    this.#wanted = asTab(view);
    this.#wantsToPay = false;
    this.#payment = view === "payment" ? InPagePayment.begun(paymentId) : null;
    this.#show(this.#mayShow(view));
    if (!this.#dialog.open) {
      this.#opener = focusedElement();
      this.#dialog.showModal();
    }
    this.#unlockPage ??= lockPage();
    if (session.value.status === "unknown") void findSession();
    void loadCatalog();
    void refreshAccount();
  }

  #closed() {
    if (this.#dialog.open) return; // It only stepped aside.
    this.#shown.abort();
    this.#payment = null;
    this.#frame.replaceChildren();
    this.#unlock();
    // The browser does it too, unless the focus was in a window of Stripe's meanwhile.
    if (focusedElement() === document.body) this.#opener?.focus();
  }

  /** There may be something in a form that a press beside it must not throw away. */
  #asks() {
    return !TABS.includes(this.#view) || this.#frame.querySelector(".wallet form") !== null;
  }

  #speakAnew() {
    this.#show(this.#view, "#language");
    void loadCatalog();
  }

  /** A visitor sees the shop, and signs in for the rest. @param {View} view @returns {View} */
  #mayShow(view) {
    return session.value.status === "signed-out" && view !== "buy" ? "sign-in" : view;
  }

  /**
   * Signing out leads back to the shop, or in the midst of paying to the form; signing in while the
   * form is shown leads on from it.
   * @param {string} before the session's status
   */
  #sessionChanged(before) {
    const { status } = session.value;
    const isOut = before === "signed-in" && status === "signed-out";
    if (isOut && this.#isPaying) return this.#askSignIn(true);
    if (isOut) this.#payment = null;
    if (status === "signed-in" && this.#view === "sign-in") this.#signedIn();
    else if (before === "unknown") this.#show(this.#mayShow(this.#view), "#title");
    else if (this.#view !== "sign-in") this.#show("buy", "#title");
    if (isOut) this.#announce(t("account.signed_out"));
  }

  get #isPaying() {
    return PAYING.includes(this.#view) && !this.#payment?.isOver;
  }

  /** What somebody else was about to pay is nothing for this one. @param {string} user */
  #handOver(user) {
    if (this.#user) {
      this.#payment = null;
      this.#wantsToPay = false;
    }
    this.#user = user;
  }

  #signedIn() {
    const payAtOnce = this.#wantsToPay && chosenPackage() !== null;
    this.#wantsToPay = false;
    if (this.#payment) this.#show("payment", "#title");
    else this.#show(this.#wanted, "#title", payAtOnce);
  }

  /** @param {boolean} wantsToPay */
  #askSignIn(wantsToPay) {
    this.#wanted = "buy";
    this.#wantsToPay = wantsToPay;
    this.dispatchEvent(new CustomEvent("topup:sign-in-required", { bubbles: true, composed: true }));
    this.#show("sign-in", ["input", "#title"]); // no input where the host app signs people in
    this.#announce(this.#whySignIn);
  }

  get #whySignIn() {
    if (!this.#wantsToPay) return "";
    return t(this.#user ? "account.session_ended" : "account.continue_to_pay");
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
    const isTab = TABS.includes(view);
    this.#frame.replaceChildren(
      this.#header(isTab),
      el(
        "div",
        { class: "scroll" },
        isTab && summary({ signal: this.#shown.signal }),
        isTab && session.value.status === "signed-in" && dialogTabs({
          signal: this.#shown.signal,
          chosen: /** @type {Tab} */ (view),
          onChoose: (tab) => this.#goTo(tab),
        }),
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
    return dialogHead({
      signal: this.#shown.signal,
      title: t(isTab || this.#view === "sign-in" ? "dialog.title" : "pay.title"),
      back: isTab ? null : () => this.#toShop(),
      close: () => this.#dialog.close(),
    });
  }

  /** @param {Tab} tab */
  #goTo(tab) {
    this.#show(tab, `#tab-${tab}`);
  }

  #toShop() {
    this.#payment = null;
    this.#show("buy", "#title");
  }

  /**
   * @param {View} view
   * @param {boolean} payAtOnce
   */
  #panel(view, payAtOnce) {
    const { signal } = this.#shown;
    /** @type {Context} */
    const context = {
      signal,
      announce: (text) => !signal.aborted && this.#announce(text),
      goTo: (tab) => this.#goTo(tab),
    };
    const isTabbed = session.value.status === "signed-in" && TABS.includes(view);
    const role = isTabbed ? { role: "tabpanel", "aria-labelledby": `tab-${view}` } : {};
    return el("div", { class: "panel", id: "panel", tabindex: "-1", ...role }, this.#content(view, context, payAtOnce));
  }

  /**
   * @param {View} view
   * @param {Context} context
   * @param {boolean} payAtOnce
   */
  #content(view, context, payAtOnce) {
    switch (view) {
      case "buy":
        return packagesPanel({
          ...context,
          payAtOnce,
          pay: (offer) => this.#pay(offer),
          finish: (id) => this.#finish(id),
        });
      case "balance":
        return balancePanel(context);
      case "wallet":
        return walletPanel({ ...context, ...this.#forStripe() });
      case "history":
        return historyPanel(context);
      case "sign-in":
        return signInPanel({
          done: () => this.#view === "sign-in" && this.#signedIn(),
          hint: this.#whySignIn,
        });
      case "checkout":
        return this.#checkout(context.signal);
      case "payment":
        return this.#paymentPanel(context);
    }
  }

  /** What panels need in which Stripe.js works. */
  #forStripe() {
    return {
      host: this,
      /** @type {<T>(work: () => Promise<T>) => Promise<T>} */
      aside: (work) => this.#keepLanguage(() => stepAside(this.#dialog, this, this.#shown.signal, work)),
      close: () => this.#dialog.close(),
    };
  }

  /**
   * Another language would draw the form anew, and lose what is under way in it.
   * @template T
   * @param {() => Promise<T>} work
   */
  async #keepLanguage(work) {
    const choice = /** @type {HTMLSelectElement} */ (this.#frame.querySelector("#language"));
    choice.disabled = true;
    try {
      return await work();
    } finally {
      choice.disabled = false;
    }
  }

  /** @param {Context} context */
  #paymentPanel(context) {
    const payment = this.#payment;
    if (!payment) throw new Error("the view of a payment needs one");
    const offer = this.#offer;
    return paymentPanel({
      ...context,
      ...this.#forStripe(),
      payment,
      returnUrl: this.#returnUrl,
      payHosted: offer && !payment.id ? () => this.#payHosted(offer) : null,
      askSignIn: () => this.#askSignIn(true),
      leave: () => this.#toShop(),
    });
  }

  /** Takes up a payment that waits to be finished. @param {string} id */
  #finish(id) {
    this.#payment = InPagePayment.begun(id);
    this.#show("payment", "#title");
  }

  /** @param {AbortSignal} signal */
  #checkout(signal) {
    const offer = this.#offer;
    if (!offer) throw new Error("a checkout needs to know for what");
    return embeddedCheckout({
      signal,
      host: this,
      getSecret: async () => (await openEmbeddedCheckout(offer, this.#returnUrl, signal)).client_secret,
      payHosted: () => this.#payHosted(offer),
    });
  }

  /** @param {Package} offer */
  async #pay(offer) {
    this.#payment = null;
    this.#offer = offer;
    this.#user = session.value.user;
    if (session.value.status !== "signed-in") return this.#askSignIn(true);
    const { signal } = this.#shown;
    const hasIt = offer.kind === "subscription" && (await learnWhetherHasPlan(offer.id));
    if (signal.aborted) return;
    if (hasIt) return this.#goTo("wallet");
    const uiMode = uiModeFor(offer, this.getAttribute("ui-mode"));
    if (uiMode === "embedded") return this.#show("checkout", "#title");
    try {
      const begun = await begunBefore(offer, uiMode, signal);
      if (signal.aborted) return;
      if (uiMode === "elements") return begun ? this.#finish(begun.payment_id) : this.#begin(offer);
      await (begun?.payment_url ? leaveTo(begun.payment_url) : this.#payHosted(offer));
    } catch (error) {
      if (error instanceof ApiError && error.code === "unauthorized") return this.#askSignIn(true);
      throw error;
    }
  }

  /** @param {Package} offer */
  #begin(offer) {
    this.#payment = InPagePayment.of(offer);
    this.#show("payment", "#title");
  }

  /** @param {Package} offer */
  async #payHosted(offer) {
    const { signal } = this.#shown;
    const { url } = await createHostedCheckout(offer, this.#returnUrl);
    if (signal.aborted) return refreshAccount(); // Nobody waits for it: it can be paid later.
    await leaveTo(url);
  }

  get #returnUrl() {
    return returnAddress(this.getAttribute("return-url"));
  }

  /** @param {string} text read out by screen readers */
  #announce(text) {
    this.#status.textContent = text;
  }
}

/** @param {View} view @returns {Tab} */
function asTab(view) {
  return TABS.includes(view) ? /** @type {Tab} */ (view) : "buy";
}

/**
 * The browser shows this page until Stripe's arrives: stay busy meanwhile, though not for ever.
 * @param {string | null} address
 */
function leaveTo(address) {
  leaveFor(address);
  return new Promise((resolve) => setTimeout(resolve, 10_000));
}

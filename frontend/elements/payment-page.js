/**
 * What the success page and the cancel page have in common: they show one payment, named in the
 * address as `?payment_id=…`, to its owner, who may have to sign in first.
 *
 *     class PaymentResult extends PaymentPage { async showPayment(id, signal) { … } }
 */
import { UUID } from "../lib/address.js";
import { ApiError } from "../lib/api-error.js";
import { el, keepFocus } from "../lib/dom.js";
import { explain } from "../lib/explain.js";
import { language, t, together } from "../lib/i18n.js";
import { paidFigures, paidText } from "../panels/payment-outcome.js";
import { screen, show } from "../panels/screen.js";
import { signInPanel } from "../panels/sign-in.js";
import { homeWay, receiptWay, way } from "../panels/ways.js";
import { findSession, session } from "../state/session.js";
import { base } from "../styles/base.css.js";
import { panelStyle } from "../styles/panels.css.js";
import { screenStyle } from "../styles/screen.css.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */

export class PaymentPage extends HTMLElement {
  #connected = new AbortController();
  #shown = new AbortController();
  #root = this.attachShadow({ mode: "open" });
  #said = "";

  connectedCallback() {
    this.#connected = new AbortController();
    this.#root.adoptedStyleSheets = [base, panelStyle, screenStyle];
    const { signal } = this.#connected;
    session.subscribe(() => this.#start(), signal);
    language.subscribe(() => this.#start(), signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
    this.#shown.abort();
  }

  /**
   * @param {string} _id
   * @param {AbortSignal} _signal ends when something else is to be shown
   * @returns {Promise<void>}
   */
  async showPayment(_id, _signal) {
    throw new Error("a payment page says how it shows its payment");
  }

  /** @returns {{title: string, text: string}} what it says to a visitor who is not signed in */
  visitorTexts() {
    return { title: t("payment.sign_in"), text: t("payment.sign_in.text") };
  }

  /** @param {import("../panels/screen.js").Shown} shown */
  say(shown) {
    const said = JSON.stringify([shown.title, shown.text]);
    if (said === this.#said) return; // Asked again and nothing new: keep the focus, stay quiet.
    this.#said = said;
    const section = this.#root.querySelector("section");
    keepFocus(
      this.#root,
      () => section ? show(section, shown) : this.#root.append(screen(shown)),
      () => this.#root.querySelector("h1"),
    );
  }

  /** @param {Payment} payment */
  sayPaid(payment) {
    this.say({
      tone: "good",
      title: t("payment.succeeded"),
      text: paidText(payment),
      figures: paidFigures(payment),
      ways: [homeWay("primary"), receiptWay(payment)],
    });
  }

  /** @param {unknown} error */
  sayProblem(error) {
    const isUnknown = error instanceof ApiError && ["not_found", "validation_error"].includes(error.code);
    if (isUnknown) return this.#sayUnknown();
    this.#sayUnreachable(error, () => this.#start());
  }

  /** Looks at the payment anew. */
  restart() {
    this.#start();
  }

  #start() {
    this.#shown.abort();
    this.#shown = new AbortController();
    this.lang = language.value;
    const id = new URLSearchParams(location.search).get("payment_id") ?? "";
    const { status, error } = session.value;
    if (!UUID.test(id)) return this.#sayUnknown();
    if (status === "signed-out") return this.#askSignIn();
    this.say({ tone: "waiting", title: t("payment.checking"), text: t("payment.checking.text") });
    if (status === "signed-in") void this.#follow(id, this.#shown.signal);
    else if (error) this.#sayNoSession(error);
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async #follow(id, signal) {
    try {
      await this.showPayment(id, signal);
    } catch (error) {
      if (!signal.aborted) this.sayProblem(error);
    }
  }

  /** @param {ApiError} error */
  #sayNoSession(error) {
    this.#sayUnreachable(error, findSession);
  }

  /**
   * @param {unknown} error
   * @param {() => void} tryAgain
   */
  #sayUnreachable(error, tryAgain) {
    this.say({
      tone: "bad",
      title: t("payment.unreachable"),
      text: together(explain(error), t("payment.unreachable.text")),
      ways: [way(t("payment.check_again"), tryAgain, "primary"), homeWay()],
    });
  }

  #askSignIn() {
    this.say({
      tone: "neutral",
      ...this.visitorTexts(),
      ways: [el("div", { class: "form" }, signInPanel({ done: () => undefined }))],
    });
  }

  #sayUnknown() {
    this.say({
      tone: "bad",
      title: t("payment.unknown"),
      text: t("payment.unknown.text"),
      ways: [homeWay("primary")],
    });
  }
}

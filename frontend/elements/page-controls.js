/**
 * Controls for a page that has no session of its own, as our demo page.
 *
 *     <topup-account></topup-account>      who is signed in, Sign in, Sign out
 *     <topup-language></topup-language>    the language switch
 *     <topup-ui-mode></topup-ui-mode>      where to pay: the dialog's `ui-mode`
 */
import { el, keepFocus } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { recall, remember } from "../lib/storage.js";
import { accountBar } from "../panels/account-bar.js";
import { choice } from "../panels/choice.js";
import { languageChoice } from "../panels/language-choice.js";
import { session } from "../state/session.js";
import { base } from "../styles/base.css.js";
import { controlsStyle } from "../styles/controls.css.js";
import { openDialog } from "./open-dialog.js";

export class TopupAccount extends HTMLElement {
  #connected = new AbortController();
  #root = this.attachShadow({ mode: "open" });
  #news = el("p", { class: "visually-hidden", role: "status" });

  connectedCallback() {
    this.#connected = new AbortController();
    const { signal } = this.#connected;
    this.#root.adoptedStyleSheets = [base, controlsStyle];
    this.#root.replaceChildren(accountBar({ signal, askSignIn: () => openDialog("sign-in") }), this.#news);
    let before = session.value.status;
    session.subscribe(({ status }) => {
      const isOut = before === "signed-in" && status === "signed-out";
      this.#news.textContent = isOut ? t("account.signed_out") : "";
      before = status;
    }, signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
  }
}

export class TopupLanguage extends HTMLElement {
  #connected = new AbortController();
  #root = this.attachShadow({ mode: "open" });

  connectedCallback() {
    this.#connected = new AbortController();
    this.#root.adoptedStyleSheets = [base, controlsStyle];
    language.subscribe(() => this.#show(), this.#connected.signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
  }

  #show() {
    keepFocus(this.#root, () => this.#root.replaceChildren(languageChoice()), () => this.#root.querySelector("select"));
  }
}

export class TopupUiMode extends HTMLElement {
  #connected = new AbortController();
  #root = this.attachShadow({ mode: "open" });

  connectedCallback() {
    this.#connected = new AbortController();
    this.#root.adoptedStyleSheets = [base, controlsStyle];
    this.#apply(recall("ui-mode") ?? "hosted");
    language.subscribe(() => this.#show(), this.#connected.signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
  }

  #show() {
    this.#root.replaceChildren(choice({
      label: t("ui_mode.where"),
      options: [
        ["hosted", t("ui_mode.hosted")],
        ["embedded", t("ui_mode.embedded")],
        ["elements", t("ui_mode.elements")],
      ],
      chosen: recall("ui-mode") ?? "hosted",
      onChoose: (uiMode) => {
        remember("ui-mode", uiMode);
        this.#apply(uiMode);
      },
    }));
  }

  /** @param {string} uiMode */
  #apply(uiMode) {
    document.querySelector("credits-dialog")?.setAttribute("ui-mode", uiMode);
  }
}

/**
 * What our own pages share: the elements, and their fixed texts in the reader's language. An element
 * with `data-text="key"` is given the text of that key.
 */
import { PaymentCanceled } from "../elements/payment-canceled.js";
import { PaymentResult } from "../elements/payment-result.js";
import { openDialog } from "../elements/open-dialog.js";
import { TopupAccount, TopupUiMode, TopupLanguage } from "../elements/page-controls.js";
import { isKey, language, t } from "../lib/i18n.js";
import "../topup.js";

customElements.define("topup-account", TopupAccount);
customElements.define("topup-language", TopupLanguage);
customElements.define("topup-ui-mode", TopupUiMode);
customElements.define("payment-result", PaymentResult);
customElements.define("payment-canceled", PaymentCanceled);

document.querySelector("#see-packages")?.addEventListener("click", () => openDialog());

language.subscribe((tag) => {
  document.documentElement.lang = tag === "zh" ? "zh-Hans" : tag;
  for (const element of document.querySelectorAll("[data-text]")) {
    const key = element.getAttribute("data-text") ?? "";
    if (isKey(key)) element.textContent = t(key);
  }
}, new AbortController().signal);

/** The dialog's sections; "Payment" only where the shop offers what is in there. */
import { el, keepFocus } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { catalog } from "../state/catalog.js";
import { tabs } from "./tabs.js";
import { hasWallet } from "./wallet.js";

/** @typedef {"buy" | "balance" | "wallet" | "history"} Tab */

/** @type {readonly string[]} */
export const TABS = ["buy", "balance", "wallet", "history"];

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {Tab} context.chosen
 * @param {(tab: Tab) => void} context.onChoose
 */
export function dialogTabs({ signal, chosen, onChoose }) {
  const area = el("div");
  /** @type {boolean | null} */
  let shown = null;
  catalog.subscribe(({ config }) => {
    const isWide = hasWallet(config) || chosen === "wallet";
    if (isWide === shown) return;
    shown = isWide;
    keepFocus(area, () => area.replaceChildren(
      tabs({ label: t("dialog.sections"), tabs: names(isWide), chosen, controls: "panel", onChoose }),
    ), () => area.querySelector(`#tab-${chosen}`));
  }, signal);
  return area;
}

/**
 * @param {boolean} isWide
 * @returns {[Tab, string][]}
 */
function names(isWide) {
  return [
    ["buy", t("tab.buy")],
    ["balance", t("tab.balance")],
    ...(isWide ? [/** @type {[Tab, string]} */ (["wallet", t("tab.wallet")])] : []),
    ["history", t("tab.history")],
  ];
}

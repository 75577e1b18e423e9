/** How this user pays: saved cards, buying by itself, subscriptions. */
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { catalog } from "../state/catalog.js";
import { startOver } from "../state/start-over.js";
import { autoRechargePanel } from "./auto-recharge.js";
import { bones } from "./bones.js";
import { cardsPanel } from "./cards.js";
import { notice } from "./notice.js";
import { subscriptionsPanel } from "./subscriptions.js";

/**
 * @typedef {object} WalletContext
 * @property {AbortSignal} signal
 * @property {HTMLElement} host
 * @property {(text: string) => void} announce
 * @property {<T>(work: () => Promise<T>) => Promise<T>} aside does what may open Stripe's own windows
 * @property {() => void} close
 */

/** The features that have a place here. */
const FEATURES = ["saved_cards", "auto_recharge", "subscriptions"];

/** @param {import("../lib/contract.js").Config | null} config */
export function hasWallet(config) {
  return FEATURES.some((feature) => config?.features[feature] === true);
}

/** @param {WalletContext} context */
export function walletPanel(context) {
  const panel = el("div", { class: "wallet" });
  let isFilled = false;
  catalog.subscribe(({ config, error }) => {
    if (isFilled) return;
    isFilled = config !== null;
    if (config) panel.replaceChildren(...parts(config.features, context));
    else panel.replaceChildren(error ? notice(error, startOver) : bones(3, "bone-line", t("wallet.loading")));
  }, context.signal);
  return panel;
}

/**
 * @param {Record<string, boolean>} features
 * @param {WalletContext} context
 */
function parts(features, context) {
  return [
    ...(features["saved_cards"] ? [cardsPanel(context)] : []),
    ...(features["auto_recharge"] ? [autoRechargePanel(context)] : []),
    ...(features["subscriptions"] ? [subscriptionsPanel(context)] : []),
  ];
}

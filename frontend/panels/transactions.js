/** Every movement of credits, newest first, and all of them as a CSV file. */
import { download, get } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { dayAndTime, isKey, signedCredits, t } from "../lib/i18n.js";
import { whileBusy } from "./busy.js";
import { icon } from "./icons.js";
import { notice } from "./notice.js";
import { pagedList } from "./paged-list.js";

/** @typedef {import("../lib/contract.js").Transaction} Transaction */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(text: string) => void} context.announce
 */
export function transactionsPanel({ signal, announce }) {
  const problem = el("div");
  const csv = el("button", {
    type: "button", class: "button quiet", onclick: () => whileBusy(csv, save),
  }, icon("download", 18), t("history.csv"));

  async function save() {
    problem.replaceChildren();
    try {
      saveAs(await download("/api/credits/transactions?format=csv"), t("history.file"));
      announce(t("history.csv_ready"));
    } catch (error) {
      problem.replaceChildren(notice(error, () => whileBusy(csv, save)));
    }
  }

  const list = pagedList({
    signal,
    ask: async (query, asked) => {
      const page = await get(`/api/credits/transactions?${query}`, { signal: asked });
      return { items: page.transactions, next: page.next_cursor };
    },
    row: transactionRow,
    loading: t("history.loading"),
    nothing: { title: t("history.empty"), text: t("history.empty.hint") },
    tools: [csv],
  });
  return el("div", {}, list, problem);
}

/** @param {Transaction} transaction */
function transactionRow(transaction) {
  const isUndone = transaction.type === "expiry" && transaction.amount > 0; // to be refunded at once
  const key = isUndone ? "type.expiry_undone" : `type.${transaction.type}`;
  const what = isKey(key) ? t(key) : transaction.type;
  const about = transaction.description ?? transaction.feature?.replaceAll("_", " ");
  return el(
    "li",
    { tabindex: "-1" },
    el(
      "span",
      { class: "transaction-what" },
      el("span", {}, what, about && about !== what && el("span", { class: "about" }, about)),
      el("time", { class: "small", datetime: transaction.created_at }, dayAndTime(transaction.created_at)),
    ),
    el(
      "span",
      { class: "transaction-amount number" },
      el("span", { class: transaction.amount > 0 ? "gain" : "" }, signedCredits(transaction.amount)),
      el("span", { class: "small" }, t("history.after", { credits: transaction.balance_after })),
    ),
  );
}

/**
 * @param {Blob} file
 * @param {string} name
 */
function saveAs(file, name) {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a"); // `el` refuses blob: addresses, rightly everywhere else.
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

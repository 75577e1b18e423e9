/** Every movement of credits, newest first, a page at a time, and all of them as a CSV file. */
import { download, get } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { dayAndTime, isKey, signedCredits, t } from "../lib/i18n.js";
import { bones } from "./bones.js";
import { whileBusy } from "./busy.js";
import { icon } from "./icons.js";
import { notice } from "./notice.js";

/** @typedef {import("../lib/contract.js").Transaction} Transaction */

const PAGE_SIZE = 20;

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(text: string) => void} context.announce
 */
export function historyPanel({ signal, announce }) {
  const rows = el("ol", { class: "transactions" });
  const state = el("div", {}, bones(5, "bone-line", t("history.loading")));
  const more = el("button", {
    type: "button", class: "button", hidden: true, onclick: () => whileBusy(more, load),
  }, t("history.more"));
  const csv = el("button", {
    type: "button", class: "button quiet", hidden: true, onclick: () => whileBusy(csv, save),
  }, icon("download", 18), t("history.csv"));
  let cursor = "";

  async function load() {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor && { cursor }) });
    try {
      const page = await get(`/api/credits/transactions?${query}`, { signal });
      show(page.transactions, page.next_cursor);
    } catch (error) {
      if (!signal.aborted) state.replaceChildren(notice(error, load));
    }
  }

  /**
   * @param {Transaction[]} transactions
   * @param {string | null} next
   */
  function show(transactions, next) {
    const added = transactions.map(transactionRow);
    const isFirstPage = cursor === "";
    rows.append(...added);
    cursor = next ?? "";
    more.hidden = !next;
    csv.hidden = rows.childElementCount === 0;
    state.replaceChildren(...(rows.childElementCount === 0 ? [nothingYet()] : []));
    if (!isFirstPage) added[0]?.focus();
  }

  async function save() {
    try {
      saveAs(await download("/api/credits/transactions?format=csv"), t("history.file"));
      announce(t("history.csv_ready"));
    } catch (error) {
      state.replaceChildren(notice(error, () => whileBusy(csv, save)));
    }
  }

  void load();
  return el("div", { class: "history" }, rows, state, el("div", { class: "history-foot" }, csv, more));
}

/** @param {Transaction} transaction */
function transactionRow(transaction) {
  const key = `type.${transaction.type}`;
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

function nothingYet() {
  return el(
    "div",
    { class: "empty" },
    icon("mark", 28),
    el("p", {}, t("history.empty")),
    el("p", { class: "small" }, t("history.empty.hint")),
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

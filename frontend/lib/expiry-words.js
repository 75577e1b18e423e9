/** How long credits last, in words: "expire after six months", "永不过期". */
import { spanOfDays } from "./expiry.js";
import { t } from "./i18n.js";

/** @param {number | null} days */
export function expiryInWords(days) {
  const span = spanOfDays(days);
  if (!span) return t("expiry.never");
  return t("expiry.after", {
    span: t(`span.${span.unit}`, { count: span.count, words: numberInWords(span.count) }),
  });
}

/** @param {number} count */
function numberInWords(count) {
  return t("number_words").split(" ")[count] ?? String(count);
}

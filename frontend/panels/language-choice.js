/** The language switch. */
import { isLanguage, language, LANGUAGES, speak, t } from "../lib/i18n.js";
import { choice } from "./choice.js";

export function languageChoice() {
  return choice({
    id: "language",
    label: t("language"),
    options: Object.entries(LANGUAGES),
    chosen: language.value,
    onChoose: (tag) => isLanguage(tag) && speak(tag),
  });
}

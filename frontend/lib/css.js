/**
 * A style sheet for shadow roots, shared and constructed once. It is adopted through the CSSOM, so
 * it works under `style-src 'self'`.
 *
 *     root.adoptedStyleSheets = [base, css`.pay { color: red }`];
 *
 * @param {TemplateStringsArray} strings without values: nothing is put together from data
 */
export function css(strings) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(strings.raw.join(""));
  return sheet;
}

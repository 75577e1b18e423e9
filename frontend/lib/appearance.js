/**
 * How Stripe's form looks: like ours, in light and in dark, whatever colours and corners the host app has set.
 *
 *     elements.update({ appearance: appearanceIn(shadowRoot) });
 *
 * https://docs.stripe.com/elements/appearance-api
 */

/** @typedef {import("@stripe/stripe-js").Appearance} Appearance */
/** @typedef {"accent" | "on-accent" | "surface" | "ink" | "muted" | "edge" | "danger"} Token */

/**
 * @param {ShadowRoot} root whose tokens are asked, see styles/base.css.js
 * @returns {Appearance}
 */
export function appearanceIn(root) {
  const probe = document.createElement("span");
  root.append(probe);
  try {
    probe.style.borderRadius = "var(--radius-small)";
    const { fontFamily, fontSize, borderTopLeftRadius } = getComputedStyle(probe);
    return appearance((token) => colour(probe, token), fontFamily, borderTopLeftRadius, fontSize);
  } finally {
    probe.remove();
  }
}

/**
 * @param {(token: Token) => string} colour
 * @param {string} fontFamily
 * @param {string} borderRadius
 * @param {string} fontSizeBase as large as the letters around the form, which their reader may have set
 * @returns {Appearance}
 */
export function appearance(colour, fontFamily, borderRadius, fontSizeBase) {
  const border = `1px solid ${colour("edge")}`;
  return {
    theme: "flat",
    labels: "above",
    variables: {
      fontFamily,
      fontSizeBase,
      spacingUnit: "4px",
      borderRadius,
      colorPrimary: colour("accent"),
      accessibleColorOnColorPrimary: colour("on-accent"),
      colorBackground: colour("surface"),
      colorText: colour("ink"),
      colorTextSecondary: colour("muted"),
      colorTextPlaceholder: colour("muted"),
      iconColor: colour("muted"),
      colorDanger: colour("danger"),
    },
    rules: {
      ".Label": { fontSize: "0.875rem", fontWeight: "550", color: colour("ink") },
      ".Input": { border, padding: "12px 14px" },
      ".Input:focus": { border: `1px solid ${colour("accent")}`, outline: `1px solid ${colour("accent")}` },
      ".Tab": { border },
      ".Tab--selected": { border: `1px solid ${colour("accent")}` },
    },
  };
}

/**
 * A token may be written in any of CSS's colour spaces; Stripe takes the plain ones. A canvas knows
 * all of them and answers in sRGB.
 * @param {HTMLElement} probe
 * @param {Token} token
 */
function colour(probe, token) {
  probe.style.color = `var(--${token})`;
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!canvas) return getComputedStyle(probe).color;
  canvas.fillStyle = getComputedStyle(probe).color;
  canvas.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

/**
 * Tokens and small parts that all our elements share, inside their shadow roots.
 *
 * A host app themes them by setting these custom properties anywhere above the elements:
 *   --topup-accent, --topup-on-accent   the one accent and the text on it
 *   --topup-surface, --topup-sunken     dialog background, quiet areas
 *   --topup-ink, --topup-muted          text, secondary text
 *   --topup-line, --topup-edge          hairlines, borders of controls (3:1 against the surface)
 *   --topup-danger                      errors
 *   --topup-radius                      corner of the dialog; smaller parts derive from it
 *   --topup-font                        font family
 * They are light or dark as the page around them is, by its `color-scheme`.
 */
import { css } from "../lib/css.js";

export const base = css`
  :host {
    all: initial;
    --accent: var(--topup-accent, light-dark(#0a6847, #5fd6a2));
    --on-accent: var(--topup-on-accent, light-dark(#ffffff, #04241a));
    --surface: var(--topup-surface, light-dark(#ffffff, #151918));
    --sunken: var(--topup-sunken, light-dark(#f4f4f0, #1d2321));
    --ink: var(--topup-ink, light-dark(#14181a, #eceeeb));
    --muted: var(--topup-muted, light-dark(#5a6164, #9da6a2));
    --line: var(--topup-line, light-dark(#e3e4de, #2b3230));
    --edge: var(--topup-edge, light-dark(#878d8f, #6d7773));
    --danger: var(--topup-danger, light-dark(#a8281e, #ff9d92));
    --radius: var(--topup-radius, 20px);
    --radius-small: calc(var(--radius) * 0.65);
    --font: var(
      --topup-font,
      -apple-system,
      "Segoe UI Variable Text",
      "Segoe UI",
      Inter,
      Roboto,
      "Helvetica Neue",
      "PingFang SC",
      "Microsoft YaHei",
      "Noto Sans CJK SC",
      "Liberation Sans",
      Arial,
      sans-serif
    );
    --tint: color-mix(in srgb, var(--accent) 7%, var(--surface));
    --ease: cubic-bezier(0.2, 0.8, 0.2, 1);
    color-scheme: inherit;
    -webkit-font-smoothing: antialiased;
    /* Inherited text styles are ours, even where a host says "* { text-transform: … }". */
    color: var(--ink) !important;
    font: 400 medium/1.45 var(--font) !important;
    letter-spacing: normal !important;
    word-spacing: normal !important;
    text-align: start !important;
    text-indent: 0 !important;
    text-transform: none !important;
    white-space: normal !important;
    -webkit-text-size-adjust: 100%;
  }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  h1, h2, h3, p, ul, ol, dl, dd, fieldset, legend { margin: 0; padding: 0; border: 0; }
  ul, ol { list-style: none; }
  button, input, select { font: inherit; color: inherit; letter-spacing: inherit; margin: 0; }
  /* A press belongs to the button: no click comes of it where what was pressed is drawn anew meanwhile. */
  button > * { pointer-events: none; }
  a { color: inherit; text-underline-offset: 0.2em; }
  svg { display: block; flex: none; }
  :focus { outline: none; }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  [tabindex="-1"]:focus-visible { outline: none; }

  .number { font-variant-numeric: tabular-nums lining-nums; letter-spacing: -0.01em; }
  .small { font-size: 0.8125em; color: var(--muted); }
  .visually-hidden {
    position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap;
  }

  .button {
    display: inline-flex; align-items: center; justify-content: center; gap: 8px;
    min-height: 44px; padding: 10px 18px; border: 1px solid var(--edge); border-radius: var(--radius-small);
    background: transparent; font-weight: 550; line-height: 1.25; text-decoration: none; cursor: pointer;
    transition: background-color 140ms, border-color 140ms, transform 140ms var(--ease);
  }
  .button:hover { background: var(--sunken); }
  .button:active { transform: translateY(1px); }
  .button[aria-disabled="true"] { cursor: default; opacity: 0.55; transform: none; }
  .button.primary { min-height: 52px; border-color: transparent; background: var(--accent); color: var(--on-accent); font-weight: 600; }
  .button.primary:hover { background: color-mix(in srgb, var(--accent) 90%, var(--ink)); }
  .button.primary[aria-busy="true"] { opacity: 1; }
  .button.quiet { border-color: transparent; padding-inline: 12px; color: var(--muted); }
  .button.quiet:hover { color: var(--ink); }
  .button.icon { width: 44px; padding: 0; border-color: transparent; border-radius: 50%; }

  .field { display: grid; gap: 6px; }
  .field > span:first-child { font-size: 0.875em; font-weight: 550; }
  .field > input {
    min-height: 48px; width: 100%; padding: 10px 14px; border: 1px solid var(--edge);
    border-radius: var(--radius-small); background: var(--surface);
  }
  .select { position: relative; display: inline-flex; align-items: center; max-width: 100%; }
  .select > select {
    min-width: 0; text-overflow: ellipsis;
    appearance: none; min-height: 44px; padding: 8px 30px 8px 12px; border: 1px solid transparent;
    border-radius: var(--radius-small); background: transparent; color: var(--ink); cursor: pointer;
  }
  .select > select:hover { background: var(--sunken); }
  .select > select:disabled { background: transparent; opacity: 0.55; cursor: default; }
  .select > select > option { background: var(--surface); color: var(--ink); }
  .select > svg { position: absolute; right: 10px; pointer-events: none; color: var(--muted); }

  .notice {
    display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; padding: 14px 16px;
    border-radius: var(--radius-small); background: color-mix(in srgb, var(--danger) 8%, var(--surface));
  }
  .notice > svg { margin-top: 2px; color: var(--danger); }
  .notice > :not(svg) { grid-column: 2; }
  .notice .button { justify-self: start; margin-top: 6px; background: var(--surface); }
  .notice .small { overflow-wrap: anywhere; }

  .bone { display: block; border-radius: min(8px, var(--radius-small)); background: var(--sunken); position: relative; overflow: hidden; }
  .bone::after {
    content: ""; position: absolute; inset: 0; transform: translateX(-100%);
    background: linear-gradient(90deg, transparent, color-mix(in srgb, var(--ink) 6%, transparent), transparent);
    animation: shimmer 1.6s infinite;
  }
  @keyframes shimmer { to { transform: translateX(100%); } }

  .spinner {
    width: 18px; height: 18px; border: 2px solid currentColor; border-right-color: transparent;
    border-radius: 50%; animation: turn 800ms linear infinite;
  }
  @keyframes turn { to { transform: rotate(1turn); } }

  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation: none !important; transition: none !important; }
    .spinner { border-right-color: currentColor; opacity: 0.5; }
  }
  /* The reader's own colours. Parts whose state is a background or a gradient, which the browser would
     take away, draw it in these; :host in front, for the sheets of the parts come after this one. */
  @media (forced-colors: active) {
    :host {
      --accent: Highlight; --on-accent: HighlightText; --surface: Canvas; --sunken: Canvas;
      --ink: CanvasText; --muted: CanvasText; --line: CanvasText; --edge: CanvasText; --danger: CanvasText;
    }
    .button, .select > select { border-color: ButtonBorder; }
    .button.primary, .count, .tag, .package, .pay-bar, .gauge, .meter, .strip > span, .swatch, .switch,
    .tabs > button, .segments > button { forced-color-adjust: none; }
    dialog[open] { outline: 1px solid; }
    :host .segments { outline: 1px solid; outline-offset: -1px; }
    :host .segments > button[aria-pressed="true"], :host .tabs > button[aria-selected="true"] { background: var(--accent); color: var(--on-accent); }
    :host .row-ways { margin-inline-end: 0; }
  }
`;

/** The badge in the header. */
import { css } from "../lib/css.js";

export const badgeStyle = css`
  :host { display: inline-block; }
  button {
    display: inline-flex; align-items: center; gap: 8px; min-height: 44px; padding: 8px 16px 8px 12px;
    border: 1px solid var(--line); border-radius: 999px; background: var(--surface); color: var(--ink);
    font-size: 0.9375em; font-weight: 600; cursor: pointer;
    transition: border-color 140ms, background-color 140ms;
  }
  button:hover { border-color: var(--edge); }
  button > svg:first-child { color: var(--accent); }
  .low > .number::before {
    content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 50%; background: var(--danger);
    vertical-align: 0.1em; forced-color-adjust: none;
  }
  .count {
    min-width: 22px; padding: 1px 6px; margin-right: -6px; border-radius: 999px; text-align: center;
    background: var(--accent); color: var(--on-accent); font-size: 0.8125em; line-height: 1.4;
  }
  .count.urgent { padding-inline: 10px; background: var(--danger); color: var(--surface); font-weight: 600; white-space: nowrap; }
  .count::after { content: attr(data-count) / ""; }
  @media (max-width: 420px) { .count.urgent::after { content: attr(data-short) / ""; } }
  .bone { width: 44px; height: 16px; }
`;

/** The dialog: a card in the middle of a desk, a sheet from below on a phone. */
import { css } from "../lib/css.js";

export const dialogStyle = css`
  :host { display: contents; }
  dialog {
    width: min(560px, calc(100vw - 48px)); max-width: none; max-height: calc(100dvh - clamp(24px, 8vh, 72px) - 24px);
    min-height: min(560px, calc(100dvh - 48px)); margin: clamp(24px, 8vh, 72px) auto auto; padding: 0; border: 0; border-radius: var(--radius); overflow: hidden;
    background: var(--surface); color: var(--ink);
    box-shadow: 0 0 0 1px light-dark(rgb(0 0 0 / 6%), rgb(255 255 255 / 9%)), 0 24px 80px -12px rgb(0 0 0 / 38%);
    opacity: 0; translate: 0 12px;
    transition: opacity 180ms, translate 260ms var(--ease), overlay 260ms allow-discrete, display 260ms allow-discrete;
  }
  dialog[open] { opacity: 1; translate: 0 0; display: flex; }
  dialog::backdrop {
    background: rgb(9 13 12 / 46%); opacity: 0;
    transition: opacity 180ms, overlay 260ms allow-discrete, display 260ms allow-discrete;
  }
  dialog[open]::backdrop { opacity: 1; }
  @starting-style {
    dialog[open] { opacity: 0; translate: 0 12px; }
    dialog[open]::backdrop { opacity: 0; }
  }
  /* Stepped aside for Stripe's windows: out of the top layer, and yet it looks the same. */
  dialog[open]:not(:modal) { position: fixed; inset: 0; z-index: 2147483000; transition: none; }
  .veil { position: fixed; inset: 0; z-index: 2147482999; background: rgb(9 13 12 / 46%); display: none; }
  dialog[open]:not(:modal) + .veil { display: block; }

  .frame { display: flex; flex-direction: column; width: 100%; min-height: 0; }
  .frame > .head { display: flex; align-items: center; gap: 10px; padding: 12px 12px 4px 28px; }
  .frame > .head:has(> .button:first-child) { padding-left: 14px; }
  .frame > .head > h2 { font-size: 0.9375em; font-weight: 600; }
  .frame > .head > .button:last-child { margin-left: auto; }
  .frame > .head > .button { flex: none; }
  .frame > .head > .tag { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
  .mark { color: var(--accent); }
  .scroll { flex: 1; display: flex; flex-direction: column; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 0 28px; }
  .scroll > * { flex: none; }
  .scroll > .panel { flex: 1 0 auto; }
  .scroll > .foot {
    display: flex; align-items: center; justify-content: space-between; gap: 8px;
    margin-inline: -12px; padding-block: 6px 12px; font-size: 0.875em; flex-wrap: wrap;
  }
  .account-bar, .sign-out { display: flex; align-items: center; gap: 4px; }
  .account-bar { flex: 1 1 10em; min-width: 0; }
  .sign-out { flex: none; }
  .account-bar .button { white-space: nowrap; }
  .email { overflow: hidden; text-overflow: ellipsis; padding-left: 12px; color: var(--muted); }
  .scroll > .foot .select { margin-left: auto; }

  .summary { padding-bottom: 20px; }
  .summary .amount { font-size: min(3em, 13vw); font-weight: 600; line-height: 1.1; letter-spacing: -0.035em; font-variant-numeric: lining-nums; overflow-wrap: anywhere; }
  .summary .promise { font-size: 1.75em; text-wrap: balance; font-weight: 600; line-height: 1.15; letter-spacing: -0.02em; }
  .summary .debt { width: 100%; margin-top: 4px; text-wrap: pretty; }
  .bone-amount { width: 150px; height: 42px; margin-block: 5px; }

  .tabs { display: flex; flex-wrap: wrap; column-gap: 24px; margin-bottom: 20px; border-bottom: 1px solid var(--line); }
  .tabs > button {
    min-height: 44px; padding: 0 2px; border: 0; border-bottom: 2px solid transparent; margin-bottom: -1px;
    background: none; color: var(--muted); font-size: 0.9375em; font-weight: 550; cursor: pointer;
  }
  .tabs > button:hover { color: var(--ink); }
  .tabs > button[aria-selected="true"] { border-color: var(--accent); color: var(--ink); }

  .tag {
    padding: 2px 8px; border-radius: 999px; background: var(--accent); color: var(--on-accent);
    font-size: 0.75em; font-weight: 600; line-height: 1.5; white-space: nowrap;
  }
  .tag.quiet { background: var(--sunken); color: var(--muted); font-weight: 500; }

  @media (max-width: 600px) {
    dialog {
      width: 100vw; min-height: 92dvh; max-height: 92dvh; margin: auto 0 0; border-radius: var(--radius) var(--radius) 0 0;
      translate: 0 40px;
    }
    .frame > .head { padding: 10px 8px 2px 20px; }
    .frame > .head:has(> .button:first-child) { padding-left: 6px; }
    .scroll { padding: 0 20px; }
    .summary { padding-bottom: 14px; }
    .tabs { column-gap: 18px; margin-bottom: 14px; }
    @starting-style { dialog[open] { translate: 0 40px; } }
  }
  /* A small laptop: the package that is chosen already must be seen beside the button that pays it. */
  @media (max-height: 840px) {
    .summary { display: flex; flex-wrap: wrap; align-items: baseline; column-gap: 10px; padding-bottom: 6px; }
    .summary .amount { order: -1; font-size: 2em; }
    .summary:has(.promise) { padding-bottom: 16px; }
    .tabs { margin-bottom: 12px; }
  }
  @media (max-height: 840px) and (min-width: 601px) {
    dialog { margin-top: 24px; max-height: calc(100dvh - 48px); }
  }
  /* So it must where payments to finish stand above the packages, on somewhat higher screens too. */
  @media (max-height: 970px) {
    .frame:has(.open-payments:not([hidden])) {
      .summary { display: flex; flex-wrap: wrap; align-items: baseline; column-gap: 10px; padding-bottom: 6px; }
      .summary .amount { order: -1; font-size: 2em; }
      .tabs { margin-bottom: 12px; }
      .packages, .package-list fieldset { gap: 8px; }
      .package { padding-block: 8px 14px; }
    }
  }
`;

/** How somebody pays: cards, buying by itself, subscriptions; and the small forms of the other tabs. */
import { css } from "../lib/css.js";

export const walletStyle = css`
  .wallet { display: grid; gap: 28px; padding-bottom: 20px; }
  .wallet-part { display: grid; gap: 12px; justify-items: start; }
  .wallet-part > * { justify-self: stretch; }
  .wallet-part > .button { justify-self: start; }
  .wallet-part > div:empty { display: none; }
  .wallet-part + .wallet-part { padding-top: 24px; border-top: 1px solid var(--line); }
  .part-head { display: flex; align-items: center; justify-content: space-between; gap: 12px; }
  .stack { display: grid; gap: 14px; justify-items: start; }
  .stack > * { justify-self: stretch; }
  .stack > .button { justify-self: start; }
  .stack > div:empty { display: none; }
  h4 { margin: 0; font-size: 0.9375em; font-weight: 600; }

  .rows > li { padding-inline: 0; }
  .rows > li + li { border-top: 1px solid var(--line); }
  .rows > .card-row { flex-wrap: wrap; }
  .rows .card-name { flex: 1 0 160px; }
  .row-ways { display: flex; flex-wrap: wrap; gap: 4px; margin-inline-end: -12px; }
  .row-ways:has(> .danger) { margin-inline-end: 0; }
  @media (max-width: 600px) { .rows > .card-row > svg ~ .row-ways { margin-inline-start: 20px; } }
  .button.danger { border-color: transparent; background: color-mix(in srgb, var(--danger) 10%, var(--surface)); color: var(--danger); }

  .add-card { display: grid; gap: 14px; padding: 16px 18px; border: 1px solid var(--line); border-radius: var(--radius-small); }
  .add-card > div:empty { display: none; }
  .form-ways { display: flex; flex-wrap: wrap; gap: 8px; }
  .form-ways > .primary { flex: 1 1 auto; }

  .switch {
    position: relative; flex: none; width: 52px; height: 32px; margin-block: 6px; padding: 0; border: 1.5px solid var(--edge); border-radius: 999px;
    background: var(--sunken); cursor: pointer; transition: background-color 140ms, border-color 140ms;
  }
  .switch::before { content: ""; position: absolute; inset: -8px -4px; }
  .switch > span {
    position: absolute; top: 50%; left: 4px; width: 20px; height: 20px; border-radius: 50%; background: var(--edge);
    translate: 0 -50%; transition: translate 180ms var(--ease), background-color 140ms;
  }
  .switch[aria-checked="true"] { border-color: var(--accent); background: var(--accent); }
  .switch[aria-checked="true"] > span { background: var(--on-accent); translate: 20px -50%; }
  .switch:disabled { cursor: default; opacity: 0.5; }

  .field > .select > select, .affixed > input {
    width: 100%; min-height: 48px; padding: 10px 14px; border: 1px solid var(--edge); border-radius: var(--radius-small); background: var(--surface);
  }
  .affixed { position: relative; display: block; }
  .affixed > input { padding-inline-end: 84px; font-variant-numeric: tabular-nums; }
  .affixed > input[aria-invalid="true"] { border-color: var(--danger); }
  .affixed > .unit { position: absolute; inset-block: 0; right: 14px; display: grid; place-items: center; color: var(--muted); font-size: 0.875em; pointer-events: none; }
  input[type="number"] { appearance: textfield; }
  input[type="number"]::-webkit-inner-spin-button { display: none; }
  .consent { padding: 14px 16px; border-radius: var(--radius-small); background: var(--sunken); text-wrap: pretty; }

  .spent { display: grid; gap: 6px; }
  .meter {
    --tick: color-mix(in srgb, var(--edge) 55%, transparent);
    height: 10px;
    background:
      repeating-linear-gradient(90deg, var(--accent) 0 1.5px, transparent 1.5px 6px) left / calc(var(--share) * 100%) 100% no-repeat,
      repeating-linear-gradient(90deg, var(--tick) 0 1.5px, transparent 1.5px 6px);
  }

  .plan { display: grid; gap: 2px; padding-block: 12px; }
  .plan-head { display: flex; align-items: center; justify-content: space-between; gap: 12px; }
  .plan-name { font-weight: 600; overflow-wrap: anywhere; min-width: 0; }
  .plan > .hint, .plan > .row-ways { margin-top: 8px; }
  .plan > .row-ways { margin-inline: -12px; }
  .plan > .row-ways > .button:not(.quiet):first-child { margin-left: 12px; }
  .tag.warn { background: color-mix(in srgb, var(--danger) 12%, var(--surface)); color: var(--danger); }

  .segments { display: flex; flex-wrap: wrap; gap: 2px; padding: 3px; border-radius: var(--radius-small); background: var(--sunken); }
  .segments > button {
    flex: 1 1 0; min-width: min-content; min-height: 44px; padding: 4px 10px; border: 0; border-radius: calc(var(--radius-small) - 3px); background: none; color: var(--muted);
    font-size: 0.9375em; font-weight: 550; cursor: pointer; transition: background-color 140ms, color 140ms;
  }
  .segments > button:hover { color: var(--ink); }
  .segments > button[aria-pressed="true"] { background: var(--surface); color: var(--ink); box-shadow: 0 0 0 1px var(--line), 0 1px 3px rgb(0 0 0 / 8%); }
  .segments + div:not(:empty) { margin-top: 8px; }
  .renewal { display: flex; gap: 8px; align-items: start; padding: 4px 2px; text-wrap: pretty; }
  .renewal > svg { margin-top: 1px; }

  .low { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: 8px 12px; padding-top: 16px; border-top: 1px solid var(--line); }
  .low-row { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px; }
  .low-row > input { width: 96px; min-height: 44px; padding: 8px 12px; border: 1px solid var(--edge); border-radius: var(--radius-small); background: var(--surface); font-variant-numeric: tabular-nums; }
  .low > div, .low > p { grid-column: 1 / -1; }
  .low > div:empty { display: none; }

  .account-notices { display: grid; gap: 8px; padding: 14px 18px; border-radius: var(--radius-small); background: var(--sunken); }
  .account-notices ul { display: grid; gap: 8px; }
  .account-notices li { display: flex; gap: 12px; text-wrap: pretty; }
  .account-notices li > svg { margin-top: 2px; color: var(--danger); }
  .account-notices .button:not(.quiet) { background: var(--surface); }
  .account-notices .row-ways { margin-left: 32px; }

  .papers { display: flex; gap: 16px; }
  .papers > a { display: inline-flex; align-items: center; gap: 4px; min-height: 32px; font-size: 0.8125em; }
  .state { font-size: 0.8125em; font-weight: 400; color: var(--muted); }
  .state.bad { color: var(--danger); }
  .state.good { color: var(--accent); }
`;

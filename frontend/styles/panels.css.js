/** What the dialog shows: packages, open payments, forms, balance, history. */
import { css } from "../lib/css.js";

export const panelStyle = css`
  h3 { font-size: 0.9375em; font-weight: 600; }
  .bones { display: grid; gap: 10px; }
  .bone-package { height: 98px; border-radius: var(--radius-small); }
  .bone-line { height: 44px; }
  .empty { display: grid; justify-items: center; gap: 4px; padding: 40px 16px; text-align: center; }
  .empty > svg { margin-bottom: 8px; color: var(--edge); }

  .packages { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
  .packages > div:empty { display: none; }
  .package-list fieldset { display: grid; gap: 10px; min-width: 0; }
  .package {
    position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr);
    align-items: center; column-gap: 16px; padding: 14px 18px 20px; overflow: hidden;
    border: 1px solid var(--line); border-radius: var(--radius-small); cursor: pointer;
    transition: border-color 140ms, background-color 140ms;
  }
  .package:hover { border-color: var(--edge); }
  .package:has(:checked) { border-color: var(--accent); background: var(--tint); box-shadow: inset 0 0 0 1px var(--accent); }
  .package:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
  .package > input {
    appearance: none; width: 20px; height: 20px; border: 1.5px solid var(--edge); border-radius: 50%;
    grid-row: 1 / span 3; background: var(--surface); cursor: pointer; outline: none;
  }
  .package > input:checked { border: 6px solid var(--accent); }
  .package-line { display: flex; flex-wrap: wrap; justify-content: space-between; column-gap: 12px; }
  .package-name { align-items: center; overflow-wrap: anywhere; font-size: 0.875em; color: var(--muted); font-weight: 500; }
  .package-deal { font-size: 1.25em; font-weight: 600; line-height: 1.35; letter-spacing: -0.015em; }
  .gauge {
    --tick: color-mix(in srgb, var(--edge) 55%, transparent);
    position: absolute; left: 18px; right: 18px; bottom: 0; height: 7px;
    background: repeating-linear-gradient(90deg, var(--tick) 0 1.5px, transparent 1.5px 6px) left / calc(var(--share) * 100%) 100% no-repeat;
    transition: opacity 140ms;
  }
  .package:has(:checked) > .gauge { --tick: var(--accent); }

  .pay-bar {
    position: sticky; bottom: 0; display: grid; gap: 10px; padding-block: 14px 10px;
    background: linear-gradient(transparent, var(--surface) 12px);
  }
  /* What gets the focus stays clear of the bar, and so does the package around it. */
  :has(> .pay-bar) > :not(.pay-bar) :is(a, button, input) { scroll-margin-bottom: 164px; }
  :has(> .pay-bar > div:not(.pay-foot, :empty)) > :not(.pay-bar) :is(a, button, input) { scroll-margin-bottom: 300px; }
  @media (max-height: 420px) {
    .pay-bar { position: static; }
    :has(> .pay-bar > div.pay-foot) > :not(.pay-bar) :is(a, button, input) { scroll-margin-bottom: 0; }
  }
  .pay-row { display: flex; align-items: stretch; gap: 8px; }
  .pay-row > .select > select { min-height: 52px; border-color: var(--edge); font-weight: 550; }
  .pay-row > .button { flex: 1; min-width: 0; }
  .pay-bar > div:empty { display: none; }
  .pay-bar .notice { box-shadow: 0 0 0 6px var(--surface); }
  .on-top { display: flex; align-items: center; justify-content: space-between; gap: 12px; font-size: 0.875em; text-wrap: pretty; overflow-wrap: anywhere; }
  .on-top > .button { flex: none; max-width: 50%; }
  .pay-foot { display: grid; gap: 8px; }
  .pay-note { text-align: center; text-wrap: balance; }
  .pay-note > svg { display: inline-block; margin-right: 6px; vertical-align: -2px; }
  .closed { padding: 14px 16px; border-radius: var(--radius-small); background: var(--sunken); text-align: center; }

  .open-payments { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px; padding: 14px 18px; border-radius: var(--radius-small); background: var(--sunken); }
  .open-payments li { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; }
  .open-payments ul { display: grid; gap: 8px; }
  .open-payments li + li { padding-top: 8px; border-top: 1px solid var(--line); }
  .open-payments > div:empty { display: none; }
  .open-payment-what { display: grid; flex: 1 1 190px; }
  .open-payment-ways { display: flex; flex-wrap: wrap; gap: 6px; }
  .open-payment-ways > .button { padding-inline: 14px; }
  .open-payments .button:not(.quiet) { background: var(--surface); }

  .sign-in { display: grid; gap: 16px; max-width: 400px; margin-inline: auto; padding-block: 8px 16px; text-align: left; }
  .sign-in > h3 { font-size: 1.5em; letter-spacing: -0.02em; line-height: 1.2; }
  .sign-in > div:empty { display: none; }

  .balance { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; padding-bottom: 12px; }
  .outlook:not(:has(p)) { display: none; }
  .figures { display: flex; flex-wrap: wrap; gap: 8px 32px; }
  .figures dt { font-size: 0.8125em; color: var(--muted); }
  .figures dd { font-size: 1.125em; font-weight: 600; }
  .strip { display: flex; gap: 6px; height: 40px; }
  .strip > span { min-width: 6px; background: linear-gradient(90deg, var(--part) 3px, transparent 0) left / 8px 100% round; }
  .strip > :nth-child(1), .lots > :nth-child(1) { --part: var(--accent); }
  .strip > :nth-child(2), .lots > :nth-child(2) { --part: color-mix(in srgb, var(--accent) 65%, var(--surface)); }
  .strip > :nth-child(n + 3), .lots > :nth-child(n + 3) { --part: var(--edge); }
  .lots li { display: flex; align-items: baseline; gap: 10px; padding-block: 10px; }
  .lots li + li { border-top: 1px solid var(--line); }
  .lots .small { margin-left: auto; text-align: right; }
  .swatch { width: 10px; height: 10px; border-radius: 3px; background: var(--part); }

  .history { padding-bottom: 8px; }
  .transactions > li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 16px; padding-block: 12px; }
  .transactions > li + li { border-top: 1px solid var(--line); }
  .transaction-what, .transaction-amount { display: grid; align-content: start; min-width: 0; }
  .transaction-what { flex: 1 1 8em; overflow-wrap: anywhere; }
  .transaction-what .about { color: var(--muted); }
  .transaction-what .about::before { content: " · "; }
  .transaction-amount { flex: none; margin-left: auto; justify-items: end; font-weight: 550; }
  .transaction-amount .small { font-weight: 400; }
  .gain { color: var(--accent); }
  .history-foot { display: flex; flex-wrap: wrap; flex-direction: row-reverse; justify-content: space-between; gap: 8px; margin-inline: -4px; }

  @media (max-width: 600px) {
    .package { column-gap: 12px; padding-inline: 14px; }
    .gauge { left: 14px; right: 14px; }
  }
  @media (max-height: 840px) {
    .packages { gap: 10px; }
    .package { padding-block: 8px 14px; }
    .package-list fieldset { gap: 8px; }
    .pay-bar { gap: 6px; }
    .pay-bar .notice { margin-bottom: 4px; }
  }

  .checkout { min-height: 280px; padding-bottom: 16px; }
`;

/**
 * The card form inside the Payment Element's frame. It speaks with the page around it over one
 * MessagePort (see stripe_js/payment-element.js), which never learns what is typed here.
 */
const TEXTS = JSON.parse(document.querySelector("#texts").textContent);
const FIELD_OF_PARAM = { number: "number", exp_month: "expiration", exp_year: "expiration", cvc: "cvc" };
const form = document.querySelector("form");
const fields = [...form.elements];
const { number, expiration, cvc } = form.elements;

let port = null;
let api = null;
let language = "en";

window.addEventListener("message", async ({ source, data, ports }) => {
  if (source !== window.parent || data.type !== "connect" || port) return;
  port = ports[0];
  api = { origin: window.location.origin, key: data.key };
  port.onmessage = async ({ data: message }) => {
    const answer = await VERBS[message.type](message);
    if (message.id) port.postMessage({ type: "answer", id: message.id, answer });
  };
  configure(data);
  new ResizeObserver(tellHeight).observe(document.body);
  tellHeight();
  const error = await problemOfIntent(data.group.clientSecret);
  if (error) tell("loaderror", { error });
  else tell("ready");
});

const VERBS = {
  configure,
  submit,
  createPaymentMethod,
  focus: () => number.focus(),
  blur: () => document.activeElement.blur(),
  clear() {
    for (const field of fields) complain(field, null, (field.value = ""));
    tellChange();
  },
};

/** Why an intent that the page names can't be paid (or set up) with this form; else null. */
async function problemOfIntent(clientSecret) {
  if (!clientSecret) return null;
  const [, id, prefix] = clientSecret.match(/^((pi|seti)_\w+?)_secret_/);
  const path = `${prefix === "pi" ? "payment_intents" : "setup_intents"}/${id}`;
  const { object, error } = await ask(api, "GET", path, { client_secret: clientSecret });
  if (error) return error;
  if (!["succeeded", "processing", "canceled"].includes(object.status)) return null;
  const message = `This intent is in a terminal state and cannot be used: ${object.status}.`;
  return { type: "invalid_request_error", code: `${object.object}_unexpected_state`, message };
}

function configure({ group, options }) {
  const { theme, variables = {} } = group.appearance ?? {};
  const root = document.documentElement;
  root.dataset.theme = theme ?? "stripe";
  for (const [name, value] of Object.entries(variables)) root.style.setProperty(`--${name}`, value);
  speak(group.locale ?? "auto");
  for (const field of fields) field.readOnly = Boolean(options.readOnly);
  const isSaved = group.mode === "setup" || group.setupFutureUsage || group.clientSecret?.startsWith("seti_");
  document.querySelector(".terms").hidden = !isSaved || options.terms?.card === "never";
}

function speak(locale) {
  const wanted = locale === "auto" ? navigator.language : locale;
  language = wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = text(node.dataset.text).replace("{business}", form.dataset.business);
  }
  number.placeholder = "1234 1234 1234 1234";
  expiration.placeholder = text("expiration_hint");
  cvc.placeholder = text("cvc_hint");
  for (const field of fields) if (field.dataset.problem) complain(field, field.dataset.problem);
}

/** Shows every problem, and gives the first one the focus. */
function submit() {
  const wrong = fields.filter((field) => complain(field, problemOf(field)));
  if (wrong.length === 0) return {};
  wrong[0].focus();
  const code = wrong[0].dataset.problem;
  return { error: { type: "validation_error", code, message: text(code) } };
}

async function createPaymentMethod({ data: { billing_details = {}, allow_redisplay } }) {
  const [month, year] = expirationParts();
  const { object, error } = await ask(api, "POST", "payment_methods", {
    type: "card",
    card: { number: digits(number), exp_month: month, exp_year: 2000 + year, cvc: cvc.value },
    billing_details,
    ...(allow_redisplay && { allow_redisplay }),
  });
  if (!error) return { paymentMethod: object };
  const field = form.elements[FIELD_OF_PARAM[error.param]];
  if (field) complain(field, error.code, error.message);
  return { error };
}

form.addEventListener("input", ({ target, inputType }) => {
  if (target === number) number.value = spaced(digits(number).slice(0, 19));
  if (target === cvc) cvc.value = digits(cvc);
  if (target === expiration && !inputType?.startsWith("delete")) {
    const typed = digits(expiration).replace(/^([2-9])/, "0$1").slice(0, 4);
    expiration.value = typed.length < 2 ? typed : `${typed.slice(0, 2)} / ${typed.slice(2)}`;
  }
  complain(target, null);
  tellChange();
});

form.addEventListener("focusout", ({ target }) => {
  if (target.value) complain(target, problemOf(target));
  tell("blur");
});
form.addEventListener("focusin", () => tell("focus"));
form.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") tell("escape");
});

/** The code of what is wrong with a field, or null. */
function problemOf(field) {
  if (field === number) {
    const typed = digits(number);
    if (typed.length < 13) return "incomplete_number";
    return passesLuhn(typed) ? null : "invalid_number";
  }
  if (field === cvc) return cvc.value.length < 3 ? "incomplete_cvc" : null;
  const [month, year] = expirationParts();
  if (!(month >= 1 && month <= 12) || Number.isNaN(year)) return "incomplete_expiry";
  const today = new Date();
  const isPast = 2000 + year < today.getFullYear() ||
    (2000 + year === today.getFullYear() && month <= today.getMonth());
  return isPast ? "invalid_expiry_month_past" : null;
}

/** Puts a problem beside its field, or takes it away; tells whether there is one. */
function complain(field, problem, message = problem && text(problem)) {
  const place = document.getElementById(`${field.name}-error`);
  field.setAttribute("aria-invalid", String(Boolean(problem)));
  field.dataset.problem = problem ?? "";
  place.hidden = !problem;
  place.textContent = message || "";
  return Boolean(problem);
}

function tell(type, event = {}) {
  port?.postMessage({ type, event });
}

function tellChange() {
  tell("change", {
    empty: fields.every((field) => field.value === ""),
    complete: fields.every((field) => problemOf(field) === null),
    collapsed: false,
    value: { type: "card" },
  });
}

function tellHeight() {
  port.postMessage({ type: "height", height: Math.ceil(document.body.getBoundingClientRect().height) });
}

function text(key) {
  return TEXTS[language][key] ?? key;
}

function digits(field) {
  return field.value.replace(/\D/g, "");
}

function spaced(typed) {
  return typed.replace(/(\d{4})(?=\d)/g, "$1 ");
}

/** [month, year of two digits], NaN where nothing was typed. */
function expirationParts() {
  const [, month, year] = digits(expiration).match(/^(\d{2})(\d{2})$/) ?? [];
  return [Number(month), Number(year)];
}

/** The check digit of every card number: https://en.wikipedia.org/wiki/Luhn_algorithm */
function passesLuhn(typed) {
  const sum = [...typed].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (1 + (place % 2));
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

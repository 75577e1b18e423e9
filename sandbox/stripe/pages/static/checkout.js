/** Conveniences of the checkout page: everything works without them. */
const form = document.querySelector("form[data-checkout]");
const spaced = (digits) => digits.replace(/(\d{4})(?=\d)/g, "$1 ");

form?.elements.number?.addEventListener("input", ({ target }) => {
  target.value = spaced(target.value.replace(/\D/g, "").slice(0, 19));
});

form?.elements.expiration?.addEventListener("input", ({ target, inputType }) => {
  if (inputType?.startsWith("delete")) return;
  const digits = target.value.replace(/\D/g, "").slice(0, 4);
  target.value = digits.length < 2 ? digits : `${digits.slice(0, 2)} / ${digits.slice(2)}`;
});

form?.addEventListener("submit", () => {
  const button = form.querySelector("button[type=submit]");
  button.setAttribute("aria-busy", "true");
  // A disabled button would take its own click out of the form: wait until it is sent.
  setTimeout(() => (button.disabled = true));
});

for (const button of document.querySelectorAll("[data-number]")) {
  button.addEventListener("click", () => {
    const card = form.querySelector("[name=method][value=card]");
    if (card) card.checked = true;
    form.elements.number.value = spaced(button.dataset.number);
    form.elements.expiration.value ||= "12 / 44";
    form.elements.cvc.value ||= "123";
    form.elements.name.value ||= "Test Buyer";
  });
}

/** Where the country decides about the tax, the page comes back with it. */
const address = form?.querySelector("[data-address]");
address?.querySelector("select").addEventListener("change", async () => {
  const response = await fetch(address.dataset.address, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
  });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const place of [".summary", "form[data-checkout] > button[type=submit]"]) {
    document.querySelector(place).replaceWith(page.querySelector(place));
  }
  form.elements.shown_total.value = page.querySelector("[name=shown_total]").value;
});

if (window.parent !== window) {
  const tell = () =>
    window.parent.postMessage(
      { type: "resize", height: document.documentElement.scrollHeight },
      "*",
    );
  new ResizeObserver(tell).observe(document.body);
}

/** The console: buttons pull a lever (`data-post`, `data-body`), the lists keep themselves fresh. */
const REFRESH_MILLISECONDS = 2000;
const answer = document.querySelector(".answer");

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-post]");
  if (!button) return;
  button.disabled = true;
  try {
    const response = await fetch(button.dataset.post, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: button.dataset.body,
    });
    const { error } = await response.json();
    answer.textContent = response.ok ? `${button.textContent.trim()}: done` : (error.error?.message ?? error);
  } catch (error) {
    answer.textContent = `The sandbox does not answer: ${error.message}`;
  }
  await refresh();
});

async function refresh() {
  const response = await fetch(window.location.href).catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
}

setInterval(() => {
  const isBusy = document.hidden || document.querySelector("main :focus, main button:disabled");
  if (!isBusy) refresh();
}, REFRESH_MILLISECONDS);

// The idle lock, over the page: what was typed stays where it is. The server decides; this asks and shows.
import { csrf, t } from "./autosave.js";

let shown = null, timer = null;

export async function check() {
  clearTimeout(timer);
  let state = { seconds_left: 30 };
  try {
    const answer = await fetch("/session/state", { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    state = await answer.json();
    if (state.signed_in && state.locked) cover(); else if (state.signed_in && shown) uncover();
    else if (state.signed_in === false) location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  } catch { /* no connection: asked again */ }
  timer = setTimeout(check, Math.min(Math.max((state.seconds_left || 5) + 1, 5), 60) * 1000);
}

export function cover() {
  if (shown) return;
  const before = document.activeElement;
  document.dispatchEvent(new CustomEvent("nappage:locking"));
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.inert = true;
  shown = document.createElement("div");
  shown.className = "lock";
  shown.setAttribute("role", "dialog");
  shown.setAttribute("aria-modal", "true");
  shown.setAttribute("aria-labelledby", "lock-title");
  const form = document.createElement("form");
  form.className = "card stack";
  const title = Object.assign(document.createElement("h1"), { id: "lock-title", textContent: t("This session is locked") });
  const words = Object.assign(document.createElement("p"), { textContent: t("What you typed is kept."), className: "muted" });
  const label = Object.assign(document.createElement("label"), { htmlFor: "lock-proof", textContent: t("PIN or password"), className: "label" });
  const input = Object.assign(document.createElement("input"), { id: "lock-proof", type: "password", autocomplete: "current-password", required: true });
  const error = Object.assign(document.createElement("p"), { className: "error", role: "alert" });
  const button = Object.assign(document.createElement("button"), { className: "button primary wide", textContent: t("Unlock") });
  form.append(title, words, label, input, error, button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch("/unlock", {
        method: "POST", credentials: "same-origin", body: new URLSearchParams({ proof: input.value }),
        headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" },
      });
      if (answer.ok) { uncover(); before?.focus?.(); }
      else if (answer.status === 401) { location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`); }
      else { error.textContent = t("That is not your PIN or password."); input.value = ""; input.focus(); }
    } catch { error.textContent = t("That did not work. Try again."); }
    button.removeAttribute("aria-busy");
  });
  shown.append(form);
  for (const child of document.body.children) child.inert = true;
  document.body.append(shown);
  document.body.classList.add("locked");
  document.title = "nappage";
  input.focus();
}

function uncover() {
  shown?.remove();
  shown = null;
  document.body.classList.remove("locked");
  for (const child of document.body.children) child.inert = false;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.inert = false;
  document.dispatchEvent(new CustomEvent("nappage:unlocked"));
  check();
}

if (document.body.hasAttribute("data-signed-in")) {
  document.addEventListener("nappage:locked", cover);
  document.addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-lock]")) return;
    event.preventDefault();
    await fetch("/lock", { method: "POST", headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" }, credentials: "same-origin" }).catch(() => {});
    cover();
  });
  addEventListener("focus", check);
  check();
}

// The idle lock, over the page: what was typed stays where it is. The server decides; this asks and shows.
import { csrf, t } from "./autosave.js";

let shown = null, timer = null, left = 0, touched = Date.now(), heading = "";

export async function check() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/session/state", { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin", signal: AbortSignal.timeout(10000) });
    const state = await answer.json();
    left = state.seconds_left || 5;
    if (state.signed_in && state.locked) cover(); else if (state.signed_in && shown) uncover();
    else if (state.signed_in === false) location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  } catch {
    // No connection: covered when nobody has touched the page for as long as the server last said; asked again.
    if (left && Date.now() - touched > (left + 60) * 1000) cover();
  }
  timer = setTimeout(check, Math.min(Math.max(left + 1, 5), 60) * 1000);
}

export function cover() {
  if (shown) return;
  const before = document.activeElement;
  document.dispatchEvent(new CustomEvent("nappage:locking"));
  // A modal dialog of its own: it stands above whatever dialog is open, and everything under it is out of reach.
  shown = document.createElement("dialog");
  shown.className = "lock";
  shown.setAttribute("aria-labelledby", "lock-title");
  shown.addEventListener("cancel", (event) => event.preventDefault());
  shown.addEventListener("close", () => shown?.showModal());
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
  heading = document.title;
  document.title = "nappage";
  document.body.append(shown);
  document.body.classList.add("locked");
  shown.showModal();
  input.focus();
}

function uncover() {
  const gone = shown;
  shown = null;
  gone?.remove();
  if (heading) document.title = heading;
  document.body.classList.remove("locked");
  for (const child of document.body.children) child.inert = false;
  document.dispatchEvent(new CustomEvent("nappage:unlocked"));
  check();
}

if (document.body.hasAttribute("data-signed-in")) {
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
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

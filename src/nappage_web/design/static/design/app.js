// What every page has: autosave, the lock, progress on whatever takes longer than a second, errors with a way out,
// steppers, dialogs and fields that suggest.
import { csrf, start, t } from "./autosave.js";
import "./lock.js";

start();
document.body.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRFToken"] = csrf(); });
document.body.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));

// Progress on anything that takes longer than a second.
let busy = 0, line = null, timer = null;
const begin = () => { busy += 1; timer ??= setTimeout(() => { line = document.createElement("div"); line.className = "progress-line"; line.setAttribute("role", "progressbar"); line.setAttribute("aria-label", t("Working…")); document.body.append(line); }, 1000); };
const end = () => { busy = Math.max(0, busy - 1); if (busy) return; clearTimeout(timer); timer = null; line?.remove(); line = null; };
document.body.addEventListener("htmx:beforeRequest", begin);
document.body.addEventListener("htmx:afterRequest", end);
document.addEventListener("submit", (event) => { if (event.defaultPrevented) return; event.submitter?.setAttribute("aria-busy", "true"); if (!event.target.hasAttribute("hx-post")) begin(); });
addEventListener("pageshow", () => { end(); for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy"); });

// A request that failed says so, and offers to try again.
document.body.addEventListener("htmx:responseError", (event) => {
  const { xhr, elt } = event.detail;
  if (xhr.status === 423) return document.dispatchEvent(new CustomEvent("nappage:locked"));
  if (xhr.status === 401) return location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
  toast(t("That did not work. Try again."), () => once(event.detail));
});
document.body.addEventListener("htmx:sendError", (event) => toast(t("That did not work. Try again."), () => once(event.detail)));
document.addEventListener("nappage:told", (event) => toast(event.detail));
const once = ({ elt, target, requestConfig: { verb, path } }) => htmx.ajax(verb, path, { source: elt, target });

// Stands until it is closed, or tried again: whoever works with both hands cannot read against a clock.
export function toast(words, again) {
  const box = document.createElement("div");
  const button = (text, act) => { const made = document.createElement("button"); made.className = "button quiet"; made.type = "button"; made.textContent = text; made.onclick = () => { box.remove(); act?.(); }; return made; };
  box.className = "notice stop row between";
  box.append(Object.assign(document.createElement("span"), { className: "grow", textContent: words }));
  if (again) box.append(button(t("Try again"), again));
  box.append(button(t("Close")));
  const all = document.getElementById("toasts");
  for (const same of [...all.children]) if (same.firstChild.textContent === words) same.remove();
  all.append(box);
}

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) {
    const input = step.closest(".stepper").querySelector("input");
    const places = (step.dataset.step.split(".")[1] || "").length;
    const min = input.min === "" ? -Infinity : Number(input.min), max = input.max === "" ? Infinity : Number(input.max);
    input.value = Math.min(max, Math.max(min, Number(input.value || 0) + Number(step.dataset.step))).toFixed(places);
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const opener = event.target.closest("[data-dialog]");
  if (opener) { event.preventDefault(); document.getElementById(opener.dataset.dialog)?.showModal(); }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  const theme = event.target.closest("[data-theme-choice]");
  if (theme) { const value = theme.dataset.themeChoice; if (value) { localStorage.setItem("nappage.theme", value); document.documentElement.dataset.theme = value; } else { localStorage.removeItem("nappage.theme"); delete document.documentElement.dataset.theme; } }
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => { copy.textContent = "✓"; });
});
// Keys with Ctrl or ⌘ only: a single letter would fire while somebody dictates. The list is the dialog "keys" of the page.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || document.body.classList.contains("locked")) return;
  const key = event.key.toLowerCase();
  const act = key === "k" ? () => { const search = document.querySelector("input[type=search]"); if (search) search.focus(); else document.querySelector(".nav a[data-search]")?.click(); }
    : key === "/" ? () => document.getElementById("keys")?.showModal()
      : key === "l" && event.shiftKey ? () => document.querySelector("form[data-lock]")?.requestSubmit() : null;
  if (act) { event.preventDefault(); act(); }
});

// <input data-suggest="/url?kind=x"> … the address answers ?q=… with a JSON list of texts (or {value, label}).
let boxes = 0;
function combo(input) {
  if (input.dataset.combo) return;
  input.dataset.combo = boxes += 1;
  const wrap = document.createElement("div"), list = document.createElement("ul");
  wrap.className = "combo"; list.id = `combo-${boxes}`; list.hidden = true; list.setAttribute("role", "listbox"); list.setAttribute("aria-label", input.labels?.[0]?.textContent || "…");
  const typing = document.activeElement === input;  // being moved, it would lose what is typed next
  input.replaceWith(wrap); wrap.append(input, list);
  if (typing) input.focus();
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", list.id], ["aria-autocomplete", "list"], ["autocomplete", "off"]]) input.setAttribute(name, value);
  let at = -1, timer = null, asked = 0;
  const close = () => { clearTimeout(timer); asked += 1; list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const choose = (option) => { input.value = option.dataset.value; close(); input.dispatchEvent(new Event("change", { bubbles: true })); input.dispatchEvent(new CustomEvent("suggest:chosen", { bubbles: true, detail: option.dataset.value })); };
  const mark = (next) => { const options = [...list.children]; at = (next + options.length) % options.length; options.forEach((o, i) => o.setAttribute("aria-selected", i === at)); input.setAttribute("aria-activedescendant", options[at].id); options[at].scrollIntoView({ block: "nearest" }); };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(async () => {
    if (input.value.trim().length < 2) return close();
    const mine = asked += 1, url = new URL(input.dataset.suggest, location);
    url.searchParams.set("q", input.value);
    let found = [];
    try { found = await (await fetch(url, { headers: { "X-Requested-With": "fetch" } })).json(); } catch { return close(); }
    if (mine !== asked || document.activeElement !== input) return;
    list.replaceChildren(...found.map((one, i) => { const li = document.createElement("li"); li.id = `${list.id}-${i}`; li.setAttribute("role", "option"); li.setAttribute("aria-selected", "false"); li.dataset.value = one.value ?? one; li.textContent = one.label ?? one; li.onpointerdown = (event) => { event.preventDefault(); choose(li); }; return li; }));
    list.hidden = !found.length; at = -1; input.setAttribute("aria-expanded", String(Boolean(found.length)));
  }, 120); });
  input.addEventListener("keydown", (event) => { if (list.hidden) return; if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(at + (event.key === "ArrowDown" ? 1 : -1)); } else if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(list.children[at]); } else if (event.key === "Escape") close(); });
  input.addEventListener("blur", close);
}
const combos = (root) => { for (const input of root.querySelectorAll("input[data-suggest]")) combo(input); };
combos(document);
document.body.addEventListener("htmx:load", (event) => combos(event.detail.elt.parentElement || document));

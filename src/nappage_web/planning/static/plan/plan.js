// Planning in the browser: buttons that set a place of the draft, panels that wait while one types in them, the mixture's
// lines, the map editor, and the calendar (drag, or keys).
import { csrf, draftOf, edit, follow, t } from "../design/autosave.js";
import { toast } from "../design/app.js";

const root = document.getElementById("draft");
const french = document.documentElement.lang === "fr";

// <button data-set="json or word" data-set-path="answers.context.skin_state">
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-set]");
  if (!button || !root) return;
  let value = button.dataset.set;
  try { value = JSON.parse(value); } catch { /* a word */ }
  const field = root.querySelector(`textarea[data-path="${CSS.escape(button.dataset.setPath)}"]`);
  if (field && Array.isArray(value) && !value.length) field.value = "";
  button.setAttribute("aria-pressed", "true");
  edit(root, button.dataset.setPath, value);
});

// A panel's frame stays and what is in it is swapped: a request that waits in a replaced element would be lost.
// A panel is not swapped under somebody's hands: it waits until the field is left.
const waiting = new Set();
const typing = (panel) => { const at = document.activeElement; return at && panel.contains(at) && at.matches("input:not([type=radio]):not([type=checkbox]), textarea, select"); };
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const panel = event.detail.target;
  if (panel?.hasAttribute?.("data-panel") && event.detail.requestConfig?.verb === "get" && typing(panel)) { event.detail.shouldSwap = false; waiting.add(panel.id); }
});
document.addEventListener("focusout", (event) => {
  const panel = event.target.closest?.("[data-panel]");
  if (panel && waiting.has(panel.id)) setTimeout(() => { if (!typing(panel) && waiting.delete(panel.id)) htmx.ajax("GET", panel.getAttribute("hx-get"), { target: `#${panel.id}`, swap: "innerHTML" }); }, 500);
});
// What a panel waits for is said of the panel; after a second it is seen on it, too.
document.body.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => { if (target && target !== document.body) { target.requests = (target.requests || 0) + 1; target.setAttribute("aria-busy", "true"); } });
document.body.addEventListener("htmx:afterRequest", ({ detail: { target } }) => { if (target?.requests && !(target.requests -= 1)) target.removeAttribute("aria-busy"); });
// What stood open stays open after a swap, and the focus stays where it was.
let opened = [], focused = null;
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  opened = [...(target?.querySelectorAll?.("details[open] > summary") || [])].map((one) => one.parentElement.parentElement.querySelector("h3, h4")?.textContent + one.textContent);
  const at = document.activeElement;
  focused = at && target?.contains?.(at) ? at.dataset.path ? `[data-path="${CSS.escape(at.dataset.path)}"]${at.type === "radio" ? `[value="${CSS.escape(at.value)}"]` : ""}` : at.id ? `#${CSS.escape(at.id)}` : null : null;
});
document.body.addEventListener("htmx:afterSwap", () => {
  for (const one of document.querySelectorAll("details > summary")) if (opened.includes(one.parentElement.parentElement.querySelector("h3, h4")?.textContent + one.textContent)) one.parentElement.open = true;
  if (focused && document.activeElement === document.body) document.querySelector(focused)?.focus();
});
// The server changed the draft itself: go on from its revision, and let the panels follow.
document.body.addEventListener("draft:followed", (event) => {
  if (!root) return;
  follow(root, event.detail.revision);
  root.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail: { path: "", revision: event.detail.revision } }));
});

// What a panel cannot read is marked at its field, too.
function faults() {
  const told = new Map([...document.querySelectorAll("[data-fault]")].map((one) => [one.dataset.fault, one.id]));
  for (const field of root?.querySelectorAll("[data-path]") || []) {
    const id = told.get(field.dataset.path);
    if (!id && !field.hasAttribute("data-faulty")) continue;
    field.toggleAttribute("data-faulty", Boolean(id));
    const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((one) => one && !one.startsWith("fault-"));
    const attributes = { "aria-invalid": id ? "true" : "", "aria-describedby": [...others, ...(id ? [id] : [])].join(" ") };
    for (const [name, value] of Object.entries(attributes)) value ? field.setAttribute(name, value) : field.removeAttribute(name);
  }
}
faults();
document.body.addEventListener("htmx:afterSwap", faults);

// On a narrow page the verdict stands in a strip that stays in sight; its panel is further down.
function strips() {
  for (const strip of document.querySelectorAll("[data-strip]")) {
    const badge = document.querySelector(`#${strip.dataset.strip} .badge`);
    strip.querySelector("[data-strip-badge]").replaceChildren(...(badge ? [badge.cloneNode(true)] : []));
  }
}
strips();
const now = document.querySelector(".steps [aria-current]"); // in sight on a phone
if (now) now.closest("ol").scrollLeft = now.offsetLeft - now.closest("ol").offsetLeft - 16;
document.body.addEventListener("htmx:afterSwap", strips);

// The mixture's lines.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-add-line], [data-drop-line]");
  if (!button || !root) return;
  const box = button.closest("[data-lines]");
  const path = box.dataset.lines;
  const lines = [...box.querySelectorAll("[data-line]")].map((line) => Object.fromEntries([...line.querySelectorAll("[data-path]")].map((field) => [field.dataset.path.split(".").at(-1), field.value]).filter(([, value]) => value !== "")));
  if (button.dataset.dropLine !== undefined) lines.splice(Number(button.dataset.dropLine), 1);
  else lines.push(JSON.parse(button.dataset.addLine || "{}"));
  await edit(root, path, lines);
  htmx.ajax("GET", box.dataset.url, { target: "#lines", swap: "innerHTML" });
});

// The map editor.
async function mount(place) {
  if (place.dataset.mounted) return;
  place.dataset.mounted = "1";
  const draft = draftOf(place);
  const send = async (edits, skin) => {
    const answer = await fetch(place.dataset.mapEditor, {
      method: "POST", credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), "X-Requested-With": "fetch" },
      body: JSON.stringify({ edits, skin, base: draft.revision, mode: place.dataset.mode }),
    });
    if (answer.status === 423) { document.dispatchEvent(new CustomEvent("nappage:locked")); throw Object.assign(new Error("locked"), { offline: true }); }
    if (answer.status === 401 || answer.status >= 500) throw Object.assign(new Error("away"), { offline: true });
    const body = await answer.json();
    if (!answer.ok) {
      if (body.revision) follow(place, body.revision);
      throw Object.assign(new Error("refused"), { sentence: body.sentence || body.error?.wrong, state: body.state });
    }
    if (body.payload?.points.length) document.querySelector("[data-lacks]")?.remove(); // there is a map now
    if (edits.length) {
      follow(place, body.revision);
      draft.state("saved");
      root.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail: { path: "order.map", revision: body.revision } }));
    }
    return body;
  };
  const [wait, failed] = ["wait", "failed"].map((name) => place.querySelector(`[data-map-${name}]`));
  wait.hidden = !(failed.hidden = true);
  place.setAttribute("aria-busy", "true");
  try { // another address each time: a browser may keep that a module could not be had
    const tries = place.dataset.tries = Number(place.dataset.tries || 0) + 1;
    const [{ mountMapEditor }, state] = await Promise.all([import(tries > 1 ? `${place.dataset.module}?${tries}` : place.dataset.module), send([], null)]);
    place.editor = mountMapEditor(place, { send, state, mode: place.dataset.mode, language: document.documentElement.lang });
  } catch (error) {
    const why = failed.querySelector("[data-map-why]");
    why.textContent = error.sentence || why.dataset.else;
    failed.hidden = !(wait.hidden = true);
    delete place.dataset.mounted;
    if (!error.offline && !error.sentence) console.error(error);
  } finally { place.removeAttribute("aria-busy"); }
}
// The map once more, where it could not be loaded: by hand, or when the connection or the session is back.
const again = () => { for (const failed of document.querySelectorAll("[data-map-failed]:not([hidden])")) mount(failed.closest("[data-map-editor]")); };
document.addEventListener("click", (event) => { if (event.target.closest("[data-map-again]")) again(); });
addEventListener("online", again);
document.addEventListener("nappage:unlocked", again);
for (const place of document.querySelectorAll("[data-map-editor]:not([data-wait])")) mount(place);
for (const box of document.querySelectorAll("[data-lazy-map]")) box.addEventListener("toggle", () => box.open && mount(box.querySelector("[data-map-editor]")));

// The calendar: a session is dragged to another day, or moved with the arrow keys and Enter; the server says whether it may.
let held = null;
const cells = (session) => document.querySelectorAll(`#course td[data-day]`);
function mark(session) {
  for (const cell of cells()) cell.classList.toggle("target", session !== null && (cell.dataset.allowed || "").split(" ").includes(String(session)));
}
function move(session, day) {
  const panel = document.getElementById("course");
  htmx.ajax("POST", panel.dataset.move, { target: "#course", swap: "outerHTML", values: { session, day } });
}
document.addEventListener("pointerdown", (event) => {
  const button = event.target.closest("#course td button[data-session]");
  if (!button) return;
  held = { session: button.dataset.session, from: button.closest("td").dataset.day, button, moved: false };
  button.setPointerCapture?.(event.pointerId);
  mark(held.session);
});
const under = (event) => document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.matches?.("td[data-day]"));
document.addEventListener("pointermove", (event) => {
  if (!held) return;
  held.moved = true;
  const over = under(event);
  for (const cell of cells()) cell.classList.toggle("drop", cell === over && over.dataset.day !== held.from);
});
document.addEventListener("pointerup", (event) => {
  if (!held) return;
  const over = under(event), { session, from } = held;
  held = null;
  mark(null);
  for (const cell of cells()) cell.classList.remove("drop");
  if (over && over.dataset.day !== from) move(session, over.dataset.day);
});
document.addEventListener("pointercancel", () => { held = null; mark(null); });
document.addEventListener("keydown", (event) => {
  const button = event.target.closest?.("#course td button[data-session]");
  if (!button) return;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
  if (by) {
    event.preventDefault();
    const day = new Date(`${button.dataset.to || button.closest("td").dataset.day}T12:00:00Z`);
    day.setUTCDate(day.getUTCDate() + by);
    button.dataset.to = day.toISOString().slice(0, 10);
    mark(button.dataset.session);
    for (const cell of cells()) cell.classList.toggle("drop", cell.dataset.day === button.dataset.to);
    const said = document.getElementById("course-said");
    if (said) said.textContent = `${french ? "Entrée pour déplacer au" : "Enter moves it to"} ${day.toLocaleDateString(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" })}`;
  } else if (event.key === "Enter" && button.dataset.to) {
    event.preventDefault();
    move(button.dataset.session, button.dataset.to);
  } else if (event.key === "Escape") { delete button.dataset.to; mark(null); for (const cell of cells()) cell.classList.remove("drop"); }
});
document.addEventListener("change", (event) => {
  const field = event.target.closest("#course input[data-move]");
  if (field && field.value) move(field.dataset.move, field.value);
});
export { t, toast };

// Autosave. What is typed goes into an outbox on this device, is sent one at a time and in order, and leaves the outbox
// only when the server has acknowledged it. Reload, lock, lost connection and a second tab lose nothing.
//
//   <form data-draft="/drafts/ID/edits" data-revision="7"> … <input data-path="order.spacing_mm"> … </form>
//   edit(form, "order.areas", ["cheek"]) → Promise<{revision}>   (exported, for modules of a page)
//
// data-type: text (default), bool, list (checked values), json, raw number strings stay text. An edit is
// {id, base, path, value}; see patients/edits.py for the answers.
const drafts = new Map();
const PREFIX = "nappage.outbox.";
const tab = sessionStorage.getItem("nappage.tab") || crypto.randomUUID();
sessionStorage.setItem("nappage.tab", tab);

class Draft {
  constructor(element) {
    this.element = element;
    this.url = element.dataset.draft;
    this.revision = Number(element.dataset.revision || 0);
    this.key = `${PREFIX}${this.url}|${tab}`;
    this.outbox = [];
    this.waiters = new Map();
    this.pause = 500;
    this.conflict = null;
    this.adopt();
    this.listen();
    if (this.outbox.length) { this.restore(); this.send(); }
  }

  // Edits this tab left behind, and those of tabs that are gone.
  adopt() {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(`${PREFIX}${this.url}|`)) continue;
      const take = () => {
        const left = JSON.parse(localStorage.getItem(key) || "[]");
        if (key !== this.key) localStorage.removeItem(key);
        this.outbox = [...left.filter((e) => !this.outbox.some((o) => o.id === e.id)), ...this.outbox];
        this.keep();
      };
      if (key === this.key || !navigator.locks) take();
      else navigator.locks.request(key, { ifAvailable: true }, (free) => { if (free) { take(); this.restore(); this.send(); } });
    }
    if (navigator.locks) navigator.locks.request(this.key, () => new Promise(() => {})); // held while this tab lives
  }

  listen() {
    const timers = new Map();
    const typed = (event, wait) => {
      const field = event.target.closest("[data-path]");
      if (!field || field.closest("[data-draft]") !== this.element) return;
      clearTimeout(timers.get(field.dataset.path));
      const save = () => { timers.delete(field.dataset.path); this.put(field.dataset.path, read(field, this.element)); };
      if (wait) { this.state("typing"); timers.set(field.dataset.path, setTimeout(save, wait)); this.pending = save; } else save();
    };
    this.element.addEventListener("input", (event) => typed(event, 400));
    this.element.addEventListener("change", (event) => typed(event, 0));
    const flush = () => { for (const [path, timer] of timers) { clearTimeout(timer); const f = this.element.querySelector(`[data-path="${CSS.escape(path)}"]`); if (f) this.put(path, read(f, this.element)); } timers.clear(); };
    addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", () => document.hidden && flush());
    document.addEventListener("nappage:locked", flush);
    for (const name of ["online", "focus"]) addEventListener(name, () => this.send());
    document.addEventListener("nappage:unlocked", () => this.send());
    this.element.addEventListener("submit", (event) => { if (!event.submitter || event.submitter.hasAttribute("data-autosaved")) event.preventDefault(); });
  }

  put(path, value) {
    const last = this.outbox.at(-1);
    // Still unsent and the same place: only the newest value matters.
    if (last && last.path === path && !last.sent) last.value = value;
    else this.outbox.push({ id: crypto.randomUUID(), path, value });
    this.keep();
    const id = this.outbox.at(-1).id;
    this.send();
    return new Promise((done, failed) => this.waiters.set(id, [...(this.waiters.get(id) || []), { done, failed }]));
  }

  keep() {
    try {
      if (this.outbox.length) localStorage.setItem(this.key, JSON.stringify(this.outbox));
      else localStorage.removeItem(this.key);
      this.kept = true;
    } catch { this.kept = false; }
  }

  // Puts what was typed but not yet acknowledged back into its fields, after a reload.
  restore() {
    for (const { path, value } of this.outbox) {
      for (const field of this.element.querySelectorAll(`[data-path="${CSS.escape(path)}"]`)) write(field, value);
    }
  }

  async send() {
    if (this.sending || this.conflict || !this.outbox.length) return;
    this.sending = true;
    const edit = this.outbox[0];
    edit.base ??= this.revision;
    edit.sent = true;
    this.keep();
    this.state("saving");
    let answer;
    try {
      answer = await fetch(this.url, {
        method: "POST", credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), "X-Requested-With": "fetch" },
        body: JSON.stringify({ id: edit.id, base: edit.base, path: edit.path, value: edit.value ?? null }),
      });
    } catch { return this.later("offline"); }
    if (answer.status === 423) { this.sending = false; this.state("locked"); document.dispatchEvent(new CustomEvent("nappage:locked")); return; }
    if (answer.status === 401 || answer.status === 403) return this.later("signed-out");
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) {
      this.took(edit, body.revision);
      this.pause = 500;
      this.state(this.outbox.length ? "saving" : "saved");
      const detail = { path: edit.path, revision: body.revision };
      this.element.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail }));
      this.settle(edit.id, "done", body);
      this.sending = false;
      return this.send();
    }
    if (answer.status === 409) { this.sending = false; return this.ask(edit, body); }
    if (answer.status === 422 || answer.status === 413 || answer.status === 404) {
      // It can never be taken: it is shown, and kept aside on this device.
      const aside = JSON.parse(localStorage.getItem("nappage.refused") || "[]");
      try { localStorage.setItem("nappage.refused", JSON.stringify([...aside, { url: this.url, ...edit }].slice(-50))); } catch { /* full */ }
      this.took(edit, this.revision);
      const error = body.error || { place: edit.path, wrong: "it was not found", remedy: "load the page again" };
      this.state("refused", `${error.place}: ${error.wrong}. ${error.remedy}.`);
      this.settle(edit.id, "failed", error);
      this.sending = false;
      return this.send();
    }
    return this.later("server");
  }

  took(edit, revision) {
    this.outbox = this.outbox.filter((one) => one.id !== edit.id);
    this.revision = Math.max(this.revision, revision || 0);
    this.element.dataset.revision = this.revision;
    this.keep();
  }

  settle(id, how, body) { for (const waiter of this.waiters.get(id) || []) if (how === "done") waiter.done(body); else waiter.failed(body); this.waiters.delete(id); }

  later(why) {
    this.sending = false;
    this.state(why);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), this.pause);
    this.pause = Math.min(this.pause * 2, 15000);
  }

  // Somebody else changed the same place: both are shown, and one is chosen.
  ask(edit, body) {
    this.conflict = body.conflict;
    this.state("conflict");
    const dialog = conflictDialog(body.conflict);
    dialog.addEventListener("close", () => {
      this.conflict = null;
      this.took(edit, body.revision);
      for (const one of this.outbox) delete one.base;
      if (dialog.returnValue === "mine") {
        this.outbox.unshift({ id: crypto.randomUUID(), path: edit.path, value: edit.value });
        this.waiters.set(this.outbox[0].id, this.waiters.get(edit.id) || []);
        this.keep();
      } else {
        for (const field of this.element.querySelectorAll(`[data-path="${CSS.escape(edit.path)}"]`)) write(field, body.conflict.theirs);
        this.settle(edit.id, "done", { revision: body.revision, theirs: body.conflict.theirs });
        this.element.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail: { path: edit.path, revision: body.revision } }));
      }
      dialog.remove();
      this.state(this.outbox.length ? "saving" : "saved");
      this.send();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  state(name, words) {
    const place = document.querySelector("[data-save-state]");
    const count = this.outbox.length;
    const told = words || {
      typing: "…", saving: t("Saving…"), saved: `${t("Saved")} ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`,
      offline: `${count} ${t("waiting: no connection. Kept on this device.")}`, server: `${count} ${t("waiting: the server does not answer. Kept on this device.")}`,
      "signed-out": `${count} ${t("waiting: sign in again. Kept on this device.")}`, locked: `${count} ${t("waiting: unlock to save.")}`, conflict: t("Somebody else changed the same place"),
    }[name];
    if (place) { place.textContent = told; place.dataset.state = { saved: "saved", conflict: "conflict", refused: "conflict" }[name] || (["typing", "saving"].includes(name) ? "saving" : "waiting"); }
  }
}

export function t(words) { return (window.nappageWords || words_)[words] || words; }
const words_ = document.documentElement.lang === "fr" ? {
  "Saving…": "Enregistrement…", Saved: "Enregistré à", "waiting: no connection. Kept on this device.": "en attente : pas de connexion. Conservé sur cet appareil.",
  "waiting: the server does not answer. Kept on this device.": "en attente : le serveur ne répond pas. Conservé sur cet appareil.", "waiting: sign in again. Kept on this device.": "en attente : reconnectez-vous. Conservé sur cet appareil.",
  "waiting: unlock to save.": "en attente : déverrouillez pour enregistrer.", "Somebody else changed the same place": "Quelqu'un d'autre a modifié le même endroit", "Keep theirs": "Garder la sienne", "Use mine": "Utiliser la mienne", Yours: "La vôtre", Theirs: "La sienne",
  "Two people changed this": "Deux personnes ont modifié ceci", "Unlock": "Déverrouiller", "PIN or password": "Code ou mot de passe", "This session is locked": "Session verrouillée", "What you typed is kept.": "Ce que vous avez saisi est conservé.", "That is not your PIN or password.": "Ce n'est ni votre code ni votre mot de passe.", "Sign in again": "Se reconnecter", "That did not work. Try again.": "Cela n'a pas fonctionné. Réessayez.",
} : {};

function conflictDialog({ path, yours, theirs, by, at }) {
  const dialog = document.createElement("dialog");
  const show = (value) => value === null || value === undefined ? "—" : typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
  const el = (name, words, kind) => { const made = document.createElement(name); made.textContent = words; if (kind) made.className = kind; return made; };
  const both = el("div", "", "conflict");
  for (const [title, value] of [[t("Yours"), yours], [`${t("Theirs")} (${by}, ${new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })})`, theirs]]) {
    const side = el("div", ""); side.append(el("h3", title), el("pre", show(value))); both.append(side);
  }
  const form = el("form", "", "row end"); form.method = "dialog";
  const keep = el("button", t("Keep theirs"), "button"); keep.value = "theirs";
  const mine = el("button", t("Use mine"), "button primary"); mine.value = "mine";
  form.append(keep, mine);
  const title = el("h2", t("Two people changed this")); title.id = "conflict-title";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.addEventListener("cancel", (event) => event.preventDefault()); // a choice must be made
  dialog.append(title, el("p", path, "muted"), both, form);
  return dialog;
}

function read(field, within) {
  const type = field.dataset.type || (field.type === "checkbox" ? "bool" : "text");
  if (field.type === "radio") { const on = within.querySelector(`[data-path="${CSS.escape(field.dataset.path)}"]:checked`); return on ? typed(on.value, type) : null; }
  if (type === "list") return [...within.querySelectorAll(`[data-path="${CSS.escape(field.dataset.path)}"]:checked`)].map((box) => box.value);
  if (type === "bool" && field.type === "checkbox") return field.checked;
  return typed(field.isContentEditable ? field.textContent : field.value, type);
}

function typed(value, type) {
  if (value === "") return null;
  if (type === "bool") return { true: true, false: false }[value] ?? null;
  if (type === "json") { try { return JSON.parse(value); } catch { return value; } }
  if (type === "lines") return value.split("\n").map((line) => line.trim()).filter(Boolean);
  return value;
}

function write(field, value) {
  if (field.type === "radio") field.checked = String(value) === field.value;
  else if (field.type === "checkbox") field.checked = Array.isArray(value) ? value.includes(field.value) : Boolean(value);
  else if (field.isContentEditable) field.textContent = value ?? "";
  else field.value = value === null || value === undefined ? "" : Array.isArray(value) && field.dataset.type === "lines" ? value.join("\n") : typeof value === "object" ? JSON.stringify(value) : value;
}

export function csrf() { return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] || document.body.dataset.csrf || ""; }

// The draft of an element; made at its first use.
export function draftOf(element) {
  const form = element.closest("[data-draft]");
  if (!form) throw new Error("no [data-draft] around this element");
  if (!drafts.has(form)) drafts.set(form, new Draft(form));
  return drafts.get(form);
}

export function edit(element, path, value) { return draftOf(element).put(path, value); }

// After the server itself changed the draft (a command's button): go on from its revision.
export function follow(element, revision) { const draft = draftOf(element); draft.revision = Math.max(draft.revision, revision); }

export function start(root = document) { for (const form of root.querySelectorAll("[data-draft]")) draftOf(form); }

addEventListener("beforeunload", (event) => { if ([...drafts.values()].some((draft) => draft.outbox.length && !draft.kept)) event.preventDefault(); });

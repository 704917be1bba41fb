// Autosave. What is typed goes into an outbox on this device, is sent one at a time and in order, and leaves the outbox
// only when the server has acknowledged it. Reload, lock, lost connection and a second tab lose nothing.
//
//   <form data-draft="/drafts/ID/edits" data-revision="7"> … <input data-path="order.spacing_mm"> … </form>
//   edit(form, "order.areas", ["cheek"]) → Promise<{revision}>   (exported, for modules of a page)
//
// data-type: text (default), bool, list (checked values), json, raw number strings stay text. An edit is
// {id, base, path, value}; see patients/edits.py for the answers.
const drafts = new Map();
// Whoever else signs in on this device neither sees nor sends these edits.
const PREFIX = `nappage.outbox.${document.body.dataset.signedIn || ""}|`;
const REFUSED = `nappage.refused.${document.body.dataset.signedIn || ""}`;

// Storage may be full or closed: then it says so, and nothing breaks.
const device = {
  keys() { try { return Object.keys(localStorage); } catch { return []; } },
  read(key) { try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; } },
  write(key, edits) { try { if (edits.length) localStorage.setItem(key, JSON.stringify(edits)); else localStorage.removeItem(key); return true; } catch { return false; } },
};

// Not crypto.randomUUID: a clinic's own network may speak plain HTTP.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = bytes[6] & 15 | 64; bytes[8] = bytes[8] & 63 | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const within = (path, whole) => path === whole || path.startsWith(`${whole}.`);

class Draft {
  constructor(element) {
    this.element = element;
    this.url = element.dataset.draft;
    // `revision`: everything up to it is on this page. It moves only with this page's own edits, so that what others
    // changed meanwhile is never taken as seen. `seen`: the same for single paths, where others' edits lie between.
    this.revision = Number(element.dataset.revision || 0);
    this.seen = new Map();
    // A key of its own for each page: a duplicated tab must not write into the outbox of the first.
    this.key = `${PREFIX}${this.url}|${uuid()}`;
    this.outbox = [];
    this.waiters = new Map();
    this.timers = new Map();
    this.pause = 500;
    this.kept = true;
    this.conflict = null;
    this.listen();
    this.adopt();
  }

  // What pages that are gone left unsent, this one's before a reload too. A page holds the lock of its key while it
  // lives; whoever waits longest for it takes over what is left.
  adopt() {
    const awaited = new Set([this.key]);
    const take = (key) => {
      const left = device.read(key).filter((edit) => !this.outbox.some((own) => own.id === edit.id));
      if (left.length) { this.outbox = [...left, ...this.outbox]; this.keep(); }
      if (this.kept) device.write(key, []);
      if (left.length) { this.restore(); this.send(); }
    };
    const wait = (key) => {
      if (!key?.startsWith(`${PREFIX}${this.url}|`) || awaited.has(key)) return;
      awaited.add(key);
      if (navigator.locks) navigator.locks.request(key, () => take(key)); else take(key);
    };
    device.keys().forEach(wait);
    if (!navigator.locks) return;
    navigator.locks.request(this.key, () => new Promise(() => {}));
    addEventListener("storage", ({ key }) => wait(key)); // pages opened later
  }

  listen() {
    const typed = (event, wait) => {
      const field = event.target.closest("[data-path]");
      if (!field || field.closest("[data-draft]") !== this.element) return;
      const { path } = field.dataset;
      clearTimeout(this.timers.get(path)?.timer);
      const waited = this.timers.delete(path);
      const save = () => { this.timers.delete(path); this.put(path, read(field, this.element)).catch(() => {}); }; // told in the save state
      if (!wait) return waited || this.last !== JSON.stringify([path, read(field, this.element)]) ? save() : null;
      this.state("typing");
      this.timers.set(path, { save, timer: setTimeout(save, wait) });
    };
    this.element.addEventListener("input", (event) => typed(event, 400));
    this.element.addEventListener("change", (event) => typed(event, 0));
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    document.addEventListener("nappage:locking", () => this.flush());
    for (const name of ["online", "focus"]) addEventListener(name, () => this.send());
    document.addEventListener("nappage:unlocked", () => this.send());
    this.element.addEventListener("submit", (event) => { if (!event.submitter || event.submitter.hasAttribute("data-autosaved")) event.preventDefault(); });
  }

  // Whatever still waits for a pause in the typing.
  flush() { for (const { save, timer } of [...this.timers.values()]) { clearTimeout(timer); save(); } }

  put(path, value) {
    const last = this.outbox.at(-1);
    this.last = JSON.stringify([path, value]); // leaving a field whose text was saved while typing is no change
    // Still unsent and the same place: only the newest value matters.
    if (last && last.path === path && !last.sent) last.value = value;
    else this.outbox.push({ id: uuid(), base: this.known(path), path, value });
    const { id } = this.outbox.at(-1);
    const told = new Promise((done, failed) => this.waiters.set(id, [...(this.waiters.get(id) || []), { done, failed }]));
    this.keep();
    this.send();
    return told;
  }

  keep() { this.kept = device.write(this.key, this.outbox); }

  // Puts what was typed but not yet acknowledged back into its fields. What is being typed right now stays.
  restore() {
    for (const { path, value } of this.outbox) {
      if (!this.timers.has(path)) for (const field of this.fields(path)) write(field, value);
    }
  }

  fields(path) { return this.element.querySelectorAll(`[data-path="${CSS.escape(path)}"]`); }

  // The newest revision up to which this page knows what stands at a path.
  known(path) {
    return Math.max(this.revision, ...[...this.seen].filter(([whole]) => within(path, whole)).map(([, revision]) => revision));
  }

  async send() {
    if (this.sending || this.conflict || !this.outbox.length) return;
    this.sending = true;
    const edit = this.outbox[0], again = edit.sent;
    edit.sent = true;
    this.keep();
    this.state("saving");
    const words = JSON.stringify({ id: edit.id, base: edit.base, path: edit.path, value: edit.value ?? null });
    let answer, body;
    try {
      answer = await fetch(this.url, {
        method: "POST", credentials: "same-origin", body: words,
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), "X-Requested-With": "fetch" },
        keepalive: words.length < 15000, signal: AbortSignal.timeout(20000),
      });
      body = await answer.json().catch(() => ({}));
    } catch { return this.later("offline"); }
    if (answer.status === 423) { this.sending = false; this.state("locked"); document.dispatchEvent(new CustomEvent("nappage:locked")); return; }
    if (answer.status === 401 || answer.status === 403) return this.later("signed-out");
    // Acknowledged is only what names this edit: a page of a network's own, or of a sign-in, is no acknowledgement.
    if (answer.ok && body.id === edit.id) {
      this.learn(edit, body.revision, again);
      this.took(edit);
      this.pause = 500;
      this.sending = false;
      this.state(this.outbox.length ? "saving" : "saved");
      this.saved(edit.path, body.revision);
      this.settle(edit.id, "done", body);
      return this.send();
    }
    if (answer.status === 409 && body.conflict) { this.sending = false; this.conflict = body.conflict; return this.ask(edit, body); }
    if (answer.status === 413 || answer.status === 422 && body.error) {
      // It can never be taken: it is told, and kept aside on this device until its author discards it.
      const error = body.error || { place: edit.path, wrong: t("it is too long"), remedy: t("Shorten it, or split it") };
      this.took(edit);
      this.sending = false;
      const told = `${error.place}: ${error.wrong}. ${error.remedy}.`;
      const { id, path, value } = edit;
      device.write(REFUSED, [...device.read(REFUSED), { id, path, value, told, url: this.url, at: new Date().toISOString() }].slice(-50));
      tellRefused();
      this.state("refused", told);
      document.dispatchEvent(new CustomEvent("nappage:told", { detail: told }));
      this.settle(edit.id, "failed", error);
      return this.send();
    }
    return this.later("server");
  }

  // After this page's own edit became `revision`. A repeated edit is told the draft's newest revision, not its own.
  learn(edit, revision, again) {
    const own = again && revision > edit.base + 1 ? edit.base + 1 : revision;
    if (revision === this.revision + 1) this.revision = revision;
    else if (own > this.known(edit.path)) this.seen.set(edit.path, own);
    for (const one of this.outbox) {
      if (one.base === edit.base && revision === edit.base + 1 || within(one.path, edit.path)) one.base = Math.max(one.base, own);
    }
    this.element.dataset.revision = this.revision;
  }

  took(edit) { this.outbox = this.outbox.filter((one) => one.id !== edit.id); this.keep(); }

  saved(path, revision) { this.element.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail: { path, revision } })); }

  settle(id, how, body) { for (const waiter of this.waiters.get(id) || []) waiter[how](body); this.waiters.delete(id); }

  later(why) {
    this.sending = false;
    this.state(why);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), this.pause);
    this.pause = Math.min(this.pause * 2, 15000);
  }

  // Somebody else changed the same place: both are shown, and one is chosen. Nothing is shown over a lock.
  ask(edit, body) {
    this.state("conflict");
    if (document.body.classList.contains("locked")) return document.addEventListener("nappage:unlocked", () => this.ask(edit, body), { once: true });
    this.flush();
    this.last = null;
    const newest = this.outbox.findLast((one) => one.path === edit.path);
    const dialog = conflictDialog({ ...body.conflict, yours: newest.value });
    dialog.addEventListener("close", () => {
      if (!dialog.returnValue) return dialog.showModal(); // a choice must be made
      const own = this.outbox.filter((one) => one.path === edit.path); // with what left its field as the dialog opened
      const waiting = own.flatMap((one) => this.waiters.get(one.id) || []);
      for (const one of own) this.waiters.delete(one.id);
      this.outbox = this.outbox.filter((one) => !own.includes(one));
      this.seen.set(edit.path, body.revision);
      for (const one of this.outbox) if (within(one.path, edit.path)) one.base = Math.max(one.base, body.revision);
      if (dialog.returnValue === "mine") {
        const mine = { id: uuid(), base: body.revision, path: edit.path, value: newest.value };
        this.outbox.unshift(mine);
        this.waiters.set(mine.id, waiting);
      } else {
        for (const field of this.fields(edit.path)) write(field, body.conflict.theirs);
        for (const waiter of waiting) waiter.done({ revision: body.revision, theirs: body.conflict.theirs });
        this.saved(edit.path, body.revision);
      }
      this.keep();
      this.conflict = null;
      dialog.remove();
      this.state(this.outbox.length ? "saving" : "saved");
      this.send();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  state(name, words) {
    const place = document.querySelector("[data-save-state]");
    if (!place) return;
    const count = this.outbox.length;
    place.textContent = words || {
      typing: "…", saving: t("Saving…"), saved: `${t("Saved")} ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`,
      offline: `${count} ${t("waiting: no connection. Kept on this device.")}`, server: `${count} ${t("waiting: the server does not answer. Kept on this device.")}`,
      "signed-out": `${count} ${t("waiting: sign in again. Kept on this device.")} `, locked: `${count} ${t("waiting: unlock to save.")}`, conflict: t("Somebody else changed the same place"),
    }[name];
    if (name === "signed-out") place.append(Object.assign(document.createElement("a"), { href: `/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`, textContent: t("Sign in again") }));
    place.dataset.state = { saved: "saved", conflict: "conflict", refused: "conflict" }[name] || (["typing", "saving"].includes(name) ? "saving" : "waiting");
  }
}

export function t(words) { return (window.nappageWords || words_)[words] || words; }
const words_ = document.documentElement.lang === "fr" ? {
  "Saving…": "Enregistrement…", Saved: "Enregistré à", "waiting: no connection. Kept on this device.": "en attente : pas de connexion. Conservé sur cet appareil.",
  "waiting: the server does not answer. Kept on this device.": "en attente : le serveur ne répond pas. Conservé sur cet appareil.", "waiting: sign in again. Kept on this device.": "en attente : reconnectez-vous. Conservé sur cet appareil.",
  "waiting: unlock to save.": "en attente : déverrouillez pour enregistrer.", "Somebody else changed the same place": "Quelqu'un d'autre a modifié le même endroit", "Keep theirs": "Garder la sienne", "Use mine": "Utiliser la mienne", Yours: "La vôtre", Theirs: "La sienne",
  "Two people changed this": "Deux personnes ont modifié ceci", "Unlock": "Déverrouiller", "PIN or password": "Code ou mot de passe", "This session is locked": "Session verrouillée", "What you typed is kept.": "Ce que vous avez saisi est conservé.", "That is not your PIN or password.": "Ce n'est ni votre code ni votre mot de passe.", "Sign in again": "Se reconnecter", "That did not work. Try again.": "Cela n'a pas fonctionné. Réessayez.", "Working…": "En cours…", "Try again": "Réessayer", Close: "Fermer",
  "Typed here, and not taken:": "Saisi ici et non accepté :", "Typed here, and not taken": "Saisi ici et non accepté", "See them": "Voir", Copy: "Copier", Copied: "Copié", Discard: "Supprimer", "Open the draft": "Ouvrir le brouillon",
  "it is too long": "c’est trop long", "Shorten it, or split it": "Raccourcissez ou divisez",
} : {};

function conflictDialog({ path, yours, theirs, by, at }) {
  const dialog = document.createElement("dialog");
  const show = (value) => value === null || value === undefined ? "—" : typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
  const el = (name, words, kind) => { const made = document.createElement(name); made.textContent = words; if (kind) made.className = kind; return made; };
  const both = el("div", "", "conflict");
  for (const [title, value] of [[t("Yours"), yours], [`${t("Theirs")} (${by}, ${new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })})`, theirs]]) {
    const side = el("div", ""); side.append(el("h3", title), el("pre", show(value))); both.append(side);
  }
  const form = el("form", "", "row end"); form.method = "dialog";
  const keep = el("button", t("Keep theirs"), "button"); keep.value = "theirs";
  const mine = el("button", t("Use mine"), "button primary"); mine.value = "mine";
  form.append(keep, mine);
  const title = el("h2", t("Two people changed this")); title.id = "conflict-title";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.append(title, el("p", path, "muted"), both, form);
  return dialog;
}

// What the server refused for good, on every page of whoever typed it: to read, to copy, to discard.
function tellRefused() {
  const main = document.querySelector("main"), left = device.read(REFUSED).length;
  document.querySelector("[data-refused]")?.remove();
  if (!main || !document.body.dataset.signedIn || !left) return;
  const notice = document.createElement("div");
  notice.className = "notice wait row between";
  notice.dataset.refused = left;
  const see = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: t("See them"), onclick: refusedDialog });
  notice.append(Object.assign(document.createElement("span"), { className: "grow", textContent: `${t("Typed here, and not taken:")} ${left}` }), see);
  main.prepend(notice);
}

function refusedDialog() {
  const make = (name, kind, words = "") => Object.assign(document.createElement(name), { className: kind, textContent: words });
  const dialog = make("dialog", ""), list = make("div", "stack"), foot = make("form", "row end");
  const title = Object.assign(make("h2", "", t("Typed here, and not taken")), { id: "refused-title" });
  dialog.setAttribute("aria-labelledby", title.id);
  for (const { id, path, value, told, url, at } of device.read(REFUSED).reverse()) {
    const one = make("section", "card stack-s"), acts = make("div", "row");
    const text = Object.assign(make("textarea", ""), { readOnly: true, rows: 3, value: typeof value === "object" ? JSON.stringify(value) : String(value) });
    text.setAttribute("aria-label", path);
    const copy = Object.assign(make("button", "button", t("Copy")), { type: "button" });
    copy.onclick = async () => {
      text.select(); // without TLS there is no clipboard but this one
      try { await navigator.clipboard.writeText(text.value); } catch { document.execCommand("copy"); }
      copy.textContent = t("Copied");
    };
    const drop = Object.assign(make("button", "button danger", t("Discard")), { type: "button" });
    drop.onclick = () => {
      device.write(REFUSED, device.read(REFUSED).filter((other) => other.id !== id));
      one.remove();
      tellRefused();
      if (!list.children.length) dialog.close(); else list.querySelector("button").focus();
    };
    const open = Object.assign(make("a", "button", t("Open the draft")), { href: url.replace(/edits$/, "") });
    acts.append(copy, drop, open);
    one.append(make("h3", "", path), make("p", "small muted", new Date(at).toLocaleString(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" })), make("p", "", told), text, acts);
    list.append(one);
  }
  foot.method = "dialog";
  foot.append(make("button", "button", t("Close")));
  dialog.append(title, list, foot);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
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
export function follow(element, revision) { const draft = draftOf(element); draft.revision = Math.max(draft.revision, revision); draft.last = null; }

export function start(root = document) { for (const form of root.querySelectorAll("[data-draft]")) draftOf(form); }

tellRefused();

addEventListener("beforeunload", (event) => { if ([...drafts.values()].some((draft) => draft.outbox.length && !draft.kept)) event.preventDefault(); });

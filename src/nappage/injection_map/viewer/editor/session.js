// The order while it is edited: every edit counts at once, is sent in turn, and can be taken back.
//
// One request is under way at a time; what is edited meanwhile goes with the next, so answers never overtake one another
// and the last one shown is always of the last edit sent. A refused edit restores the last state that the server took.

const RETRY_MS = 3000;
const ONE_STEP_MS = 900; // edits of one field within this, or before the server has answered, are one step of undo

export const read = (doc, path) => path.split('.').reduce((value, key) => value?.[key], doc);

export function written(doc, path, value) {
  const [key, ...rest] = path.split('.');
  const out = Array.isArray(doc) ? [...doc] : { ...doc };
  if (rest.length) out[key] = written(out[key] ?? {}, rest.join('.'), value);
  else if (value === null) delete out[key];
  else out[key] = value;
  return out;
}

export class Session {
  // `send(edits, skinKey)` → a state; `heard({state, refused})` is told whenever something changed; `keep` names the place
  // in this tab's storage where edits wait that the server has not taken, so that a reload does not lose them.
  constructor(send, heard, keep = null) {
    Object.assign(this, { keep, under: [], send, heard, doc: {}, state: null, waiting: [], done: [], undone: [], busy: false, offline: false });
    this.good = { doc: {}, done: [], undone: [] };
  }

  start(state) {
    if (!state) this.pump(true);
    else {
      this.take(state);
      this.restore();
    }
  }

  // What waits, with the value it was made upon.
  store() {
    if (!this.keep) return;
    const waiting = [...new Map([...this.under, ...this.waiting].map((edit) => [edit.path, edit])).values()];
    if (!waiting.length) sessionStorage.removeItem(this.keep);
    else sessionStorage.setItem(this.keep, JSON.stringify(waiting.map((edit) => ({ ...edit, was: read(this.good.doc, edit.path) ?? null }))));
  }

  // Sends what a reload left behind; what somebody else has changed meanwhile stays as they left it, and is said.
  restore() {
    const kept = JSON.parse((this.keep && sessionStorage.getItem(this.keep)) || '[]');
    if (!kept.length) return;
    const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
    const free = kept.filter(({ path, was }) => same(read(this.doc, path), was));
    const lost = kept.filter(({ path, value, was }) => !same(read(this.doc, path), was) && !same(read(this.doc, path), value));
    this.store();
    this.edit(free.map(({ path, value }) => ({ path, value })));
    if (lost.length) this.heard({ refused: { overtaken: lost.map(({ path }) => path), later: 0 } });
  }

  get pending() { return this.busy || this.waiting.length > 0; }

  // `merge`: edits of the same name in quick succession are one step of undo.
  edit(edits, merge = '') {
    if (!edits.length) return;
    const last = this.done.at(-1);
    const now = performance.now();
    if (merge && last?.merge === merge && (this.pending || now - last.at < ONE_STEP_MS) && !this.undone.length) {
      this.done[this.done.length - 1] = { ...last, forth: edits, at: now };
    } else {
      const back = edits.map(({ path }) => ({ path, value: read(this.doc, path) ?? null }));
      this.done.push({ back, forth: edits, merge, at: now });
    }
    this.undone = [];
    this.apply(edits);
  }

  undo() {
    const step = this.done.pop();
    if (!step) return;
    this.undone.push(step);
    this.apply(step.back);
  }

  redo() {
    const step = this.undone.pop();
    if (!step) return;
    this.done.push({ ...step, merge: '' });
    this.apply(step.forth);
  }

  apply(edits) {
    for (const { path, value } of edits) this.doc = written(this.doc, path, value);
    this.waiting.push(...edits);
    this.store();
    this.heard({});
    this.pump();
  }

  async pump(first = false) {
    if (this.busy || (!first && !this.waiting.length)) return;
    const latest = new Map(this.waiting.map((edit) => [edit.path, edit]));
    const batch = [...latest.values()];
    this.waiting = [];
    this.under = batch;
    this.busy = true;
    const after = { done: [...this.done], undone: [...this.undone] };
    try {
      const state = await this.send(batch, this.state?.payload?.skin_key ?? null);
      this.busy = false;
      this.offline = false;
      this.under = [];
      this.take(state, after);
      if (first) this.restore();
      this.store();
    } catch (error) {
      this.busy = false;
      if (error.offline || error instanceof TypeError) {
        this.offline = true; // nothing is lost: it waits, and goes again
        this.under = [];
        this.waiting = [...batch, ...this.waiting];
        setTimeout(() => this.pump(first), RETRY_MS);
        this.heard({});
        return;
      }
      this.refuse(error, this.waiting.length);
    }
    this.pump();
  }

  take(state, after = { done: this.done, undone: this.undone }) {
    const { skin } = this.state?.payload ?? {};
    this.state = { ...this.state, ...state, zones: state.zones ?? this.state?.zones ?? [] };
    if (!state.payload.skin) this.state.payload = { ...state.payload, skin };
    this.good = { doc: { order: state.order, marks: state.marks ?? this.doc.marks ?? [] }, ...after };
    this.doc = this.good.doc;
    for (const { path, value } of this.waiting) this.doc = written(this.doc, path, value);
    this.heard({ state: this.state });
  }

  refuse(error, later) {
    this.waiting = [];
    this.under = [];
    this.store();
    if (error.state) this.take(error.state, { done: this.good.done, undone: this.good.undone });
    this.doc = this.good.doc;
    this.done = [...this.good.done];
    this.undone = [...this.good.undone];
    this.heard({ refused: { sentence: error.sentence ?? error.message, later } });
  }
}

// The injection map edited in the browser.
//
//   import { mountMapEditor } from '…/planning/map-editor.min.js';
//   const editor = mountMapEditor(element, { send, state, words, language, mode });
//
// `send(edits, skinKey)` → Promise of a state. `edits` is a list of {path, value}: dotted paths into the order
//     ("order.areas", "order.spacing_mm", "order.map.zones", "order.map.erase", "order.map.add", …) or, in the mode
//     "mark", "marks"; null takes a value away. An empty list asks for the state alone. `skinKey` names the skin held here.
//     One request is under way at a time. It rejects with an Error whose `sentence` says what was refused and why (the
//     edit is taken back); with `offline: true`, or a TypeError as fetch gives, the edit waits and is sent again.
//     An error may carry a `state` that is to be shown instead (another tab was faster).
// `state`: what nappage_web.planning.map_payload.state gives; left out, it is asked for with send([], null), which keeps
//     the body (about 0.4 MB compressed) out of the page.
// `keep`: what names this draft in the tab's storage, where edits wait that the server has not taken (left out: the
//     element's data-map-editor, which is the address edits go to); a reload sends them again.
// `mode`: "map" (default) or "mark": zones are tapped and drawn as concerns; the list comes in state.marks and goes out
//     under the path "marks": [{zone, side} | {zone: name, side, border: [{triangle, barycentric}]}].
// The element gets the editor's DOM; map-editor.css must be on the page. Returned, for the page and for tests: undo(),
// redo(), edit(edits), at(number) and zoneAt(id, side) in CSS pixels of the window, settled, session.

import { Body, between } from './body.js';
import { circle, grown, spotOf, thinned, whole } from './border.js';
import { Choice } from './order.js';
import { Choices, Select, Stepper, h, shown } from './parts.js';
import { Session, read } from './session.js';
import { COLOURS, Stage } from './stage.js';
import { fill, wordsOf } from './words.js';

const TOOLS = { map: ['zones', 'border', 'paint', 'add', 'erase'], mark: ['zones', 'paint'] };
const VIEWS = ['front', 'oblique-right', 'oblique-left', 'side-right', 'side-left', 'top', 'body', 'back'];
const GRAVE = ['refuse', 'ask', 'warn'];

export function mountMapEditor(element, options) { return new Editor(element, options).outside; }

class Editor {
  constructor(element, { send, state = null, keep = element.dataset.mapEditor ?? null, words = {}, language = document.documentElement.lang, mode = 'map' }) {
    Object.assign(this, { element, mode, language, words: wordsOf(language, words), zone: null, tool: 'zones', fields: [], stage: null });
    this.session = new Session(send, (news) => this.heard(news), keep && `nappage.map.${keep}.${mode}`);
    window.addEventListener('beforeunload', (event) => { if (this.session.waiting.length) event.preventDefault(); });
    this.outside = {
      element,
      undo: () => this.session.undo(),
      redo: () => this.session.redo(),
      edit: (edits) => this.session.edit(edits),
      get pending() { return this.session.pending; },
      session: this.session,
      at: (number) => this.stage?.picture.at(number) ?? null,
      zoneAt: (id, side) => this.zoneAt(id, side),
      get settled() { return this.editor.stage ? this.editor.stage.picture.settled : true; },
      editor: this,
    };
    this.build();
    this.status();
    this.session.start(state);
  }

  // Where a zone's middle is drawn, CSS pixels of the window.
  zoneAt(id, side) {
    const title = this.stage?.titles.find((one) => one.id === id && one.side === side);
    if (!title) return null;
    const { picture } = this.stage;
    const at = picture.project(picture.camera.camera.position.clone().set(...title.labels[0][0]));
    const box = picture.element.getBoundingClientRect();
    return at && { x: box.left + at.x, y: box.top + at.y };
  }

  // The page ----------------------------------------------------------------------------------------------------------

  build() {
    const { words } = this;
    const button = (name, props, ...inside) => h('button', { type: 'button', ...props, 'aria-label': words[name] ?? name, title: words[name] }, ...inside);
    this.tools = TOOLS[this.mode].map((tool) => h('button', { type: 'button', 'data-tool': tool, 'aria-pressed': 'false', onclick: () => this.use(tool) }, icon(tool), h('span', {}, words[`tool_${tool}`])));
    this.undoButton = button('undo', { class: 'me-icon', onclick: () => this.session.undo() }, icon('undo'));
    this.redoButton = button('redo', { class: 'me-icon', onclick: () => this.session.redo() }, icon('redo'));
    this.state = h('p', { class: 'me-state', role: 'status', 'aria-live': 'polite' });
    this.hint = h('p', { class: 'me-hint' });
    this.refusal = h('div', { class: 'me-refused', role: 'alert', hidden: true });
    this.view = h('div', { class: 'me-view', role: 'group', 'aria-label': words.stage, tabindex: '0', onkeydown: (event) => this.viewKey(event) },
      h('canvas', { class: 'gl', 'aria-hidden': 'true' }), h('canvas', { class: 'labels', 'aria-hidden': 'true' }),
      h('p', { class: 'me-no-gl', hidden: true }, words.no_gl),
      h('div', { class: 'me-zoom' }, button('nearer', { onclick: () => this.stage?.picture.camera.zoom(0.8) }, '+'), button('farther', { onclick: () => this.stage?.picture.camera.zoom(1.25) }, '−')));
    this.layers = ['dangers', 'numbers', 'coverage', 'path'].map((name) => h('label', { class: 'me-switch' },
      h('input', { type: 'checkbox', 'data-layer': name, checked: name === 'dangers', onchange: (event) => this.stage?.setLayer(name, event.target.checked) }), h('span', {}, words[`layer_${name}`])));
    const views = h('div', { class: 'me-views', role: 'group', 'aria-label': words.view },
      VIEWS.map((name) => h('button', { type: 'button', 'data-view': name, onclick: () => this.stage?.view(name) }, words[`view_${name}`])));
    this.totals = h('section', { class: 'me-card me-totals', 'aria-label': words.totals });
    this.chips = h('section', { class: 'me-card me-zones', 'aria-label': words.zones });
    this.panel = h('section', { class: 'me-card me-panel' });
    this.told = h('section', { class: 'me-card me-told', tabindex: '-1', 'aria-label': words.warnings });
    this.zoneTable = h('div', { class: 'me-scroll', tabindex: '0', role: 'region', 'aria-label': words.table_zones });
    this.pointTable = h('div', { class: 'me-scroll', tabindex: '0', role: 'region', 'aria-label': words.table_points });
    const fold = (title, ...inside) => h('details', { ontoggle: () => this.tables() }, h('summary', {}, title), ...inside);
    this.zoneFold = fold(words.table_zones, this.zoneTable);
    this.pointFold = fold(words.table_points, this.pointTable);
    const map = this.mode === 'map';
    this.root = h('div', { class: `me me-mode-${this.mode}`, role: 'group', 'aria-label': words.editor, onkeydown: (event) => this.key(event) },
      h('div', { class: 'me-bar' }, h('div', { class: 'me-tools', role: 'group', 'aria-label': words.tools }, this.tools), h('div', { class: 'me-history' }, this.undoButton, this.redoButton), this.state),
      this.refusal,
      h('div', { class: 'me-body' },
        h('div', { class: 'me-left' },
          h('div', { class: 'me-stage' }, this.hint, this.view, views),
          map ? h('fieldset', { class: 'me-layers' }, h('legend', {}, words.show), this.layers) : null),
        h('div', { class: 'me-side' }, h('div', {}, this.totals, map ? this.panel : null), h('div', {}, this.chips, map ? this.told : null))),
      map ? h('div', { class: 'me-tables' }, this.zoneFold, this.pointFold) : null);
    this.element.replaceChildren(this.root);
    this.use('zones');
  }

  use(tool) {
    this.tool = tool;
    this.tools.forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.tool === tool)));
    this.hint.textContent = this.mode === 'mark' && tool === 'zones' ? this.words.mark_hint : this.words[`hint_${tool}`];
    this.stage?.setTool(tool);
    if (tool === 'border' && this.session.state) {
      if (!this.choice.has(this.zone)) this.zone = [...this.choice.chosen.keys()][0] ?? null;
      this.panelFor();
      this.handle();
    }
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const name = event.key.toLowerCase();
    const writing = event.target.matches?.('input[type=text]') && event.target.value !== event.target.defaultValue;
    if (writing || (name !== 'z' && name !== 'y')) return;
    event.preventDefault();
    if (name === 'y' || event.shiftKey) this.session.redo();
    else this.session.undo();
  }

  viewKey(event) {
    const camera = this.stage?.picture.camera;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!camera || event.target !== this.view || event.ctrlKey || event.metaKey) return;
    if (step && event.altKey) camera.pan(...step);
    else if (step) camera.turn(-step[0] * 0.12, -step[1] * 0.12);
    else if (event.key === '+' || event.key === '=') camera.zoom(0.85);
    else if (event.key === '-') camera.zoom(1 / 0.85);
    else return;
    event.preventDefault();
  }

  // News --------------------------------------------------------------------------------------------------------------

  get order() { return this.session.doc.order ?? {}; }

  get marks() { return this.session.doc.marks ?? []; }

  heard({ state, refused }) {
    if (!this.session.state) { this.status(); return; }
    const { zones, names } = this.session.state;
    const order = this.mode === 'map' ? this.order : { map: { zones: this.marks } };
    this.choice = new Choice(order, zones, this.mode === 'map' ? names : {});
    if (state) this.arrived(state);
    else this.stage?.ahead(this.session.state.payload, this.choice);
    this.stage?.outline([...this.choice.chosen.keys()].map((id) => ({ id, places: this.choice.entry(id)?.border }))
      .filter(({ id, places }) => places && !this.mapped(id).length));
    if (refused) this.refuse(refused);
    else if (!state) this.refusal.hidden = true;
    if (refused) {
      this.stage?.show(this.session.state.payload, this.choice);
      this.handle();
    }
    if (this.zone && !this.choice.known.has(this.zone) && !this.choice.has(this.zone)) this.zone = null;
    this.status();
    this.list();
    this.panelFor();
    this.sums();
    if (state || refused) this.warnings();
    this.tables();
  }

  arrived(state) {
    const { payload } = state;
    if (payload.skin_key !== this.skinKey) this.embody(payload, state.zones);
    this.stage?.show(payload, this.choice);
    if (!this.session.pending) this.handle();
    if (this.focusLater !== undefined) {
      this.stage?.focusHandle(this.focusLater);
      this.focusLater = undefined;
    }
  }

  embody(payload, zones) {
    this.skinKey = payload.skin_key;
    this.body = new Body(payload.skin);
    const layers = this.stage?.layers;
    if (this.stage) { // another skin: another stage on fresh canvases
      this.stage.hold(null);
      this.view.querySelectorAll('canvas').forEach((canvas) => canvas.replaceWith(canvas.cloneNode()));
    }
    const hand = {
      zone: (hit) => this.tapped(hit),
      add: (hit) => this.session.edit([{ path: 'order.map.add', value: [...(read(this.order, 'map.add') ?? []), spotOf(hit)] }]),
      erase: (points) => this.erase(points),
      stroke: (hits) => this.drawn(hits),
      pulled: (border, focus) => {
        this.focusLater = focus;
        this.setBorder(border);
      },
    };
    try {
      this.stage = new Stage(this.view, this.body, payload.skin, zones, hand, this.words);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.stage = null; // no WebGL: the lists and tables do everything
      this.view.querySelector('.me-no-gl').hidden = false;
      this.root.classList.add('me-flat');
      return;
    }
    if (layers) this.stage.layers = layers;
    else if (this.mode === 'mark') this.stage.layers.wash = 0.95;
    this.stage.setTool(this.tool);
    const first = payload.zones[0];
    const places = first && payload.points.length ? payload.points : null;
    const onHead = !places || places.some(({ p }) => Math.hypot(...p.map((x, d) => x - payload.skin.head.centre[d])) < payload.skin.head.radius);
    this.stage.view(onHead ? 'front' : 'body');
  }

  status() {
    const { session, words } = this;
    const busy = session.pending;
    const first = !session.state;
    this.root.toggleAttribute('data-pending', busy && !session.offline);
    this.root.setAttribute('aria-busy', String(busy));
    const text = session.offline ? words.offline : first ? words.loading : busy ? words.pending
      : this.mode === 'map' ? fill(words.laid, { points: session.state.totals.points }) : words.saved;
    if (this.state.textContent !== text) this.state.textContent = text;
    this.state.classList.toggle('me-offline', session.offline);
    this.undoButton.disabled = !session.done.length;
    this.redoButton.disabled = !session.undone.length;
  }

  refuse({ sentence, overtaken, later }) {
    const { words } = this;
    sentence ??= fill(words.overtaken, { what: overtaken.join(', ') });
    this.refusal.replaceChildren(h('p', {}, h('strong', {}, words.refused), ' ', sentence, later ? ` ${fill(words.later, { n: later })}` : ''),
      h('button', { type: 'button', 'aria-label': words.close, onclick: () => { this.refusal.hidden = true; } }, '×'));
    this.refusal.hidden = false;
  }

  // Hands -------------------------------------------------------------------------------------------------------------

  tapped(hit) {
    const mark = this.body.markAt(hit);
    const free = this.freeAt(hit);
    const zone = this.session.state.zones.find((one) => mark >= one.mark && mark < one.mark + one.sides.length && mark > 0);
    const id = free ?? zone?.id;
    if (!id) return;
    if (this.tool === 'border') {
      if (!this.choice.has(id)) return;
      this.heldSide = hit.p[0] < 0 ? 'right' : 'left';
      this.select(id);
      this.handle();
    } else this.toggle(id);
  }

  // The painted zone whose points or triangles are under a place.
  freeAt(hit) {
    for (const zone of this.session.state.payload.zones) {
      if (!this.choice.isFree(zone.zone) || !this.choice.has(zone.zone)) continue;
      if (zone.inside && inside(zone).has(hit.triangle)) return zone.zone;
    }
    return null;
  }

  toggle(id) {
    if (this.mode === 'mark') {
      const has = this.marks.some((mark) => mark.zone === id);
      this.session.edit([{ path: 'marks', value: has ? this.marks.filter((mark) => mark.zone !== id) : [...this.marks, { zone: id }] }]);
      return;
    }
    const edits = this.choice.toggled(id);
    if (this.zone) this.zone = this.choice.has(id) ? null : id; // the settings stay those of all zones while they are
    this.session.edit(edits);
  }

  select(id) {
    this.zone = id;
    this.panelFor();
    this.list();
    if (this.tool === 'border') this.handle();
  }

  setZone(changes, merge) {
    if (this.mode === 'mark') {
      this.session.edit([{ path: 'marks', value: this.marks.map((mark) => (mark.zone === this.zone ? { ...mark, ...changes } : mark)) }], merge);
      return;
    }
    this.session.edit(this.choice.set(this.zone, changes), merge && `${this.zone} ${merge}`);
  }

  setOrder(changes, merge) { this.session.edit(Object.entries(changes).map(([key, value]) => ({ path: `order.${key}`, value })), merge); }

  setBorder(border) { this.setZone({ border: whole(this.body, border).map(spotOf) }); }

  // The border of a chosen zone as it is now, on the side where it is held.
  border(id) {
    const own = this.choice.entry(id)?.border;
    const zone = this.choice.known.get(id);
    let places = own ?? (zone && this.body.placesOf(zone.border));
    if (!places) return null;
    const side = this.choice.side(id);
    if (zone?.sides.length === 2) {
      const wanted = side === 'both' ? this.heldSide ?? 'right' : side;
      const now = this.body.at(places[0])[0] < 0 ? 'right' : 'left';
      if (now !== wanted) places = places.map((place) => this.body.mirror(place)).reverse();
    }
    return places;
  }

  handle() {
    if (!this.stage) return;
    if (this.tool !== 'border' || !this.zone || !this.choice?.has(this.zone)) { this.stage.hold(null); return; }
    const places = this.border(this.zone);
    this.stage.hold(places && { places, title: this.titleOf(this.zone) });
  }

  // A stroke is a zone of its own.
  drawn(hits) {
    const places = thinned(hits);
    if (!places) {
      this.refuse({ sentence: this.words.too_short, later: 0 });
      return;
    }
    this.free(places);
  }

  free(places, rest = {}) {
    const points = places.map((place) => this.body.at(place));
    const left = Math.max(...points.map((p) => p[0]));
    const right = Math.min(...points.map((p) => p[0]));
    const side = left < 3 ? 'right' : right > -3 ? 'left' : 'both';
    const taken = new Set((this.mode === 'map' ? read(this.order, 'map.zones') ?? [] : this.marks).map((entry) => entry.zone));
    let n = 1;
    while (taken.has(fill(this.words.free_name, { n }))) n++;
    const entry = { ...rest, zone: fill(this.words.free_name, { n }), ...(side === 'both' ? {} : { side }), border: places.map(spotOf) };
    this.zone = entry.zone;
    if (this.mode === 'mark') this.session.edit([{ path: 'marks', value: [...this.marks, entry] }]);
    else this.session.edit(this.choice.painted(entry, this.under(places)));
    this.use('zones');
  }

  // The atlas's zones that a good part of a border, or its middle, lies in.
  under(places) {
    const middle = this.body.nearest([0, 1, 2].map((d) => places.reduce((sum, place) => sum + this.body.at(place)[d], 0) / places.length));
    const marks = [...places, ...Array.from({ length: Math.ceil(places.length / 4) }, () => middle)].map((place) => this.body.markAt(place));
    const share = (zone) => marks.filter((mark) => mark >= zone.mark && mark < zone.mark + zone.sides.length).length / places.length;
    return this.session.state.zones.filter((zone) => share(zone) >= 0.25).map(({ id }) => id);
  }

  // A painted zone once more on the other side.
  mirror(id) {
    const { zone: _, side, border, ...rest } = this.choice.entry(id);
    this.free(border.map((place) => this.body.mirror(place)).reverse(), rest);
  }

  // Takes points away by their indices; those set by hand leave `add`, the others are erased.
  erase(indices) {
    const { points, zones } = this.session.state.payload;
    let add = read(this.order, 'map.add') ?? [];
    let spots = read(this.order, 'map.erase') ?? [];
    for (const index of indices) {
      const point = points[index];
      if (point.added) {
        const away = add.map((spot) => between(this.body.at(spot), point.p));
        const nearest = away.indexOf(Math.min(...away));
        add = add.filter((_, i) => i !== nearest);
      } else {
        const spacing = zones[point.zone].spacing_mm?.[1] ?? 6;
        const [triangle, ...barycentric] = point.place;
        spots = [...spots, { triangle, barycentric, radius_mm: Math.max(0.3, Math.min(2, Math.round(spacing * 4) / 10)) }];
      }
    }
    const edits = [];
    if (add !== (read(this.order, 'map.add') ?? add) && indices.some((i) => points[i].added)) edits.push({ path: 'order.map.add', value: add });
    if (indices.some((i) => !points[i].added)) edits.push({ path: 'order.map.erase', value: spots });
    this.session.edit(edits);
  }

  // A point half way from this one to its nearest neighbour's far side: a spacing away, on the skin.
  addBeside(index) {
    const { points } = this.session.state.payload;
    const { p } = points[index];
    const others = points.filter((_, i) => i !== index).sort((a, b) => between(a.p, p) - between(b.p, p));
    const near = others[0];
    const middle = near ? p.map((x, d) => (x + near.p[d]) / 2) : [p[0] + 4, p[1], p[2]];
    this.session.edit([{ path: 'order.map.add', value: [...(read(this.order, 'map.add') ?? []), spotOf(this.body.nearest(middle))] }]);
  }

  // Lists and panels --------------------------------------------------------------------------------------------------

  titleOf(id) { return this.choice.known.get(id)?.title ?? id; }

  colour(id) { return this.stage ? this.stage.colourOf(id) : COLOURS[0]; }

  sums() {
    const { words } = this;
    if (this.mode === 'mark') { this.markList(); return; }
    const { totals } = this.session.state;
    const pair = (name, value, note) => h('div', {}, h('dt', {}, name), h('dd', {}, value), note ? h('dd', { class: 'me-small' }, note) : null);
    const held = totals.held_ml === null ? words.no_mixture : fill(words.of_mixture, { ml: shown(totals.held_ml, 2) });
    const each = totals.ml && totals.points ? fill(words.each, { ml: shown(totals.ml / totals.points, 3) }) : '';
    const percent = (x) => Math.round(100 * x);
    const cover = totals.coverage;
    const key = JSON.stringify([totals, this.session.state.warnings.map(({ kind }) => kind)]);
    if (this.sumsKey === key) return;
    this.sumsKey = key;
    this.totals.replaceChildren(
      h('dl', {},
        pair(words.points, String(totals.points), totals.syringes > 1 ? `${words.syringes}: ${totals.syringes}` : ''),
        pair(words.volume, totals.ml === null ? words.open : `${shown(totals.ml, 2)} mL`, [held, each].filter(Boolean).join(' · ')),
        pair(words.area, `${shown(totals.area_cm2, 1)} cm²`),
        pair(words.covered, cover ? `${percent(cover[1])} %` : '–', cover ? `${fill(words.band, { low: percent(cover[0]), high: percent(cover[2]) })}; ${words.covered_note}` : '')),
      h('p', { class: 'me-counts' }, GRAVE.map((kind) => [kind, this.session.state.warnings.filter((one) => one.kind === kind).length]).filter(([, n]) => n)
        .map(([kind, n]) => h('button', { type: 'button', class: `me-${kind}`, onclick: () => { this.told.scrollIntoView({ block: 'start' }); this.told.focus({ preventScroll: true }); } }, `${words[`kind_${kind}`]}: ${n}`))),
      h('p', { class: totals.may_be_signed ? 'me-ok' : 'me-not' }, totals.points ? (totals.may_be_signed ? words.may_sign : words.may_not_sign) : this.choice.chosen.size ? words.not_laid : words.nothing_yet));
  }

  markList() {
    const { words } = this;
    this.totals.replaceChildren(h('h2', {}, words.marks), this.marks.length
      ? h('ul', { class: 'me-marks' }, this.marks.map((mark) => {
        const sides = this.choice.known.get(mark.zone)?.sides ?? [];
        const pick = sides.length === 2 && !mark.border
          ? new Choices({ label: words.side, options: ['right', 'left', 'both'].map((side) => [side, words[`side_${side}`]]), changed: (side) => this.markSide(mark.zone, side) }) : null;
        pick?.show(mark.side ?? 'both');
        return h('li', {}, h('b', {}, this.titleOf(mark.zone)), pick?.node, h('button', { type: 'button', onclick: () => this.toggle(mark.zone), 'aria-label': `${words.remove}: ${this.titleOf(mark.zone)}` }, words.remove));
      })) : h('p', { class: 'me-small' }, words.no_marks));
  }

  markSide(id, side) {
    const marks = this.marks.map((mark) => {
      if (mark.zone !== id) return mark;
      const { side: _, ...rest } = mark;
      return side === 'both' ? rest : { ...rest, side };
    });
    this.session.edit([{ path: 'marks', value: marks }]);
  }

  list() {
    const { words, choice } = this;
    const groups = new Map();
    for (const zone of this.session.state.zones) groups.set(zone.group, [...(groups.get(zone.group) ?? []), zone.id]);
    const free = [...choice.chosen.keys()].filter((id) => choice.isFree(id));
    if (free.length) groups.set(words.free, free);
    const key = JSON.stringify([...groups]);
    if (key !== this.listKey) {
      this.listKey = key;
      this.chipOf = new Map();
      const chip = (id) => {
        const made = h('button', { type: 'button', class: 'me-chip', 'data-zone': id, 'aria-pressed': 'false', onclick: () => this.toggle(id) }, h('i', {}), this.titleOf(id));
        made.querySelector('i').style.background = this.colour(id);
        this.chipOf.set(id, made);
        return made;
      };
      const open = (name, ids, i) => i === 0 || ids.some((id) => choice.has(id));
      this.chips.replaceChildren(h('h2', {}, words.zones), h('p', { class: 'me-small' }, words.zones_hint),
        ...[...groups].map(([name, ids], i) => h('details', { open: open(name, ids, i) }, h('summary', {}, name, h('small', {})), h('div', { class: 'me-chips' }, ids.map(chip)))));
    }
    for (const [id, made] of this.chipOf) made.setAttribute('aria-pressed', String(choice.has(id)));
    this.chips.querySelectorAll('details').forEach((group) => {
      const n = group.querySelectorAll('[aria-pressed=true]').length;
      group.querySelector('summary small').textContent = n ? ` ${n}` : '';
    });
  }

  panelFor() {
    if (this.mode === 'mark' || !this.session.state) return;
    const { words, choice } = this;
    const chosen = [...choice.chosen.keys()];
    if (this.zone && !choice.has(this.zone)) this.zone = null;
    const key = JSON.stringify([this.zone, chosen, this.session.state.techniques?.length, this.depthBy, this.densityBy]);
    if (key !== this.panelKey) {
      const had = this.panel.contains(document.activeElement) ? document.activeElement.id : null;
      this.panelKey = key;
      this.fields = [];
      const pick = new Select({ label: words.settings, options: [['', words.all_zones], ...chosen.map((id) => [id, this.titleOf(id)])], changed: (id) => this.select(id) });
      pick.input.classList.add('me-pick');
      pick.show(this.zone);
      this.panel.replaceChildren(pick.node, ...(this.zone ? this.zonePanel() : this.allPanel()).filter(Boolean));
      if (had) pick.input.focus({ preventScroll: true });
    }
    this.fields.forEach((update) => update());
  }

  field(part, show) {
    this.fields.push(() => part.show(...show()));
    return part.node;
  }

  mapped(id) { return this.session.state.payload.zones.filter((zone) => zone.zone === id); }

  allPanel() {
    const { words } = this;
    const stepper = (options) => new Stepper({ words, ...options });
    const order = () => this.order;
    const first = () => this.session.state.payload.zones[0];
    const needle = this.depthBy ? this.depthBy === 'needle' : order().inserted_mm !== undefined;
    const counted = this.densityBy ? this.densityBy === 'count' : order().points !== undefined;
    const technique = this.field(new Select({ label: words.technique, empty: words.choose, options: (this.session.state.techniques ?? []).map(({ id, title }) => [id, title]), changed: (id) => this.setOrder({ technique: id }) }), () => [this.techniqueId()]);
    const aim = this.field(new Choices({ label: words.aim, options: [['field', words.aim_field], ['points', words.aim_points]], changed: (value) => this.setOrder({ 'map.aim': value }) }), () => [order().map?.aim]);
    const density = new Choices({ label: words.by, options: [['spacing', words.by_spacing], ['count', words.by_count]], changed: (value) => { this.densityBy = value; this.panelFor(); } });
    density.show(counted ? 'count' : 'spacing');
    const depthBy = new Choices({ label: words.depth_by, options: [['tip', words.by_tip], ['needle', words.by_needle]], changed: (value) => { this.depthBy = value; this.panelFor(); } });
    depthBy.show(needle ? 'needle' : 'tip');
    return [
      technique, aim,
      h('div', { class: 'me-pair' }, density.node, counted
        ? this.field(stepper({ label: words.points_wanted, unit: '', step: 5, min: 1, max: 5000, digits: 0, changed: (points) => this.setOrder({ points, spacing_mm: null }, 'points') }), () => [order().points, this.session.state.totals.points])
        : this.field(stepper({ label: words.spacing, unit: 'mm', step: 1, min: 1, max: 100, digits: 1, changed: (mm) => this.setOrder({ spacing_mm: mm, points: null }, 'spacing') }), () => [order().spacing_mm, first()?.spacing_mm?.[0]])),
      h('div', { class: 'me-pair' }, depthBy.node, ...(needle
        ? [this.field(stepper({ label: words.inserted, unit: 'mm', step: 0.5, min: 0.1, max: 40, changed: (mm) => this.setOrder({ inserted_mm: mm, depth_mm: null }, 'inserted') }), () => [order().inserted_mm]),
          this.field(stepper({ label: words.angle, unit: '°', step: 5, min: 1, max: 90, digits: 0, changed: (angle) => this.setOrder({ angle_deg: angle }, 'angle') }), () => [order().angle_deg])]
        : [this.field(stepper({ label: words.depth, unit: 'mm', step: 0.25, min: 0.1, max: 40, changed: (mm) => this.setOrder({ depth_mm: mm, inserted_mm: null }, 'depth') }), () => [order().depth_mm, first()?.tip_mm])])),
      h('div', { class: 'me-pair' },
        this.field(stepper({ label: words.each_ml, unit: 'mL', step: 0.01, min: 0.001, max: 5, digits: 3, changed: (ml) => this.setOrder({ volume_per_point_ml: ml }, 'each') }), () => [order().volume_per_point_ml, this.each(this.session.state.totals)]),
        this.field(stepper({ label: words.syringe_ml, unit: 'mL', step: 1, min: 0.1, max: 60, digits: 1, changed: (ml) => this.setOrder({ syringe_ml: ml }, 'syringe') }), () => [order().syringe_ml])),
    ];
  }

  each({ ml, points }) { return ml && points ? ml / points : null; }

  techniqueId() { return this.session.state.technique ?? this.order.technique; }

  zonePanel() {
    const { words } = this;
    const id = this.zone;
    const entry = () => this.choice.entry(id) ?? {};
    const mapped = () => this.mapped(id);
    const sum = (key) => mapped().reduce((total, zone) => total + (zone[key] ?? 0), 0);
    const stepper = (options) => new Stepper({ words, ...options });
    const sided = this.choice.known.get(id)?.sides.length === 2;
    const border = this.edgeTools(id);
    return [
      sided ? this.field(new Choices({ label: words.side, options: ['right', 'left', 'both'].map((side) => [side, words[`side_${side}`]]), changed: (side) => this.setZone({ side }) }), () => [this.choice.side(id)]) : null,
      h('div', { class: 'me-pair' },
        this.field(stepper({ label: words.spacing, unit: 'mm', step: 1, min: 1, max: 100, digits: 1, changed: (mm) => this.setZone({ spacing_mm: mm, points: null }, 'spacing') }), () => [entry().spacing_mm, mapped()[0]?.spacing_mm?.[0] ?? this.order.spacing_mm]),
        this.field(stepper({ label: words.points_wanted, unit: '', step: 1, min: 1, max: 5000, digits: 0, changed: (points) => this.setZone({ points, spacing_mm: null }, 'points') }), () => [entry().points, sum('points')]),
        this.field(stepper({ label: words.depth, unit: 'mm', step: 0.25, min: 0.1, max: 40, changed: (mm) => this.setZone({ depth_mm: mm }, 'depth') }), () => [entry().depth_mm, mapped()[0]?.tip_mm]),
        this.field(stepper({ label: words.each_ml, unit: 'mL', step: 0.01, min: 0.001, max: 5, digits: 3, changed: (ml) => this.setZone({ volume_per_point_ml: ml, volume_ml: null }, 'each') }), () => [entry().volume_per_point_ml, this.each({ ml: sum('ml'), points: sum('points') })]),
        this.field(stepper({ label: words.total_ml, unit: 'mL', step: 0.1, min: 0.01, max: 60, changed: (ml) => this.setZone({ volume_ml: ml, volume_per_point_ml: null }, 'total') }), () => [entry().volume_ml, sum('ml') || null])),
      ...border,
      h('p', { class: 'me-row' }, this.choice.isFree(id) ? h('button', { type: 'button', class: 'me-quiet', onclick: () => this.mirror(id) }, words.mirror) : null,
        h('button', { type: 'button', class: 'me-quiet', onclick: () => this.toggle(id) }, `${words.leave_out}: ${this.titleOf(id)}`)),
    ];
  }

  // The border without a pointer: wider or narrower, all around or at one edge.
  edgeTools(id) {
    const { words } = this;
    const edge = new Select({ label: words.edge, options: ['all', 'upper', 'lower', 'inner', 'outer'].map((name) => [name, words[`edge_${name}`]]), changed: () => {} });
    const by = (mm) => () => { this.zone = id; this.setBorder(grown(this.body, this.border(id), mm, edge.input.value)); };
    const reset = h('button', { type: 'button', class: 'me-quiet', onclick: () => this.setZone({ border: null }) }, words.border_reset);
    if (!this.choice.isFree(id)) this.fields.push(() => { reset.hidden = !this.choice.entry(id)?.border; });
    return [h('fieldset', { class: 'me-choices me-edge' }, h('legend', {}, words.border), edge.node,
      h('div', {}, h('button', { type: 'button', onclick: by(-2) }, words.narrower), h('button', { type: 'button', onclick: by(2) }, words.wider), this.choice.isFree(id) ? null : reset))];
  }

  warnings() {
    if (this.mode === 'mark') return;
    const { words } = this;
    const { warnings, payload } = this.session.state;
    const titles = new Map(payload.zones.map((zone) => [zone.id, zone]));
    const line = (one) => {
      const zones = one.zones.map((id) => titles.get(id)).filter(Boolean);
      const kinds = [...new Set(zones.map((zone) => zone.zone))];
      const about = words[`about_${one.about}`] ?? one.about;
      const where = kinds.map((id) => h('button', { type: 'button', class: 'me-link', onclick: () => { this.select(id); this.stage?.look(this.body.view(this.choice.known.get(id)?.mark ?? -1)); } }, this.titleOf(id)));
      return h('li', { class: `me-${one.kind}` }, h('p', {}, h('strong', {}, words[`kind_${one.kind}`]), ' ', about && kinds.length !== 1 || one.about === 'depth' ? `${about}${kinds.length ? ': ' : ''}` : '', ...where.flatMap((b, i) => (i ? [', ', b] : [b]))),
        h('p', {}, one.text), one.suggestion ? h('p', { class: 'me-suggestion' }, one.suggestion) : null, sourcesOf(one.sources, words));
    };
    const grave = warnings.filter(({ kind }) => GRAVE.includes(kind));
    const notes = warnings.filter(({ kind }) => !GRAVE.includes(kind));
    const dangers = payload.dangers.map((danger) => h('li', {}, h('p', {}, h('b', {}, danger.title), h('span', { class: 'me-small' }, ` ${fill(words.margin, { mm: shown(danger.margin_mm, 1) })}${danger.sourced ? '' : ` · ${words.unsourced}`}`)),
      h('p', { class: 'me-small' }, danger.says), sourcesOf(danger.sources, words)));
    const open = new Set([...this.told.querySelectorAll('details[open][data-fold]')].map((fold) => fold.dataset.fold));
    const fold = (name, title, items) => (items.length ? h('details', { 'data-fold': name, open: open.has(name) }, h('summary', {}, title, h('small', {}, ` ${items.length}`)), h('ul', {}, items)) : null);
    this.told.replaceChildren(h('h2', {}, words.warnings), grave.length ? h('ul', {}, grave.map(line)) : h('p', { class: 'me-small' }, words.no_warnings),
      fold('notes', words.notes, notes.map(line)) ?? '', fold('dangers', words.danger_list, dangers) ?? '');
  }

  // The map without the picture ---------------------------------------------------------------------------------------

  tables() {
    if (this.mode === 'mark' || !this.session.state) return;
    const { payload } = this.session.state;
    if (this.zoneFold.open && this.zoneRows !== payload) this.zonesAsTable(payload);
    if (this.pointFold.open && this.pointRows !== payload) this.pointsAsTable(payload);
  }

  table(box, heads, rows) {
    const at = box.contains(document.activeElement) ? [...box.querySelectorAll('button')].indexOf(document.activeElement) : -1;
    const top = box.scrollTop;
    box.replaceChildren(h('table', {}, h('thead', {}, h('tr', {}, heads.map((head) => h('th', { scope: 'col' }, head)))), h('tbody', {}, rows)));
    box.scrollTop = top;
    if (at >= 0) box.querySelectorAll('button')[Math.min(at, box.querySelectorAll('button').length - 1)]?.focus({ preventScroll: true });
  }

  zonesAsTable(payload) {
    const { words } = this;
    this.zoneRows = payload;
    const rows = payload.zones.filter(({ zone, points }) => points || this.choice.has(zone)).map((zone) => h('tr', {},
      h('th', { scope: 'row' }, zone.title), h('td', {}, String(zone.points)), h('td', {}, zone.ml === null ? words.open : shown(zone.ml, 3)), h('td', {}, shown(zone.area_cm2, 1)),
      h('td', {}, zone.spacing_mm ? shown(zone.spacing_mm[0], 1) : '–'),
      h('td', {}, zone.coverage ? `${Math.round(100 * zone.coverage[1])} % (${fill(words.band, { low: Math.round(100 * zone.coverage[0]), high: Math.round(100 * zone.coverage[2]) })})` : '–'),
      h('td', {}, zone.tip_mm === null ? words.open : `${shown(zone.tip_mm)}${zone.tip_sd_mm ? ` ± ${shown(zone.tip_sd_mm)}` : ''}`),
      h('td', {}, zone.chances.map(([name, share], i) => h('span', { title: name }, `${i ? ' · ' : ''}${share}`))),
      h('td', {}, h('button', { type: 'button', onclick: () => { this.select(zone.zone); this.panel.querySelector('.me-pick').focus(); } }, words.adjust),
        h('button', { type: 'button', onclick: () => this.toggle(zone.zone) }, words.leave_out))));
    this.table(this.zoneTable, [words.col_zone, words.col_points, words.col_ml, words.col_area, words.col_spacing, words.col_cover, words.col_tip, words.col_dermis, words.col_do], rows);
  }

  pointsAsTable(payload) {
    const { words } = this;
    this.pointRows = payload;
    const rows = payload.points.map((point, i) => h('tr', {}, h('th', { scope: 'row' }, String(i + 1)),
      h('td', {}, [point.name, payload.zones[point.zone].title, point.added ? words.added : ''].filter(Boolean).join(' · ')),
      h('td', {}, shown(payload.zones[point.zone].tip_mm) || words.open), h('td', {}, point.ml === null ? words.open : shown(point.ml, 4)), h('td', {}, String(point.syringe)),
      h('td', {}, h('button', { type: 'button', 'aria-label': `${words.erase} ${i + 1}`, onclick: () => this.erase([i]) }, words.erase),
        h('button', { type: 'button', 'aria-label': `${words.add_beside} ${i + 1}`, onclick: () => this.addBeside(i) }, words.add_beside))));
    this.table(this.pointTable, [words.col_number, words.col_zone, words.col_tip, words.col_ml, words.col_syringe, words.col_do], rows);
    if (!this.ring) {
      const at = h('input', { type: 'text', inputmode: 'numeric', 'aria-label': words.free_new });
      const radius = h('input', { type: 'text', inputmode: 'decimal', value: '10', 'aria-label': `${words.radius} mm` });
      const make = () => {
        const point = this.session.state.payload.points[Number(at.value) - 1];
        const mm = Number(radius.value.replace(',', '.'));
        if (point && mm >= 3 && mm <= 150) this.free(circle(this.body, { triangle: point.place[0], barycentric: point.place.slice(1) }, mm));
      };
      this.ring = h('p', { class: 'me-row' }, words.free_new, ' ', at, words.radius, ' ', radius, ' mm', h('button', { type: 'button', onclick: make }, words.make));
      this.pointFold.append(this.ring);
    }
  }
}

const insides = new WeakMap();

function inside(zone) {
  if (!insides.has(zone)) {
    const text = atob(zone.inside);
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    insides.set(zone, new Set(new Uint32Array(bytes.buffer)));
  }
  return insides.get(zone);
}

function sourcesOf(sources, words) {
  if (!sources?.length) return null;
  return h('details', { class: 'me-sources' }, h('summary', {}, `${words.sources} ${sources.length}`), h('ul', {}, sources.map(({ ref, title, url }) => h('li', {}, `${ref}: `, url ? h('a', { href: url, rel: 'noreferrer', target: '_blank' }, title) : title))));
}

const PATHS = {
  zones: 'M12 3c4 0 7 3 7 8s-3 10-7 10-7-5-7-10 3-8 7-8zM8 14c2 1.6 6 1.6 8 0', border: 'M5 7l7-3 7 4-1 9-8 3-6-6zM5 7h.01M12 4h.01M19 8h.01M18 17h.01M10 20h.01',
  paint: 'M4 20c3 0 3-2 4-4l9-11 3 3-11 9c-1 2-3 3-5 3z', add: 'M12 5v14M5 12h14', erase: 'M7 20h12M5 14l8-9 6 5-7 8H8z', undo: 'M9 14L4 9l5-5M4 9h10a6 6 0 010 12h-3', redo: 'M15 14l5-5-5-5M20 9H10a6 6 0 000 12h3',
};

function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

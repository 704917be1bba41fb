// The body to edit on: the viewer's picture, with zones to tap, handles to drag, strokes to draw, points to set and erase.
//
// One finger draws where a tool draws and the finger is on the skin; beside the skin it turns the body, as two fingers
// always do.

import { Group, MOUSE, TOUCH, Vector3 } from 'three';
import { unpackBytes } from '../data.js';
import { lines } from '../lines.js';
import { Picture } from '../picture.js';
import { VIEWS } from '../camera.js';
import { handles, pulled } from './border.js';
import { between } from './body.js';

export const COLOURS = [
  '#0b66b0', '#c2410c', '#0f7f58', '#8b3fb5', '#946a00', '#c2185b', '#3f51b5', '#5a7420', '#007b86', '#94502a', '#6a55c8', '#2e8540',
];
const TAP_PX = 9;
const STEP_MM = 1.4; // between the places of a stroke
const NUDGE_MM = 2;

export class Stage {
  // `hand`: what is told of taps and strokes: zone(hit), add(hit), erase([index]), stroke([hit]), pulled([spot]), chosen(index).
  constructor(element, body, packed, zones, hand, words) {
    Object.assign(this, { element, body, packed, zones, hand, words, tool: 'zones', stroke: null, preview: null, border: null, held: null });
    this.element.classList.add('me-live');
    this.markOf = new Map();
    for (const zone of zones) zone.sides.forEach((side, i) => this.markOf.set(`${zone.id} ${side}`, zone.mark + i));
    this.count = Math.max(...this.markOf.values());
    this.titles = zones.flatMap((zone) => zone.sides.map((side, i) => {
      const { p, n } = this.middle(zone.mark + i);
      return { id: zone.id, side, title: zone.title, labels: [[p, n]] };
    }));
    this.picture = new Picture(element, { ...this.empty(), painted: Array.from({ length: this.count }, () => ({ colour: null })) });
    this.picture.drawn = () => this.follow();
    this.standard = Uint8Array.from(this.picture.skin.zone);
    this.over = new Group();
    this.picture.scene.add(lines(body.outlines(), { colour: '#6b5a50', width: 1.3, opacity: 0.55 }), this.over);
    this.layers = { wash: 0.62, zones: true, titles: true, dangers: true, numbers: false, path: false, coverage: false, threads: true };
    this.picture.show(this.layers);
    this.picture.resize();
    this.listen();
    new MutationObserver(() => { this.picture.theme(); this.picture.ask(); })
      .observe(document.documentElement, { attributes: true, attributeFilter: ['class', 'data-theme'] });
  }

  empty() {
    return { skin: this.packed, eyes: this.packed.eyes, points: [], zones: [], dangers: [], path: [], titles: this.titles ?? [], bold: true,
      parts: [{ ball: this.packed.head, direction: VIEWS.front }] };
  }

  colourOf(id) {
    const at = this.zones.findIndex((zone) => zone.id === id);
    return COLOURS[(at < 0 ? this.zones.length + [...id].reduce((sum, c) => sum + c.charCodeAt(0), 0) : at) % COLOURS.length];
  }

  // The place most inside a zone.
  middle(mark) {
    const { marks, toBorder, positions, normals } = this.body;
    let best = -1;
    for (let v = 0; v < marks.length; v++) if (marks[v] === mark && (best < 0 || toBorder[v] > toBorder[best])) best = v;
    const at = (values) => (best < 0 ? [0, 0, 1] : [...values.subarray(3 * best, 3 * best + 3)]);
    return { p: at(positions), n: at(normals) };
  }

  // Shows a map: `payload` of the server, `choice` what is chosen now (it may be ahead of the map).
  show(payload, choice) {
    const zones = payload.zones.map((zone) => ({
      title: zone.title, colour: this.colourOf(zone.zone), shade: '#7d878d', bleb: zone.bleb, part: 0,
      border: choice.has(zone.zone) ? zone.border : [],
      threads: payload.points.filter((point) => point.to && payload.zones[point.zone] === zone).map((point) => [...point.p, ...point.to]),
    }));
    const dangers = payload.dangers.map((danger) => ({
      ...danger, layer: 'numbers', labels: this.labelsOf(danger),
    }));
    const points = payload.points;
    this.picture.fill({ ...this.empty(), points, zones, dangers, path: payload.path, titles: this.titles.filter(({ id }) => !choice.has(id)) });
    this.paint(payload, choice);
    this.picture.show(this.layers);
  }

  // Where a danger zone's name stands; the same for every map on this skin.
  labelsOf({ id, outline }) {
    this.named ??= new Map();
    if (!this.named.has(id)) this.named.set(id, outline.slice(0, 2).map((line) => this.labelOf(line)));
    return this.named.get(id);
  }

  labelOf(line) {
    const middle = [0, 1, 2].map((d) => line.filter((_, i) => i % 3 === d).reduce((a, b) => a + b, 0) / (line.length / 3));
    const place = this.body.nearest(middle);
    return [place.p, place.n];
  }

  // The skin's washes: chosen zones in their colours; dragged and free ones where they now lie.
  paint(payload, choice) {
    const { skin } = this.picture;
    skin.zone.set(this.standard);
    const colours = Array.from({ length: this.count }, () => null);
    for (const [id, sides] of choice.chosen) for (const side of sides.keys()) {
      const mark = this.markOf.get(`${id} ${side}`);
      if (mark) colours[mark - 1] = this.colourOf(id);
      else if (side === 'right' || side === 'left') colours[(this.markOf.get(`${id} midline`) ?? 0) - 1] ??= this.colourOf(id); // half of a midline zone
    }
    for (const zone of payload.zones) {
      if (!zone.inside || !choice.has(zone.zone)) continue;
      const mark = this.markOf.get(`${zone.zone} ${zone.side}`) ?? colours.push(this.colourOf(zone.zone));
      for (let v = 0; v < skin.zone.length; v++) if (skin.zone[v] === mark) skin.zone[v] = 0;
      for (const t of new Uint32Array(unpackBytes(zone.inside).buffer)) {
        for (let c = 0; c < 3; c++) skin.zone[this.body.fine[3 * t + c]] = mark;
      }
    }
    skin.tint(colours);
  }

  // Borders drawn by hand that no map shows (yet): [{places, id}].
  outline(drawn) {
    this.drafts?.traverse((one) => { one.geometry?.dispose(); one.material?.dispose(); });
    this.drafts?.removeFromParent();
    this.drafts = new Group();
    for (const { places, id } of drawn) {
      const ring = [...places, places[0]].map((place) => this.body.at(place).map((x, d) => x + 0.6 * this.body.normalAt(place)[d]));
      this.drafts.add(lines([ring.flat()], { colour: this.colourOf(id), width: 4 }));
    }
    this.picture.scene.add(this.drafts);
    this.picture.ask();
  }

  // Chosen zones before the map has followed.
  ahead(payload, choice) {
    this.paint(payload, choice);
    this.picture.skin.paint(this.layers);
    this.picture.ask();
  }

  setLayer(name, on) {
    this.layers = { ...this.layers, [name]: on };
    this.picture.show(this.layers);
  }

  setTool(tool) {
    this.tool = tool;
    this.element.dataset.tool = tool;
    this.setLayer('titles', tool === 'zones' || tool === 'border');
    if (tool !== 'border') this.hold(null);
  }

  view(name) {
    const { head, body } = this.packed;
    if (name === 'body') this.picture.camera.frame(body, VIEWS.front);
    else if (name === 'back') this.picture.camera.frame(body, VIEWS.back);
    else this.picture.camera.frame(head, VIEWS[name]);
  }

  look(view) { if (Number.isFinite(view.radius)) this.picture.camera.frame(view, view.direction); }

  // Handles ---------------------------------------------------------------------------------------------------------

  // The border to drag: {places, title}, or null.
  hold(border) {
    this.border = border;
    this.held?.forEach(({ button }) => button.remove());
    this.held = null;
    this.drawPreview(border && border.places.map((place) => this.body.at(place)), true);
    if (!border) return;
    const points = border.places.map((place) => this.body.at(place));
    this.held = handles(points).map((index, i, all) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'me-handle';
      button.setAttribute('aria-label', this.words.handle.replace('{n}', i + 1).replace('{of}', all.length).replace('{zone}', border.title));
      this.grip(button, index);
      this.element.append(button);
      return { button, index, place: border.places[index] };
    });
    this.picture.ask();
  }

  grip(button, index) {
    let last = null;
    button.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      event.stopPropagation();
      button.setPointerCapture(event.pointerId);
      button.focus({ preventScroll: true });
      last = this.border.places;
    });
    button.addEventListener('pointermove', (event) => {
      if (!last) return;
      const hit = this.hit(event);
      if (!hit) return;
      const from = this.body.at(this.border.places[index]);
      this.border.moved = pulled(this.body, this.border.places, index, hit.p.map((x, d) => x - from[d]));
      this.drawPreview(this.border.moved.map((place) => this.body.at(place)), true);
      this.follow();
    });
    const done = () => {
      if (!last) return;
      last = null;
      if (this.border?.moved) this.hand.pulled(this.border.moved);
    };
    button.addEventListener('pointerup', done);
    button.addEventListener('pointercancel', () => { last = null; if (this.border) { delete this.border.moved; this.hold(this.border); } });
    button.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!step || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const { matrix } = this.picture.camera.camera;
      const move = new Vector3().setFromMatrixColumn(matrix, 0).multiplyScalar(step[0] * NUDGE_MM)
        .addScaledVector(new Vector3().setFromMatrixColumn(matrix, 1), step[1] * NUDGE_MM);
      this.hand.pulled(pulled(this.body, this.border.places, index, move.toArray()), this.held.findIndex((one) => one.index === index));
    });
  }

  focusHandle(number) { this.held?.[number]?.button.focus({ preventScroll: true }); }

  // Handles stay on their places while the body turns.
  follow() {
    if (!this.held) return;
    const places = this.border.moved ?? this.border.places;
    const eye = this.picture.camera.camera.position;
    for (const { button, index } of this.held) {
      const place = places[index];
      const p = new Vector3(...this.body.at(place));
      const facing = eye.clone().sub(p).normalize().dot(new Vector3(...this.body.normalAt(place)));
      const at = this.picture.project(p);
      const seen = at && facing > 0.08 && !this.hides(eye, p);
      button.hidden = !seen && document.activeElement !== button;
      if (at) button.style.transform = `translate(${at.x}px, ${at.y}px)`;
    }
  }

  hides(eye, p) {
    const way = p.clone().sub(eye);
    const far = way.length();
    const hit = this.body.cast(eye.toArray(), way.normalize().toArray());
    return hit && between(hit.p, eye.toArray()) < far - 4;
  }

  drawPreview(points, closed = false) {
    this.preview?.traverse((drawn) => { drawn.geometry?.dispose(); drawn.material?.dispose(); });
    this.preview?.removeFromParent();
    this.preview = null;
    if (points && points.length > 1) {
      const line = (closed ? [...points, points[0]] : points).flat();
      this.preview = lines([line], { colour: '#0b4f6c', width: 3.5 });
      this.preview.children[0].material.depthTest = false;
      this.preview.children[0].renderOrder = 9;
      this.over.add(this.preview);
    }
    this.picture.ask();
  }

  // Hands -----------------------------------------------------------------------------------------------------------

  hit(event) {
    const box = this.element.getBoundingClientRect();
    const { camera } = this.picture.camera;
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    const way = new Vector3(x, y, 0.5).unproject(camera).sub(camera.position).normalize();
    return this.body.cast(camera.position.toArray(), way.toArray());
  }

  nearest(event) {
    const box = this.element.getBoundingClientRect();
    return this.picture.nearest(event.clientX - box.left, event.clientY - box.top);
  }

  listen() {
    const canvas = this.element.querySelector('canvas.labels');
    const { controls } = this.picture.camera;
    const turns = (yes) => {
      controls.mouseButtons.LEFT = yes ? MOUSE.ROTATE : null;
      controls.touches.ONE = yes ? TOUCH.ROTATE : null;
    };
    let down = null;
    this.element.addEventListener('pointerdown', (event) => {
      if (event.target !== canvas) return;
      if (!event.isPrimary || event.button > 0) { // a second finger turns; what was begun is dropped
        down = null;
        this.stroke = null;
        this.drawPreview(null);
        return;
      }
      const hit = this.hit(event);
      const draws = Boolean(hit) && (this.tool === 'paint' || this.tool === 'erase');
      turns(!draws);
      down = { x: event.clientX, y: event.clientY, hit, draws };
      this.stroke = draws ? { hits: [hit], points: new Set() } : null;
      if (draws && this.tool === 'erase') this.rub(event);
    }, { capture: true });
    canvas.addEventListener('pointermove', (event) => {
      if (!this.stroke || !event.isPrimary) return;
      if (this.tool === 'erase') { this.rub(event); return; }
      for (const one of event.getCoalescedEvents?.() ?? [event]) {
        const hit = this.hit(one);
        if (hit && between(hit.p, this.stroke.hits.at(-1).p) > STEP_MM) this.stroke.hits.push(hit);
      }
      this.drawPreview(this.stroke.hits.map(({ p }) => p), this.stroke.hits.length > 6);
    });
    const up = (event) => {
      if (!down || !event.isPrimary) return;
      const { hit } = down;
      const { stroke } = this;
      // A closed stroke ends where it began.
      const moved = Math.hypot(event.clientX - down.x, event.clientY - down.y) > TAP_PX || stroke?.hits.length > 5;
      down = null;
      this.stroke = null;
      if (stroke && this.tool === 'erase') this.hand.erase([...stroke.points]);
      else if (stroke && moved) {
        this.drawPreview(null);
        this.hand.stroke(stroke.hits);
      } else if (!moved && hit && this.tool === 'add') this.hand.add(hit);
      else if (!moved && hit) this.hand.zone(hit);
    };
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', () => { down = null; this.stroke = null; this.drawPreview(null); });
  }

  // The points under the eraser turn grey until it is lifted.
  rub(event) {
    const index = this.nearest(event);
    if (index < 0 || this.stroke.points.has(index)) return;
    this.stroke.points.add(index);
    const { points, zones } = this.picture.page;
    this.picture.marks.paint(points.map((point, i) => (this.stroke.points.has(i) ? '#9aa4aa' : zones[point.zone].colour)));
    this.picture.ask();
  }
}




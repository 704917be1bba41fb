// The turning picture. It draws only when something changed, and finds out by a hidden second drawing which points are
// in sight, so that numbers and taps never belong to a point behind the nose.

import {
  Color, DirectionalLight, Group, HemisphereLight, Mesh, MeshStandardMaterial, NoToneMapping, Scene, SphereGeometry,
  SRGBColorSpace, Vector3, WebGLRenderer, WebGLRenderTarget,
} from 'three';
import { Camera, VIEWS } from './camera.js';
import { Labels } from './labels.js';
import { blebs, lines } from './lines.js';
import { Marks } from './points.js';
import { Skin } from './skin.js';

const REACH = 26; // CSS pixels from a point within which a tap means it

export class Picture {
  constructor(element, page) {
    this.element = element;
    this.renderer = new WebGLRenderer({ antialias: true, canvas: element.querySelector('canvas.gl') });
    this.renderer.toneMapping = NoToneMapping;
    this.labels = new Labels(element.querySelector('canvas.labels'));
    this.layers = {};
    Object.assign(this, { settled: false, selected: -1, pixels: 1, slow: 0, last: -1e9 });
    this.camera = new Camera(element.querySelector('canvas.labels'), () => this.ask());
    this.build(page);
    this.fill(page);
    this.theme();
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.theme(); this.ask(); });
    new ResizeObserver(() => this.resize()).observe(element);
  }

  // What stays: light, skin and eyes.
  build(page) {
    this.scene = new Scene();
    this.scene.add(new HemisphereLight('#ffffff', '#a99a92', 1.75));
    this.lamps = new Group(); // they turn with the camera, so every view is lit alike
    const lamp = (colour, strength, ...at) => {
      const light = new DirectionalLight(colour, strength);
      light.position.set(...at);
      this.lamps.add(light, light.target);
    };
    lamp('#fff6ec', 1.75, -0.8, 1.0, 1.3);
    lamp('#dfe9ff', 0.7, 1.4, 0.1, 0.6);
    this.scene.add(this.lamps);
    this.skin = new Skin(page.skin, page.painted ?? page.zones, new Color());
    this.eyes = new Group();
    for (const { centre, radius } of page.eyes) {
      const eye = new Mesh(new SphereGeometry(radius, 32, 20), new MeshStandardMaterial({ color: '#efe9e4', roughness: 0.35 }));
      eye.position.set(...centre);
      this.eyes.add(eye);
    }
    this.scene.add(this.skin.mesh, this.eyes);
    this.target = new WebGLRenderTarget(1, 1);
  }

  // What a map puts on the skin, in the place of what the last one put there.
  fill(page) {
    this.page = page;
    const name = (layer, colour) => ({ title, labels, layer: own }) => labels.map(([p, n]) => ({ title, p, n, layer: own ?? layer, colour, place: new Vector3(...p) }));
    this.names = [...(page.titles ?? []).flatMap(name('titles', 'ink')), ...page.dangers.flatMap(name('dangers', 'danger'))];
    this.seen = new Uint8Array(page.points.length + this.names.length);
    this.sight = null; // what `seen` was found in
    this.places = page.points.map((point) => new Vector3(...point.p));
    this.normals = page.points.map((point) => new Vector3(...point.n));
    this.selected = -1;
    this.part = page.points.length ? page.zones[page.points[0].zone].part : 0;
    this.filled?.removeFromParent();
    this.filled?.traverse((drawn) => { drawn.geometry?.dispose(); drawn.material?.dispose(); });
    this.filled = new Group();
    this.marks = new Marks(page.points, 1, this.marks?.uniforms);
    const drawn = {
      zones: page.zones.map((zone) => lines(zone.border, { colour: zone.colour, width: page.bold ? 3.2 : 2.2 })),
      path: [lines(page.path, { colour: '#2b3a42', width: 1.6, opacity: 0.75 })],
      threads: page.zones.map((zone) => lines(zone.threads, { colour: zone.colour, width: 4.5 })),
      dangers: page.dangers.map((danger) => lines(danger.outline, { colour: '#b3142b', width: 1.8, dashed: !danger.sourced })),
      coverage: [blebs(page.points, page.zones)],
    };
    this.groups = {};
    for (const [name, objects] of Object.entries(drawn)) {
      this.groups[name] = new Group();
      if (objects.length) this.groups[name].add(...objects);
      this.filled.add(this.groups[name]);
    }
    this.filled.add(this.marks.object);
    this.scene.add(this.filled);
    this.hidden = new Scene();
    this.hidden.add(this.skin.mask, this.marks.codes);
    if (this.names.length) this.hidden.add(new Marks(this.names, page.points.length + 1, this.marks.uniforms).codes);
  }

  start(panel) {
    this.panel = panel;
    this.show(panel.layers);
    this.resize();
    this.camera.frame(this.ball(), this.page.parts[this.part].direction, true);
    this.listen();
  }

  theme() {
    const colour = (name) => resolved(this.element, name);
    this.colours = { ink: colour('--ink'), halo: colour('--stage'), accent: colour('--accent'), danger: colour('--danger') };
    const stage = new Color(colour('--stage'));
    this.renderer.setClearColor(stage);
    this.skin.background.value = stage.clone().convertLinearToSRGB();
    this.scene.background = stage;
  }

  show(layers) {
    this.layers = { ...layers };
    for (const [name, group] of Object.entries(this.groups)) group.visible = layers[name] !== false;
    this.skin.paint(layers);
    const { points, zones } = this.page;
    this.marks.paint(points.map((point) => (layers.depth ? zones[point.zone].shade : zones[point.zone].colour)));
    this.ask();
  }

  select(index, nearer) {
    this.selected = index;
    this.marks.grow(index);
    if (index >= 0) {
      this.part = this.page.zones[this.page.points[index].zone].part;
      this.camera.face(this.places[index], this.normals[index], nearer ? 70 : Infinity);
    }
    this.ask();
  }

  view(name) { this.camera.frame(this.ball(), VIEWS[name]); }

  zone(index) {
    const zone = this.page.zones[index];
    if (!zone.ball.radius) return; // a zone without points
    this.part = zone.part;
    this.camera.frame(zone.ball, zone.direction);
  }

  ball() { return this.page.parts[this.part].ball; }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.renderer.setSize(width, height, false);
    this.labels.resize(width, height, ratio, [...this.element.querySelectorAll('.scale, .zoom')]);
    this.target.setSize(width, height);
    this.camera.resize(width, height);
    this.size = { width, height, ratio };
    this.sharpen(false);
    this.ask();
  }

  ask() {
    this.settled = false;
    clearTimeout(this.rest);
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((now) => this.draw(now));
  }

  // Where drawing is slow (no graphics chip), the picture is coarser while it moves and sharp again at rest.
  sharpen(coarse) {
    const ratio = this.size.ratio * (coarse ? 0.5 : 1);
    this.skin.simplify(coarse);
    if (this.renderer.getPixelRatio() !== ratio) this.renderer.setPixelRatio(ratio);
    this.marks.uniforms.pixels.value = this.pixels * ratio;
    // Smaller over blebs, so that these are seen.
    this.marks.uniforms.diameter.value = this.layers.coverage ? 1.4 : 2.6;
    this.marks.uniforms.limits.value.set((this.layers.coverage ? 6.5 : 8) * ratio, 30 * ratio);
  }

  pace(now) {
    const since = now - this.last;
    this.last = now;
    if (since < 500) this.slow = since > 50 ? this.slow + 1 : Math.max(0, this.slow - 0.02);
    return this.slow > 3;
  }

  draw(now) {
    this.asked = false;
    if (!this.size) return;
    const coarse = this.pace(now);
    const flying = this.camera.step(now);
    const { camera } = this.camera;
    camera.updateMatrixWorld();
    this.lamps.quaternion.copy(camera.quaternion);
    const half = Math.tan(camera.fov * Math.PI / 360);
    this.pixels = this.size.height / 2 / half;
    this.sharpen(coarse);
    this.coarse = coarse;
    this.renderer.render(this.scene, camera);
    this.write();
    clearTimeout(this.rest);
    if (flying || this.camera.flight) this.ask();
    else this.rest = setTimeout(() => this.look(), 120);
  }

  // At rest: sharp, and with what is in sight. Without a graphics chip each drawing takes a tenth of a second or more, so
  // none is made that would show the same again.
  look() {
    this.find();
    if (this.coarse) {
      this.sharpen(false);
      this.renderer.render(this.scene, this.camera.camera);
    }
    this.settled = true;
    this.write();
  }

  // Which points are in sight: a drawing in which each point's colour is its number and the skin hides the rest.
  find() {
    const { width, height } = this.target;
    const { camera } = this.camera;
    const { uniforms } = this.marks;
    const sight = [...camera.matrixWorld.elements, ...camera.projectionMatrix.elements, width, height, this.selected, uniforms.diameter.value].join();
    if (sight === this.sight) return;
    this.sight = sight;
    this.skin.simplify(false);
    uniforms.pixels.value = this.pixels;
    uniforms.limits.value.set(5, 12);
    this.renderer.setRenderTarget(this.target);
    this.renderer.setClearColor(0, 1);
    this.renderer.clear();
    this.renderer.render(this.hidden, camera);
    const read = new Uint8Array(width * height * 4);
    this.renderer.readRenderTargetPixels(this.target, 0, 0, width, height, read);
    this.renderer.setRenderTarget(null);
    this.seen.fill(0);
    for (let i = 0; i < read.length; i += 4) {
      const number = read[i] + 256 * read[i + 1];
      if (number && number <= this.seen.length) this.seen[number - 1] = 1;
    }
  }

  // Where a place is in the picture, CSS pixels from its corner; null behind the camera.
  project(place) {
    const at = place.clone().project(this.camera.camera);
    if (at.z > 1) return null;
    return { x: (at.x + 1) / 2 * this.size.width, y: (1 - at.y) / 2 * this.size.height };
  }

  facing(index) {
    const towards = this.camera.camera.position.clone().sub(this.places[index]);
    return towards.normalize().dot(this.normals[index]);
  }

  visible(index) { return this.seen[index] && this.facing(index) > 0.05; }

  at(number) {
    const at = this.project(this.places[number - 1]);
    const box = this.element.getBoundingClientRect();
    return at && { x: box.left + at.x, y: box.top + at.y, visible: Boolean(this.visible(number - 1)) };
  }

  write() {
    const { points } = this.page;
    const out = [];
    const label = (i, kind) => {
      const at = this.project(this.places[i]);
      if (!at || at.x < -20 || at.y < -20 || at.x > this.size.width + 20 || at.y > this.size.height + 20) return;
      const away = this.camera.camera.position.distanceTo(this.places[i]);
      const gap = Math.min(15, Math.max(4, 1.3 * this.pixels / away));
      out.push({ ...at, gap, kind, text: String(i + 1) });
    };
    if (this.selected >= 0 && this.facing(this.selected) > -0.1) label(this.selected, 'selected');
    if (this.layers.numbers) {
      // First, last and the tens keep their number where there is no room for all.
      const rank = (i) => (i === 0 || i === points.length - 1 ? 0 : (i + 1) % 10 === 0 ? 1 : (i + 1) % 5 === 0 ? 2 : 3);
      const order = [...points.keys()].filter((i) => i !== this.selected && this.visible(i));
      order.sort((a, b) => rank(a) - rank(b) || a - b).forEach((i) => label(i, 'number'));
    }
    this.names.forEach(({ title, place, layer, colour }, i) => {
      const seen = this.layers[layer] && this.seen[points.length + i] && this.project(place);
      if (seen) out.push({ ...seen, gap: 0, kind: 'name', text: title, colour: this.colours[colour] });
    });
    const marks = [...points.keys()].filter((i) => this.visible(i)).map((i) => this.project(this.places[i])).filter(Boolean);
    this.labels.draw(out, marks, this.colours);
    this.drawn?.();
  }

  listen() {
    const canvas = this.element.querySelector('canvas.labels');
    let down = null;
    canvas.addEventListener('pointerdown', (event) => { down = { x: event.clientX, y: event.clientY }; });
    canvas.addEventListener('pointerup', (event) => {
      if (!down || Math.hypot(event.clientX - down.x, event.clientY - down.y) > 8) return;
      const box = canvas.getBoundingClientRect();
      const near = this.nearest(event.clientX - box.left, event.clientY - box.top);
      if (near >= 0) this.panel.select(near + 1, 'picture');
    });
  }

  nearest(x, y) {
    let best = -1;
    let least = REACH;
    this.places.forEach((place, i) => {
      if (!this.visible(i)) return;
      const at = this.project(place);
      const away = at ? Math.hypot(at.x - x, at.y - y) : Infinity;
      if (away < least) [best, least] = [i, away];
    });
    return best;
  }
}

// A style sheet's colour as #rrggbb, in whatever way it is written there.
function resolved(element, name) {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const pen = new OffscreenCanvas(1, 1).getContext('2d');
  pen.fillStyle = getComputedStyle(probe).color;
  pen.fillRect(0, 0, 1, 1);
  probe.remove();
  return `#${[...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

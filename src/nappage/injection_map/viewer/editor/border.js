// Borders as places on the skin: thinned, dragged at a handle, grown at an edge.

import { between, unit } from './body.js';

const MOST = 40; // places of a border that is sent
const HANDLE_MM = 16; // about between two handles

// The places of a closed stroke, evenly along it and without loops (a hand goes past where it began), at most 40; null
// where it is too short to enclose anything.
export function thinned(hits) {
  if (hits.length < 4) return null;
  const ring = withoutLoops(evenly(hits, 160));
  const length = along(ring).at(-1);
  const out = withoutLoops(evenly(ring, Math.max(8, Math.min(MOST, Math.round(length / 4)))));
  return length < 20 || out.length < 4 ? null : out;
}

// How far each place of a closed ring lies along it; the last number is the whole way around.
function along(ring) {
  const out = [0];
  ring.forEach((place, i) => out.push(out[i] + between(place.p, ring[(i + 1) % ring.length].p)));
  return out;
}

function evenly(ring, count) {
  const way = along(ring);
  const out = [];
  for (let i = 0, j = 0; i < count; i++) {
    while (j + 1 < ring.length && way[j + 1] <= (i * way.at(-1)) / count) j++;
    if (out.at(-1) !== ring[j]) out.push(ring[j]);
  }
  return out;
}

// Of two loops that cross, seen from where the ring faces, the smaller goes, again and again.
function withoutLoops(ring) {
  const normal = unit(ring.reduce((sum, { n }) => sum.map((x, d) => x + n[d]), [0, 0, 0]));
  const across = unit(cross(Math.abs(normal[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0], normal));
  const up = cross(normal, across);
  const dot = (u, v) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  let kept = ring.map((place) => ({ place, x: dot(place.p, across), y: dot(place.p, up) }));
  const turn = (a, b, c) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  const area = (loop) => Math.abs(loop.reduce((sum, p, i) => sum + p.x * loop[(i + 1) % loop.length].y - p.y * loop[(i + 1) % loop.length].x, 0));
  const crossing = () => {
    for (let i = 0; i < kept.length; i++) {
      for (let j = i + 2; j < kept.length; j++) {
        if (i === 0 && j === kept.length - 1) continue;
        const [a, b, c, d] = [kept[i], kept[i + 1], kept[j], kept[(j + 1) % kept.length]];
        if (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0) return [i, j];
      }
    }
    return null;
  };
  for (let found = crossing(); found && kept.length > 3; found = crossing()) {
    const [i, j] = found;
    const inner = kept.slice(i + 1, j + 1);
    const outer = [...kept.slice(0, i + 1), ...kept.slice(j + 1)];
    kept = area(inner) > area(outer) ? inner : outer;
  }
  return kept.map(({ place }) => place);
}

// A border without the loops that a wide drag leaves.
export const whole = (body, places) => withoutLoops(places.map((place) => ({ ...place, p: body.at(place), n: body.normalAt(place) })));

// Which places of a border carry a handle.
export function handles(points) {
  let length = 0;
  points.forEach((p, i) => { length += between(p, points[(i + 1) % points.length]); });
  const count = Math.max(Math.min(6, points.length), Math.min(12, points.length, Math.round(length / HANDLE_MM)));
  return Array.from({ length: count }, (_, i) => Math.floor((i * points.length) / count));
}

// The border with one handle moved by `step` (mm); its neighbours follow as far as the next handles.
export function pulled(body, places, index, step) {
  const points = places.map((place) => body.at(place));
  const held = handles(points);
  const at = held.indexOf(index);
  const count = places.length;
  const before = (index - held[(at + held.length - 1) % held.length] + count) % count || count;
  const after = (held[(at + 1) % held.length] - index + count) % count || count;
  return places.map((place, i) => {
    const ahead = (i - index + count) % count;
    const behind = count - ahead;
    const share = ahead === 0 ? 1 : ahead < after ? 1 - ahead / after : behind < before ? 1 - behind / before : 0;
    if (!share) return place;
    const weight = 0.5 - 0.5 * Math.cos(Math.PI * share);
    return spotOf(body.nearest(points[i].map((x, d) => x + weight * step[d])));
  });
}

// The border moved outwards (or, below zero, inwards) by so many mm, everywhere or at one edge:
// 'upper', 'lower', 'inner' (towards the midline) or 'outer'.
export function grown(body, places, mm, edge = 'all') {
  const points = places.map((place) => body.at(place));
  const centre = [0, 1, 2].map((d) => points.reduce((sum, p) => sum + p[d], 0) / points.length);
  const side = centre[0] < 0 ? -1 : 1;
  const towards = { upper: [0, 1, 0], lower: [0, -1, 0], inner: [-side, 0, 0], outer: [side, 0, 0] }[edge];
  return places.map((place, i) => {
    const normal = body.normalAt(place);
    let out = points[i].map((x, d) => x - centre[d]);
    const above = out.reduce((sum, x, d) => sum + x * normal[d], 0);
    out = unit(out.map((x, d) => x - above * normal[d]));
    const share = towards ? Math.max(0, out.reduce((sum, x, d) => sum + x * towards[d], 0)) : 1;
    if (share < 0.05) return place;
    return spotOf(body.nearest(points[i].map((x, d) => x + out[d] * share * mm)));
  });
}

// A ring around a place, for a free zone made without drawing.
export function circle(body, place, radius_mm) {
  const centre = body.at(place);
  const normal = body.normalAt(place);
  const across = unit(cross(Math.abs(normal[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0], normal));
  const up = cross(normal, across);
  return Array.from({ length: 20 }, (_, i) => {
    const [c, s] = [Math.cos((i / 10) * Math.PI) * radius_mm, Math.sin((i / 10) * Math.PI) * radius_mm];
    return spotOf(body.nearest(centre.map((x, d) => x + c * across[d] + s * up[d])));
  });
}

export const spotOf = ({ triangle, barycentric }) => ({ triangle, barycentric });

function cross(u, v) { return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]; }

// The body as geometry: where a ray meets the skin, where a place lies, its mirror image. Works without WebGL.
//
// A place is a triangle of the atlas with three weights; the same place means the same skin on every body.

import { unpackBytes, unpackPositions, unpackTriangles } from '../data.js';

export class Body {
  constructor(packed) {
    this.positions = unpackPositions(packed);
    const { fine } = unpackTriangles(packed);
    this.fine = fine; // in the order of the atlas
    this.half = packed.half;
    const count = this.positions.length / 3;
    const marks = unpackBytes(packed.marks);
    this.marks = marks.slice(0, count); // the zone's number, 0: none
    this.toBorder = marks.slice(2 * count, 3 * count); // 0.1 mm
    this.normals = vertexNormals(this.positions, fine);
    this.balls = balls(this.positions, fine);
  }

  // The foremost skin on a ray: {triangle, barycentric, p, n}, or null.
  cast([ox, oy, oz], [dx, dy, dz]) {
    const { balls: ball, fine, positions: at } = this;
    let best = Infinity;
    let found = null;
    for (let k = 0; k < ball.length; k += 4) {
      const [x, y, z, r] = [ball[k] - ox, ball[k + 1] - oy, ball[k + 2] - oz, ball[k + 3]];
      const along = x * dx + y * dy + z * dz;
      if (along < -r || along - r > best || x * x + y * y + z * z - along * along > r * r) continue;
      for (let t = k; t < k + 4; t++) { // four fine triangles for each ball
        const [a, b, c] = [3 * fine[3 * t], 3 * fine[3 * t + 1], 3 * fine[3 * t + 2]];
        const [e1x, e1y, e1z] = [at[b] - at[a], at[b + 1] - at[a + 1], at[b + 2] - at[a + 2]];
        const [e2x, e2y, e2z] = [at[c] - at[a], at[c + 1] - at[a + 1], at[c + 2] - at[a + 2]];
        const [px, py, pz] = [dy * e2z - dz * e2y, dz * e2x - dx * e2z, dx * e2y - dy * e2x];
        const det = e1x * px + e1y * py + e1z * pz;
        if (det < 1e-9) continue; // seen from behind, or edge on
        const [sx, sy, sz] = [ox - at[a], oy - at[a + 1], oz - at[a + 2]];
        const u = (sx * px + sy * py + sz * pz) / det;
        if (u < 0 || u > 1) continue;
        const [qx, qy, qz] = [sy * e1z - sz * e1y, sz * e1x - sx * e1z, sx * e1y - sy * e1x];
        const v = (dx * qx + dy * qy + dz * qz) / det;
        if (v < 0 || u + v > 1) continue;
        const far = (e2x * qx + e2y * qy + e2z * qz) / det;
        if (far > 0 && far < best) [best, found] = [far, [t, u, v]];
      }
    }
    return found && this.place(found[0], [1 - found[1] - found[2], found[1], found[2]]);
  }

  place(triangle, weights) {
    const spot = rounded(triangle, weights);
    return { ...spot, p: this.at(spot), n: this.normalAt(spot) };
  }

  at({ triangle, barycentric }) { return this.mixed(this.positions, triangle, barycentric); }

  normalAt({ triangle, barycentric }) { return unit(this.mixed(this.normals, triangle, barycentric)); }

  mixed(values, triangle, weights) {
    const out = [0, 0, 0];
    for (let c = 0; c < 3; c++) {
      const v = 3 * this.fine[3 * triangle + c];
      for (let d = 0; d < 3; d++) out[d] += weights[c] * values[v + d];
    }
    return out;
  }

  // The nearest place to a point, mm.
  nearest(point) {
    const { balls: ball, fine, positions: at } = this;
    let best = Infinity;
    let found = null;
    for (let k = 0; k < ball.length; k += 4) {
      const away = Math.hypot(ball[k] - point[0], ball[k + 1] - point[1], ball[k + 2] - point[2]) - ball[k + 3];
      if (away > best) continue;
      for (let t = k; t < k + 4; t++) {
        const corners = [0, 1, 2].map((c) => { const v = 3 * fine[3 * t + c]; return [at[v], at[v + 1], at[v + 2]]; });
        const weights = nearestWeights(point, corners);
        const off = Math.hypot(...[0, 1, 2].map((d) => weights[0] * corners[0][d] + weights[1] * corners[1][d] + weights[2] * corners[2][d] - point[d]));
        if (off < best) [best, found] = [off, [t, weights]];
      }
    }
    return this.place(...found);
  }

  mirror({ triangle, barycentric: [a, b, c] }) {
    const base = triangle >> 2;
    const other = base < this.half ? base + this.half : base - this.half;
    return { triangle: 4 * other + [0, 2, 1, 3][triangle & 3], barycentric: [a, c, b] };
  }

  // The number of the zone a place lies in, 0: none.
  markAt({ triangle, barycentric }) {
    const corners = [0, 1, 2].sort((a, b) => barycentric[b] - barycentric[a]).map((c) => this.fine[3 * triangle + c]);
    // Near a border the corners' distances decide, as they do for the zone itself.
    let inside = 0;
    for (const v of corners) if (this.marks[v]) { inside = this.marks[v]; break; }
    if (!inside) return 0;
    let field = 0;
    corners.forEach((v, i) => {
      const weight = [...barycentric].sort((a, b) => b - a)[i];
      field += weight * (this.marks[v] ? 1 : -1) * this.toBorder[v];
    });
    return field >= 0 ? inside : 0;
  }

  // All borders between zones, as polylines of two places each, a little above the skin.
  outlines() {
    const { fine, marks, toBorder, positions, normals } = this;
    const crossing = (u, v) => {
      const t = toBorder[u] / Math.max(toBorder[u] + toBorder[v], 1);
      return [0, 1, 2].map((d) => {
        const at = positions[3 * u + d] + t * (positions[3 * v + d] - positions[3 * u + d]);
        return at + 0.35 * (normals[3 * u + d] + t * (normals[3 * v + d] - normals[3 * u + d]));
      });
    };
    const out = [];
    for (let t = 0; t < fine.length; t += 3) {
      const c = [fine[t], fine[t + 1], fine[t + 2]];
      const m = c.map((v) => marks[v]);
      if (m[0] === m[1] && m[1] === m[2]) continue;
      const ends = [];
      for (let i = 0; i < 3; i++) if (m[i] !== m[(i + 1) % 3]) ends.push(crossing(c[i], c[(i + 1) % 3]));
      if (ends.length === 2) out.push([...ends[0], ...ends[1]]);
      else {
        const middle = [0, 1, 2].map((d) => (ends[0][d] + ends[1][d] + ends[2][d]) / 3);
        for (const end of ends) out.push([...end, ...middle]);
      }
    }
    return out;
  }

  // A ball around the vertices of a zone's mark, and from where it is seen best.
  view(mark) {
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    const towards = [0, 0, 0];
    for (let v = 0; v < this.marks.length; v++) {
      if (this.marks[v] !== mark) continue;
      for (let d = 0; d < 3; d++) {
        const x = this.positions[3 * v + d];
        if (x < low[d]) low[d] = x;
        if (x > high[d]) high[d] = x;
        towards[d] += this.normals[3 * v + d];
      }
    }
    return framed([low, high], towards);
  }

  viewOf(places) {
    const points = places.map((place) => this.at(place));
    const towards = places.map((place) => this.normalAt(place)).reduce((sum, n) => sum.map((x, d) => x + n[d]), [0, 0, 0]);
    return framed(points, towards);
  }

  // The places of a flat list [triangle, weight, weight].
  placesOf(flat) { return flat.map(([triangle, a, b]) => rounded(triangle, [a, b, 1 - a - b])); }
}

function framed(points, towards) {
  const low = [0, 1, 2].map((d) => Math.min(...points.map((p) => p[d])));
  const high = [0, 1, 2].map((d) => Math.max(...points.map((p) => p[d])));
  const centre = low.map((x, d) => (x + high[d]) / 2);
  const direction = unit(towards);
  direction[1] = Math.max(-0.8, Math.min(0.8, direction[1]));
  return { centre, radius: Math.hypot(...high.map((x, d) => x - low[d])) / 2 * 1.1 + 14, direction: unit(direction) };
}

function rounded(triangle, weights) {
  const [a, b] = weights.map((w) => Math.round(Math.max(0, Math.min(1, w)) * 1e6) / 1e6);
  return { triangle, barycentric: [a, b, Math.max(0, Math.round((1 - a - b) * 1e6) / 1e6)] };
}

export function unit(v) {
  const length = Math.hypot(...v) || 1;
  return v.map((x) => x / length);
}

export const between = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

function vertexNormals(positions, fine) {
  const out = new Float32Array(positions.length);
  for (let t = 0; t < fine.length; t += 3) {
    const [a, b, c] = [3 * fine[t], 3 * fine[t + 1], 3 * fine[t + 2]];
    const [ux, uy, uz] = [positions[b] - positions[a], positions[b + 1] - positions[a + 1], positions[b + 2] - positions[a + 2]];
    const [vx, vy, vz] = [positions[c] - positions[a], positions[c + 1] - positions[a + 1], positions[c + 2] - positions[a + 2]];
    const cross = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const v of [a, b, c]) for (let d = 0; d < 3; d++) out[v + d] += cross[d];
  }
  for (let v = 0; v < out.length; v += 3) {
    const length = Math.hypot(out[v], out[v + 1], out[v + 2]) || 1;
    for (let d = 0; d < 3; d++) out[v + d] /= length;
  }
  return out;
}

// A ball around every four fine triangles: centre and radius.
function balls(positions, fine) {
  const out = new Float32Array(fine.length / 3);
  for (let k = 0; k < out.length; k += 4) {
    const centre = [0, 0, 0];
    for (let i = 0; i < 12; i++) for (let d = 0; d < 3; d++) centre[d] += positions[3 * fine[3 * k + i] + d] / 12;
    let radius = 0;
    for (let i = 0; i < 12; i++) {
      const v = 3 * fine[3 * k + i];
      radius = Math.max(radius, between(centre, [positions[v], positions[v + 1], positions[v + 2]]));
    }
    out.set([...centre, radius * 1.0001], k);
  }
  return out;
}

function nearestWeights(p, [a, b, c]) {
  const sub = (u, v) => [u[0] - v[0], u[1] - v[1], u[2] - v[2]];
  const dot = (u, v) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  const [ab, ac, ap] = [sub(b, a), sub(c, a), sub(p, a)];
  const [d00, d01, d11, d20, d21] = [dot(ab, ab), dot(ab, ac), dot(ac, ac), dot(ap, ab), dot(ap, ac)];
  const det = Math.max(d00 * d11 - d01 * d01, 1e-18);
  const v = (d11 * d20 - d01 * d21) / det;
  const w = (d00 * d21 - d01 * d20) / det;
  if (v >= 0 && w >= 0 && v + w <= 1) return [1 - v - w, v, w];
  let best = null;
  let least = Infinity;
  const corners = [a, b, c];
  for (const [i, j] of [[0, 1], [1, 2], [2, 0]]) {
    const edge = sub(corners[j], corners[i]);
    const t = Math.max(0, Math.min(1, dot(sub(p, corners[i]), edge) / Math.max(dot(edge, edge), 1e-18)));
    const off = between(p, corners[i].map((x, d) => x + t * edge[d]));
    if (off < least) {
      least = off;
      best = [0, 0, 0];
      best[i] = 1 - t;
      best[j] += t;
    }
  }
  return best;
}

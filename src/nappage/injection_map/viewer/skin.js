// The skin: its colours are painted here (zones, creases), and its cut edge fades away. It is drawn in pieces, of which
// those beside the window cost nothing.

import {
  Box3, BufferAttribute, BufferGeometry, Color, Group, Mesh, MeshBasicMaterial, MeshStandardMaterial, Sphere, Vector3,
} from 'three';
import { unpackBytes, unpackPositions, unpackTriangles } from './data.js';

const CLAY = new Color('#d9c3b4');
const PIECE_MM = 120;

export class Skin {
  constructor(packed, zones, background) {
    // Washes of the zones' colours: light enough to keep the skin's shading and the points' contrast.
    this.tint(zones.map((zone) => zone.colour));
    const geometry = new BufferGeometry();
    geometry.setAttribute('position', new BufferAttribute(unpackPositions(packed), 3));
    const { fine, coarse } = unpackTriangles(packed);
    geometry.setIndex(new BufferAttribute(fine, 1));
    geometry.computeVertexNormals();
    const count = geometry.attributes.position.count;
    const marks = unpackBytes(packed.marks);
    this.zone = marks.slice(0, count); // 0: none, else zone + 1
    const shown = new Float32Array(count);
    for (let i = 0; i < count; i++) shown[i] = marks[count + i] / 255;
    this.crease = creases(geometry);
    geometry.setAttribute('color', new BufferAttribute(new Float32Array(count * 3), 3));
    geometry.setAttribute('shown', new BufferAttribute(shown, 1));
    this.background = { value: background };
    const material = new MeshStandardMaterial({ vertexColors: true, roughness: 0.72, metalness: 0 });
    material.onBeforeCompile = (shader) => {
      shader.uniforms.background = this.background;
      shader.vertexShader = shader.vertexShader
        .replace('#include <common>', '#include <common>\nattribute float shown;\nvarying float vShown;')
        .replace('#include <begin_vertex>', '#include <begin_vertex>\nvShown = shown;');
      shader.fragmentShader = shader.fragmentShader
        .replace('#include <common>', '#include <common>\nuniform vec3 background;\nvarying float vShown;')
        .replace('#include <dithering_fragment>',
          'gl_FragColor.rgb = mix(background, gl_FragColor.rgb, smoothstep(0.0, 1.0, vShown));');
    };
    const black = new MeshBasicMaterial({ color: 0 });
    this.colours = geometry.attributes.color;
    this.pieces = pieces(geometry, coarse);
    this.mesh = new Group();
    this.mask = new Group();
    for (const piece of this.pieces) {
      this.mesh.add(new Mesh(piece.geometry, material));
      this.mask.add(new Mesh(piece.geometry, black));
    }
  }

  // A quarter of the triangles, for slow machines while the picture moves.
  simplify(yes) { for (const { geometry, fine, coarse } of this.pieces) geometry.setIndex(yes ? coarse : fine); }

  // One colour for each zone, or null for one that is not painted.
  tint(colours) { this.zones = colours.map((colour) => colour && new Color(colour).lerp(new Color('#ffffff'), 0.42)); }

  paint({ zones, coverage, wash: strength = 0.34 }) {
    const { colours } = this;
    const colour = new Color();
    for (let i = 0; i < colours.count; i++) {
      colour.copy(CLAY).multiplyScalar(this.crease[i]);
      const wash = zones && this.zone[i] ? this.zones[this.zone[i] - 1] : null;
      if (wash) colour.lerp(wash, coverage ? 0.12 : strength);
      colours.setXYZ(i, colour.r, colour.g, colour.b);
    }
    colours.needsUpdate = true;
  }
}

// The triangles by where they lie: on the vertices of the whole, with a ball around each piece.
function pieces(whole, coarse) {
  const { position } = whole.attributes;
  const fine = whole.index.array;
  const at = (vertex) => new Vector3().fromBufferAttribute(position, vertex);
  const cells = new Map();
  for (let t = 0; t < coarse.length / 3; t++) {
    const cell = at(coarse[3 * t]).divideScalar(PIECE_MM).floor().toArray().join();
    if (!cells.has(cell)) cells.set(cell, []);
    cells.get(cell).push(t);
  }
  return [...cells.values()].map((triangles) => {
    const of = (index, size) => new BufferAttribute(new Uint32Array(triangles.flatMap((t) => [...index.subarray(size * t, size * (t + 1))])), 1);
    const piece = { geometry: new BufferGeometry(), fine: of(fine, 12), coarse: of(coarse, 3) };
    for (const [name, attribute] of Object.entries(whole.attributes)) piece.geometry.setAttribute(name, attribute);
    piece.geometry.setIndex(piece.fine);
    const box = new Box3().setFromPoints([...piece.fine.array].map(at));
    piece.geometry.boundingSphere = box.getBoundingSphere(new Sphere());
    return piece;
  });
}

// How light each vertex is: hollows darker, ridges lighter, from how far its neighbours' middle lies above it.
function creases(geometry) {
  const { position, normal } = geometry.attributes;
  const index = geometry.index.array;
  const sums = new Float32Array(position.count * 3);
  const edge = new Float32Array(position.count);
  const uses = new Float32Array(position.count);
  for (let t = 0; t < index.length; t += 3) {
    for (let c = 0; c < 3; c++) {
      const a = index[t + c];
      const b = index[t + (c + 1) % 3];
      let length = 0;
      for (let d = 0; d < 3; d++) {
        const step = position.array[3 * b + d] - position.array[3 * a + d];
        sums[3 * a + d] += step;
        sums[3 * b + d] -= step;
        length += step * step;
      }
      edge[a] += Math.sqrt(length);
      edge[b] += Math.sqrt(length);
      uses[a]++;
      uses[b]++;
    }
  }
  const out = new Float32Array(position.count);
  for (let i = 0; i < out.length; i++) {
    const above = (sums[3 * i] * normal.getX(i) + sums[3 * i + 1] * normal.getY(i) + sums[3 * i + 2] * normal.getZ(i));
    out[i] = Math.min(1.06, Math.max(0.66, 1 - 1.1 * above / Math.max(edge[i], 1e-6)));
  }
  return out;
}

// Lines of a given width in CSS pixels, lying on the skin; and the discs of the blebs.

import {
  CircleGeometry, Color, Group, InstancedBufferAttribute, InstancedMesh, Matrix4, Quaternion, ShaderMaterial, Vector3,
} from 'three';
import { LineMaterial } from 'three/examples/jsm/lines/LineMaterial.js';
import { LineSegments2 } from 'three/examples/jsm/lines/LineSegments2.js';
import { LineSegmentsGeometry } from 'three/examples/jsm/lines/LineSegmentsGeometry.js';

// Polylines as flat lists of numbers: [[x, y, z, x, y, z, …], …].
export function lines(polylines, { colour, width, dashed = false, opacity = 1 }) {
  const ends = [];
  for (const line of polylines) {
    for (let i = 0; i + 5 < line.length; i += 3) ends.push(...line.slice(i, i + 6));
  }
  const group = new Group();
  if (!ends.length) return group;
  const geometry = new LineSegmentsGeometry();
  geometry.setPositions(ends);
  const material = new LineMaterial({
    color: new Color(colour).getHex(), linewidth: width, dashed, dashSize: 3, gapSize: 2.2, transparent: opacity < 1, opacity,
    polygonOffset: true, polygonOffsetFactor: -3, polygonOffsetUnits: -60,
  });
  const drawn = new LineSegments2(geometry, material);
  if (dashed) drawn.computeLineDistances();
  drawn.renderOrder = 3;
  group.add(drawn);
  return group;
}

// One soft disc for each bleb, lying on the skin: as opaque at each distance from its middle as it is likely to reach so
// far, by the log-normal spread of its size. Discs over one another blend as the probabilities of independent blebs do.
const BLEB_VERTEX = /* glsl */ `
attribute vec2 size;   // median radius in mm, standard deviation of its logarithm
varying vec2 vAt;
varying vec2 vSize;
void main() {
  vAt = position.xy;
  vSize = size;
  gl_Position = projectionMatrix * modelViewMatrix * instanceMatrix * vec4(position, 1.0);
}`;
const BLEB_FRAGMENT = /* glsl */ `
uniform vec3 colour;
varying vec2 vAt;
varying vec2 vSize;
void main() {
  float r = length(vAt) * REACH * vSize.x;
  float likely = 1.0 / (1.0 + exp(-1.702 * log(vSize.x / max(r, 0.001)) / max(vSize.y, 0.03)));
  gl_FragColor = vec4(colour, 0.55 * likely);
}`;
const REACH = 1.5; // of the median radius

export function blebs(points, zones) {
  const group = new Group();
  const places = [];
  for (const point of points) {
    const { bleb } = zones[point.zone];
    if (!bleb) continue;
    places.push({ at: point.p, normal: point.n, bleb });
    // A thread leaves as many as touch one another along it.
    const step = point.to && new Vector3(...point.to).sub(new Vector3(...point.p));
    for (let i = 1; step && i * bleb[0] <= step.length(); i++) {
      const at = new Vector3(...point.p).addScaledVector(step, i * bleb[0] / step.length());
      places.push({ at: at.toArray(), normal: point.n, bleb });
    }
  }
  if (!places.length) return group;
  const material = new ShaderMaterial({
    vertexShader: BLEB_VERTEX, fragmentShader: BLEB_FRAGMENT, defines: { REACH: REACH.toFixed(2) },
    uniforms: { colour: { value: new Vector3(0.03, 0.44, 0.5) } }, transparent: true, depthWrite: false,
    polygonOffset: true, polygonOffsetFactor: -2, polygonOffsetUnits: -40,
  });
  const geometry = new CircleGeometry(1, 24);
  geometry.setAttribute('size', new InstancedBufferAttribute(
    new Float32Array(places.flatMap(({ bleb: [diameter, spread] }) => [diameter / 2, spread])), 2,
  ));
  const discs = new InstancedMesh(geometry, material, places.length);
  const turn = new Quaternion();
  const face = new Vector3(0, 0, 1);
  const matrix = new Matrix4();
  places.forEach(({ at, normal, bleb: [diameter] }, i) => {
    const up = new Vector3(...normal);
    const radius = REACH * diameter / 2;
    turn.setFromUnitVectors(face, up);
    // A flat disc on a round cheek: lifted by about its own sagitta.
    const place = new Vector3(...at).addScaledVector(up, 0.25 + radius * radius / 90);
    discs.setMatrixAt(i, matrix.compose(place, turn, new Vector3(radius, radius, radius)));
  });
  discs.renderOrder = 2;
  discs.frustumCulled = false;
  group.add(discs);
  return group;
}

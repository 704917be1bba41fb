// Lines of a given width in CSS pixels, lying on the skin; and the discs of the blebs.

import {
  CircleGeometry, Color, Group, InstancedMesh, Matrix4, MeshBasicMaterial, Quaternion, Vector3,
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

// One disc for each point, lying on the skin, as wide as its zone's median bleb.
export function blebs(points, zones) {
  const group = new Group();
  const shown = points.filter((point) => zones[point.zone].bleb);
  if (!shown.length) return group;
  const material = new MeshBasicMaterial({
    color: '#0a7d8c', transparent: true, opacity: 0.42, depthWrite: false,
    polygonOffset: true, polygonOffsetFactor: -2, polygonOffsetUnits: -40,
  });
  const discs = new InstancedMesh(new CircleGeometry(1, 28), material, shown.length);
  const turn = new Quaternion();
  const face = new Vector3(0, 0, 1);
  const matrix = new Matrix4();
  shown.forEach((point, i) => {
    const normal = new Vector3(...point.n);
    const radius = zones[point.zone].bleb / 2;
    turn.setFromUnitVectors(face, normal);
    // A flat disc on a round cheek: lifted by about its own sagitta.
    const place = new Vector3(...point.p).addScaledVector(normal, 0.25 + radius * radius / 90);
    discs.setMatrixAt(i, matrix.compose(place, turn, new Vector3(radius, radius, radius)));
  });
  discs.renderOrder = 2;
  discs.frustumCulled = false;
  group.add(discs);
  return group;
}

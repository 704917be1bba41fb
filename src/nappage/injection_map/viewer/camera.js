// The camera: turned by hand (OrbitControls), by the keyboard, or flown to a view, a zone or a point.

import { MathUtils, PerspectiveCamera, Spherical, Vector3 } from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';

const FIELD = 26; // degrees of view across the shorter side
const STILL = window.matchMedia('(prefers-reduced-motion: reduce)');

// Directions in the body's frame: x to the patient's left, y up, z forwards.
export const VIEWS = {
  front: [0, 0.04, 1],
  'oblique-right': [-0.72, 0.06, 0.72],
  'oblique-left': [0.72, 0.06, 0.72],
  'side-right': [-1, 0.04, 0],
  'side-left': [1, 0.04, 0],
  top: [0, 1, 0.12],
  back: [0, 0.04, -1],
};

export class Camera {
  constructor(element, changed) {
    this.camera = new PerspectiveCamera(FIELD, 1, 5, 12000);
    this.controls = new OrbitControls(this.camera, element);
    Object.assign(this.controls, { enableDamping: false, minDistance: 60, maxDistance: 6000, rotateSpeed: 0.9, zoomSpeed: 1.1 });
    this.changed = changed;
    this.flight = null;
    this.controls.addEventListener('change', changed);
    this.controls.addEventListener('start', () => { this.flight = null; });
  }

  resize(width, height) {
    this.camera.aspect = width / height;
    // The field of view holds across the shorter side.
    const half = Math.tan(MathUtils.degToRad(FIELD) / 2);
    this.camera.fov = MathUtils.radToDeg(2 * Math.atan(width < height ? half / this.camera.aspect : half));
    this.camera.updateProjectionMatrix();
  }

  // Looks at a ball {centre, radius} from a direction.
  frame({ centre, radius }, direction, at_once = false) {
    const distance = radius / Math.sin(MathUtils.degToRad(FIELD) / 2);
    this.fly(new Vector3(...centre), new Vector3(...direction), distance, at_once);
  }

  // Turns and moves only as much as is needed to see a place on the skin well, with `radius` around it at most.
  face(place, normal, radius) {
    const target = this.controls.target;
    const offset = this.camera.position.clone().sub(target);
    const distance = Math.min(offset.length(), radius / Math.sin(MathUtils.degToRad(FIELD) / 2));
    const nearer = offset.length() > 1.02 * distance;
    const direction = offset.normalize();
    const angle = direction.angleTo(normal);
    if (angle > 0.5) direction.lerp(normal, 1 - 0.25 / angle).normalize();
    this.camera.updateMatrixWorld();
    const seen = place.clone().project(this.camera);
    const middle = Math.abs(seen.x) < 0.6 && Math.abs(seen.y) < 0.6;
    if (middle && angle <= 0.5 && !nearer && !this.flight) return;
    this.fly(target.clone().lerp(place, nearer ? 1 : 0.75), direction, distance);
  }

  fly(target, direction, distance, at_once = false) {
    const from = {
      target: this.controls.target.clone(),
      at: new Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target)),
    };
    const to = { target, at: new Spherical().setFromVector3(direction.clone().setLength(distance)) };
    to.at.phi = MathUtils.clamp(to.at.phi, 0.08, Math.PI - 0.08);
    // The short way around.
    to.at.theta = from.at.theta + MathUtils.euclideanModulo(to.at.theta - from.at.theta + Math.PI, 2 * Math.PI) - Math.PI;
    this.flight = { from, to, began: performance.now(), lasts: at_once || STILL.matches ? 0 : 420 };
    this.changed();
  }

  // One step of a flight; true while it lasts.
  step(now) {
    if (!this.flight) return false;
    const { from, to, began, lasts } = this.flight;
    const t = lasts ? Math.min(1, Math.max(0, (now - began) / lasts)) : 1;
    const eased = t * t * (3 - 2 * t);
    const at = new Spherical(
      MathUtils.lerp(from.at.radius, to.at.radius, eased),
      MathUtils.lerp(from.at.phi, to.at.phi, eased),
      MathUtils.lerp(from.at.theta, to.at.theta, eased),
    );
    this.controls.target.lerpVectors(from.target, to.target, eased);
    this.camera.position.setFromSpherical(at).add(this.controls.target);
    if (t === 1) this.flight = null;
    this.controls.update();
    return true;
  }

  // By the keyboard and the buttons.
  turn(across, up) {
    const at = new Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target));
    at.theta += across;
    at.phi = MathUtils.clamp(at.phi + up, 0.08, Math.PI - 0.08);
    this.place(new Vector3().setFromSpherical(at));
  }

  zoom(factor) {
    const offset = this.camera.position.clone().sub(this.controls.target);
    const { minDistance, maxDistance } = this.controls;
    this.place(offset.setLength(MathUtils.clamp(offset.length() * factor, minDistance, maxDistance)));
  }

  pan(across, up) {
    const step = this.camera.position.distanceTo(this.controls.target) * 0.06;
    const move = new Vector3().setFromMatrixColumn(this.camera.matrix, 0).multiplyScalar(across * step)
      .addScaledVector(new Vector3().setFromMatrixColumn(this.camera.matrix, 1), up * step);
    this.controls.target.add(move);
    this.camera.position.add(move);
    this.place(this.camera.position.clone().sub(this.controls.target));
  }

  place(offset) {
    this.flight = null;
    this.camera.position.copy(this.controls.target).add(offset);
    this.controls.update();
    this.changed();
  }
}

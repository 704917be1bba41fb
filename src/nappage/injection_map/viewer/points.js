// The points: one draw call, round marks that face the reader and keep a size that can be seen.

import { BufferAttribute, BufferGeometry, Color, Points, ShaderMaterial, Vector2 } from 'three';

const VERTEX = /* glsl */ `
attribute vec3 skin;      // unit normal of the skin
attribute vec3 colour;
attribute vec3 code;      // the point's number as a colour, for the reading of which are in sight
attribute float grown;    // 1, or more for the selected one
uniform float pixels;     // device pixels for one millimetre at a distance of one millimetre
uniform float diameter;   // millimetres
uniform vec2 limits;      // smallest and largest diameter, device pixels
varying vec3 vColour;
varying float vSize;
varying float vFacing;
void main() {
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  vec3 towards = normalize(-seen.xyz);
  vFacing = dot(normalize(normalMatrix * skin), towards);
  seen.xyz += towards * 3.0;   // in front of the skin it stands on
  gl_Position = projectionMatrix * seen;
  vSize = clamp(diameter * pixels / -seen.z, limits.x, limits.y) * grown;
  gl_PointSize = vSize + 2.0;
  #ifdef CODES
    vColour = code;
  #else
    vColour = colour;
  #endif
}`;

const FRAGMENT = /* glsl */ `
uniform vec3 rim;
varying vec3 vColour;
varying float vSize;
varying float vFacing;
void main() {
  float r = length(gl_PointCoord - 0.5) * (vSize + 2.0);
  float edge = 0.5 * vSize;
  #ifdef CODES
    if (r > edge || vFacing < 0.0) discard;
    gl_FragColor = vec4(vColour, 1.0);
  #else
    float alpha = (1.0 - smoothstep(edge - 0.75, edge + 0.75, r)) * smoothstep(-0.05, 0.18, vFacing);
    if (alpha < 0.01) discard;
    float width = clamp(0.16 * vSize, 0.9, 4.0);
    vec3 shade = mix(vColour, rim, smoothstep(edge - width - 0.6, edge - width + 0.6, r));
    gl_FragColor = vec4(shade, alpha);
  #endif
}`;

// `points`: [{p, n}]; `first` is the number of the first of them among all that are looked for,
// `shared` the uniforms of other marks.
export class Marks {
  constructor(points, first = 1, shared = null) {
    const geometry = new BufferGeometry();
    const count = points.length;
    const flat = (key) => new BufferAttribute(new Float32Array(points.flatMap((point) => point[key])), 3);
    geometry.setAttribute('position', flat('p'));
    geometry.setAttribute('skin', flat('n'));
    geometry.setAttribute('colour', new BufferAttribute(new Float32Array(count * 3), 3));
    const codes = new Float32Array(count * 3);
    for (let i = 0; i < count; i++) codes.set([((first + i) & 255) / 255, ((first + i) >> 8) / 255, 0], 3 * i);
    geometry.setAttribute('code', new BufferAttribute(codes, 3));
    geometry.setAttribute('grown', new BufferAttribute(new Float32Array(count).fill(1), 1));
    const uniforms = shared ?? {
      pixels: { value: 1 }, diameter: { value: 2.6 }, limits: { value: new Vector2(6, 30) }, rim: { value: new Color(1, 1, 1) },
    };
    const shaders = { vertexShader: VERTEX, fragmentShader: FRAGMENT };
    this.uniforms = uniforms;
    this.object = new Points(geometry, new ShaderMaterial({ ...shaders, uniforms, transparent: true, depthWrite: false }));
    this.codes = new Points(geometry, new ShaderMaterial({ ...shaders, uniforms, defines: { CODES: 1 } }));
    this.object.renderOrder = 5;
    this.object.frustumCulled = this.codes.frustumCulled = false;
  }

  paint(colours) {
    const attribute = this.object.geometry.attributes.colour;
    // The shader writes to the screen as is: no conversion, so the page's own colours.
    colours.forEach((text, i) => {
      const value = parseInt(text.slice(1), 16);
      attribute.setXYZ(i, (value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255);
    });
    attribute.needsUpdate = true;
  }

  grow(index) {
    const { grown } = this.object.geometry.attributes;
    grown.array.fill(1);
    if (index >= 0) grown.array[index] = 1.55;
    grown.needsUpdate = true;
  }
}

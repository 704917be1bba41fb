// Reads what the page carries: plain JSON, with the skin packed into base64.

// What is in it stands in page3d.py, which writes it.
export function readPage() {
  return JSON.parse(document.getElementById('map-data').textContent);
}

function bytes(base64) {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

// Positions: three unsigned 16-bit steps from `origin`.
export function unpackPositions({ origin, step, positions }) {
  const steps = new Uint16Array(bytes(positions).buffer);
  const out = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) out[i] = origin[i % 3] + step * steps[i];
  return out;
}

// Corners of the coarse triangles: vertices are numbered in the order of first use, so a corner is written as its distance
// back from the next new number (0: a new vertex), in groups of seven bits with the eighth set on all but the last.
function unpackCoarse({ triangles, count }) {
  const packed = bytes(triangles);
  const out = new Uint32Array(count * 3);
  let next = 0;
  for (let i = 0, at = 0; i < out.length; i++) {
    let back = 0;
    let shift = 0;
    let byte;
    do {
      byte = packed[at++];
      back |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    out[i] = next - back;
    if (back === 0) next++;
  }
  return { coarse: out, next };
}

// The fine triangles, four for each coarse one, and the coarse ones themselves, on the same vertices. Vertices on edges are numbered after the coarse ones, in the order in
// which the edges ab, bc, ca come up.
export function unpackTriangles(packed) {
  const { coarse, next: old } = unpackCoarse(packed);
  const made = new Map();
  const between = (a, b) => {
    const key = Math.min(a, b) * old + Math.max(a, b);
    if (!made.has(key)) made.set(key, old + made.size);
    return made.get(key);
  };
  const out = new Uint32Array(coarse.length * 4);
  for (let i = 0; i < coarse.length; i += 3) {
    const [a, b, c] = coarse.subarray(i, i + 3);
    const [ab, bc, ca] = [between(a, b), between(b, c), between(c, a)];
    out.set([a, ab, ca, b, bc, ab, c, ca, bc, bc, ca, ab], 4 * i);
  }
  return { fine: out, coarse };
}

export const unpackBytes = bytes;

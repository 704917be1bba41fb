// Marks on a photograph: spots, lines and outlines, drawn or set by keys, kept in the draft at every change.
// A mark is {photograph, about, shape, points}, its points from 0 to 1 of the picture's width and height.
import { draftOf, edit } from "../design/autosave.js";

const PATH = "consultation.photo_marks";
const NEAR = 0.03, APART = 0.006, MOST = 150;
const SVG = "http://www.w3.org/2000/svg";

function mount(box) {
  if (box.dataset.mounted) return;
  box.dataset.mounted = "1";
  const root = box.closest("[data-draft]"), svg = box.querySelector("svg"), image = box.querySelector(".marking-picture img");
  const list = box.querySelector("[data-list]"), said = box.querySelector("[data-said]"), about = box.querySelector("[data-about]");
  const undo = box.querySelector("[data-undo]"), finish = box.querySelector("[data-finish]");
  const height = 1000 * image.getAttribute("height") / image.getAttribute("width");
  const names = JSON.parse(box.dataset.names), earlier = [];
  // What still waits to be sent is newer than what the server drew this part from.
  const waiting = draftOf(root).outbox.findLast((one) => one.path === PATH);
  let marks = (waiting ? waiting.value : JSON.parse(box.dataset.kept)) || [];
  let corners = [], drawn = null, cross = null;
  svg.setAttribute("viewBox", `0 0 1000 ${height}`);

  const shape = () => box.querySelector("[name=marking-shape]:checked").value;
  const word = (mark) => names[mark.about] || box.dataset.notSaid;
  const apart = (a, b) => Math.hypot(a[0] - b[0], (a[1] - b[1]) * height / 1000);
  const d = (points, kind) => `M${points.map(([x, y]) => `${1000 * x} ${height * y}`).join("L")}${{ spot: "h0", area: "Z" }[kind] || ""}`;

  // What can be marked is what is chosen on this page.
  function subjects() {
    const now = about.value;
    const options = [["concern", "consultation.concerns"], ["area", "order.areas"]].flatMap(([kind, path]) => [...root.querySelectorAll(`[data-path="${path}"]:checked`)].map((field) => [`${kind}:${field.value}`, field.closest("label").textContent.trim()]));
    if (!options.length) return;
    about.replaceChildren(...options.map(([value, words]) => Object.assign(document.createElement("option"), { value, textContent: words })));
    for (const [value, words] of options) names[value] = words;
    if (options.some(([value]) => value === now)) about.value = now;
  }

  function add(kind, points, text) {
    for (const name of text === undefined ? ["halo", `of-${kind[0]}`] : [""]) {
      const made = svg.appendChild(document.createElementNS(SVG, text === undefined ? "path" : "text"));
      if (text === undefined) { made.setAttribute("class", `${name} ${kind[1]}`); made.setAttribute("d", d(points, kind[1])); }
      else { made.setAttribute("x", 1000 * points[0][0]); made.setAttribute("y", height * points[0][1]); made.textContent = text; }
    }
  }

  function draw() {
    svg.replaceChildren();
    const here = marks.map((mark, index) => [mark, index]).filter(([mark]) => mark.photograph === box.dataset.photo);
    for (const [mark, index] of here) { add([mark.about.split(":")[0], mark.shape], mark.points); add("", mark.points, index + 1); }
    const open = drawn || corners;
    if (open.length) add(["drawing", open.length > 1 ? "line" : "spot"], open);
    if (cross) {
      const [x, y] = [1000 * cross[0], height * cross[1]];
      for (const name of ["halo", "of-drawing"]) { const made = svg.appendChild(document.createElementNS(SVG, "path")); made.setAttribute("class", `${name} cross`); made.setAttribute("d", `M${x - 30} ${y}h60M${x} ${y - 30}v60`); }
    }
    list.replaceChildren(...here.map(([mark, index]) => {
      const item = document.createElement("li"), drop = document.createElement("button");
      drop.type = "button"; drop.className = "button"; drop.textContent = box.dataset.remove; drop.setAttribute("aria-label", `${box.dataset.remove}: ${index + 1}. ${word(mark)}`);
      drop.addEventListener("click", () => { keep(marks.filter((_one, other) => other !== index)); undo.focus(); });
      item.append(Object.assign(document.createElement("span"), { textContent: `${index + 1}. ${word(mark)}` }), drop);
      return item;
    }));
    if (!here.length) list.append(Object.assign(document.createElement("li"), { className: "muted small", textContent: box.dataset.none }));
    undo.disabled = !earlier.length && !corners.length;
    finish.hidden = corners.length < (shape() === "area" ? 3 : 2);
  }

  function send(next) {
    marks = next;
    draw();
    edit(root, PATH, next.length ? next : null).then(({ theirs }) => {
      if (theirs !== undefined) { marks = theirs || []; earlier.length = 0; draw(); }
    }).catch(() => {}); // told in the save state
  }
  function keep(next) { earlier.push(marks); send(next); }
  function put(kind, points) {
    const places = points.map((point) => point.map((n) => Math.round(n * 10000) / 10000));
    corners = [];
    keep([...marks, { photograph: box.dataset.photo, about: about.value, shape: kind, points: places }]);
    said.textContent = `${box.dataset.placed}: ${marks.length}. ${word(marks.at(-1))}`;
  }
  function corner(point) {
    const kind = shape();
    if (kind === "spot") return put(kind, [point]);
    const closed = corners.length && apart(point, kind === "area" && corners.length > 2 ? corners[0] : corners.at(-1)) < NEAR;
    if (closed && corners.length >= (kind === "area" ? 3 : 2)) return put(kind, corners);
    corners.push(point);
    said.textContent = box.dataset.corner;
    draw();
  }
  function back() {
    if (corners.length) { corners.pop(); draw(); } else if (earlier.length) send(earlier.pop());
    said.textContent = box.dataset.undone;
  }

  const place = (event) => {
    const at = svg.getBoundingClientRect();
    return [(event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height].map((n) => Math.min(1, Math.max(0, n)));
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    svg.focus({ preventScroll: true });
    cross = null;
    drawn = [place(event)];
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drawn || shape() === "spot") return;
    const point = place(event);
    if (apart(point, drawn.at(-1)) < APART) return;
    drawn.push(point);
    if (drawn.length > MOST) drawn = drawn.filter((_one, index) => index % 2 === 0 || index === drawn.length - 1);
    draw();
  });
  svg.addEventListener("pointerup", (event) => {
    if (!drawn) return;
    const stroke = drawn;
    drawn = null;
    if (stroke.length < 3) corner(shape() === "spot" ? place(event) : stroke[0]);
    else put(shape(), stroke);
  });
  svg.addEventListener("pointercancel", () => { drawn = null; draw(); });
  svg.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (by) {
      const step = event.shiftKey ? 0.004 : 0.02;
      cross = (cross || [0.5, 0.5]).map((n, axis) => Math.min(1, Math.max(0, n + step * by[axis])));
      said.textContent = `${Math.round(100 * cross[0])} %, ${Math.round(100 * cross[1])} %`;
    } else if (event.key === "Enter" || event.key === " ") corner(cross ||= [0.5, 0.5]);
    else if (event.key === "Backspace") back();
    else if (event.key === "Escape" && (corners.length || cross)) { corners = []; cross = null; }
    else return;
    event.preventDefault();
    draw();
  });
  svg.addEventListener("blur", () => { cross = null; draw(); });
  undo.addEventListener("click", back);
  finish.addEventListener("click", () => { put(shape(), corners); svg.focus({ preventScroll: true }); });
  for (const field of box.querySelectorAll("[name=marking-shape]")) field.addEventListener("change", () => { corners = []; svg.dataset.shape = field.value; draw(); });
  svg.dataset.shape = shape();
  root.addEventListener("draft:saved", () => box.isConnected && subjects());
  subjects();
  draw();
}

const all = () => document.querySelectorAll("[data-marking]").forEach(mount);
document.body.addEventListener("htmx:afterSwap", all);
all();

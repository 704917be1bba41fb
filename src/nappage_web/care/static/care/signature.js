// The signature as it is drawn: one path, in a box 400 by 180. With the keyboard, a cross is set, as on paper.
for (const form of document.querySelectorAll("[data-sign]")) {
  const pad = form.querySelector("[data-pad]"), path = pad.querySelector("path"), out = form.querySelector("[name=strokes]");
  let drawing = null, d = out.value;
  const at = (event) => { const box = pad.getBoundingClientRect(); return `${((event.clientX - box.left) / box.width * 400).toFixed(1)} ${((event.clientY - box.top) / box.height * 180).toFixed(1)}`; };
  const show = () => { path.setAttribute("d", d); out.value = d; };
  pad.addEventListener("pointerdown", (event) => { drawing = event.pointerId; pad.setPointerCapture(drawing); d += `M${at(event)}`; show(); });
  pad.addEventListener("pointermove", (event) => { if (event.pointerId === drawing && d.length < 50000) { d += `L${at(event)}`; show(); } });
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, () => { drawing = null; });
  form.querySelector("[data-clear]").addEventListener("click", () => { d = ""; show(); });
  form.querySelector("[data-typed]").addEventListener("click", () => { d = "M150 50L250 130M250 50L150 130"; show(); });
}

// The patient's page: "none of these" against the boxes, names that complete themselves, what they are read as, and
// what is half typed kept on this device until it is sent.
const form = document.querySelector("[data-keep]");
if (form) {
  const key = `nappage.intake.${form.dataset.keep}`;
  const none = form.querySelector("[data-none]");
  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box === none && none.checked) for (const other of form.querySelectorAll("[name^=item-]")) other.checked = false;
    else if (box.name?.startsWith("item-") && box.checked) {
      if (none) none.checked = false;
      for (const twin of form.querySelectorAll(`[name="${CSS.escape(box.name)}"]`)) if (twin !== box) twin.checked = false;
    }
  });

  const keep = () => {
    const kept = {};
    for (const field of form.elements) {
      if (!field.name || field.type === "hidden" || field.tagName === "BUTTON") continue;
      if (field.type === "checkbox" || field.type === "radio") { if (field.checked) (kept[field.name] ??= []).push(field.value); } else if (field.value) kept[field.name] = field.value;
    }
    try { sessionStorage.setItem(key, JSON.stringify(kept)); } catch { /* nothing can be kept here */ }
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  if (form.querySelector("[role=alert]")) keep(); // what was sent and not taken is not lost by changing the language
  let left = null;
  try { left = JSON.parse(sessionStorage.getItem(key)); } catch { /* nothing was kept here */ }
  if (left) for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.tagName === "BUTTON") continue;
    if (field.type === "checkbox" || field.type === "radio") { if (Array.isArray(left[field.name])) field.checked = left[field.name].includes(field.value); } else if (typeof left[field.name] === "string") field.value = left[field.name];
  }
  form.addEventListener("submit", () => { try { sessionStorage.removeItem(key); } catch { /* nothing was kept here */ } });

  for (const input of form.querySelectorAll("[data-kind]")) {
    const list = document.createElement("datalist");
    list.id = `list-${input.id}`;
    input.after(list);
    input.setAttribute("list", list.id);
    const told = input.closest("[data-new]")?.querySelector("[data-read-as]") || Object.assign(document.createElement("p"), { className: "small" });
    if (!told.isConnected) { told.setAttribute("role", "status"); list.after(told); }
    let timer = null, asked = 0;
    const ask = async (url) => { const at = new URL(url, location); at.searchParams.set("kind", input.dataset.kind); at.searchParams.set("q", input.value); return (await fetch(at)).json(); };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(async () => {
      if (input.value.trim().length < 2) { list.replaceChildren(); told.textContent = ""; return; }
      const mine = asked += 1;
      try {
        const names = await ask(form.dataset.suggestUrl);
        if (mine === asked) list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
        const read = await ask(form.dataset.readUrl);
        if (mine === asked) { told.textContent = read.map((one) => one.words).join(" "); told.className = `small ${read.every((one) => one.state === "certain") ? "muted" : "wait"}`; }
      } catch { /* no connection: the name is kept as it is written */ }
    }, 180); });
  }
}

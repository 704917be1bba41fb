// Pictures are sent as soon as they are taken; the gate's answer stands at its view, and nothing reloads meanwhile.
import { csrf } from "../design/autosave.js";

for (const form of document.querySelectorAll("[data-view] form")) {
  const view = form.closest("[data-view]"), file = form.querySelector("[type=file]"), told = form.querySelector("[data-result]");
  const reason = form.querySelector("[data-reason]"), send = form.querySelector("[data-send]");
  send.hidden = true;
  const upload = async () => {
    if (!file.files.length) return;
    told.replaceChildren(Object.assign(document.createElement("progress"), { ariaLabel: view.closest("[data-views]").dataset.busy }), view.closest("[data-views]").dataset.busy);
    const body = new FormData(form);
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await fetch(location.href, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" } });
        if (answer.status === 423) { document.dispatchEvent(new CustomEvent("nappage:locked")); await new Promise((go) => document.addEventListener("nappage:unlocked", go, { once: true })); continue; }
        const result = await answer.json();
        if (result.kept) return location.reload();
        const list = document.createElement("ul");
        list.className = "error";
        for (const words of result.error ? [result.error] : result.retake) list.append(Object.assign(document.createElement("li"), { textContent: words }));
        told.replaceChildren(list);
        reason.hidden = Boolean(result.error);
        send.hidden = Boolean(result.error);
        return;
      } catch { if (tries > 8) { told.textContent = "…"; send.hidden = false; return; } await new Promise((go) => setTimeout(go, 1000 * 2 ** Math.min(tries, 4))); }
    }
  };
  file.addEventListener("change", upload);
  form.addEventListener("submit", (event) => { event.preventDefault(); upload(); });
}

// Narrows a list by its facets and by words. Without this script the whole list is shown.
"use strict";
document.querySelectorAll(".filters").forEach(bar => {
  const rows = [...document.querySelectorAll("[data-facets]")].map(row =>
    ({ row, facets: JSON.parse(row.dataset.facets), text: row.textContent.toLowerCase() }));
  const chosen = [...bar.querySelectorAll("select")], words = bar.querySelector("input"), count = bar.querySelector("output");
  function narrow() {
    const asked = (words?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, facets, text } of rows) {
      const fits = chosen.every(select => !select.value || (facets[select.name] || "") === select.value) &&
        asked.every(word => text.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown ? `${shown} of ${rows.length}` : `None of ${rows.length} is so. Choose less.`;
  }
  bar.addEventListener("input", narrow);
  bar.addEventListener("reset", () => setTimeout(narrow));
  bar.addEventListener("submit", event => event.preventDefault());
  narrow();
});

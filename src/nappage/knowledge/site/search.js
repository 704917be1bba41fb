// Search over everything as you type. The index comes by a script tag with the first key: a page that is opened as a
// file may fetch nothing.
"use strict";
(() => {
  const root = document.currentScript.dataset.root;
  document.documentElement.classList.add("live");
  const box = document.getElementById("q"), list = document.getElementById("results"), MOST = 40;
  // Accents off, small letters, everything else a space; a letter stays one letter, so that places in it are places in
  // the text itself.
  const fold = text => text.replace(/./gsu, letter => {
    const plain = letter.normalize("NFD")[0].toLowerCase();
    return (/[\p{L}\p{N}]/u.test(plain) ? plain : " ").padEnd(letter.length);
  });
  let entries = null, asked = false, at = -1;

  function load() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = root + "search-index.js";
    script.onload = () => {
      entries = window.NAPPAGE_INDEX.map(([kind, id, title, text, url]) =>
        ({ kind, id, title, text, url, key: fold(id).trim(), name: " " + fold(title), body: " " + fold(text) }));
      show();
    };
    document.head.append(script);
  }
  // An id weighs most, then a title, then a text; each word asked for must be there, as the beginning of a word.
  function score(entry, words, phrase) {
    let total = entry.key === phrase ? 1000 : entry.key.startsWith(phrase) ? 300 : 0;
    if (entry.name.trim() === phrase) total += 500;
    else if (entry.name.startsWith(" " + phrase)) total += 200;
    if (words.length > 1 && entry.body.includes(" " + phrase)) total += 60;
    for (const word of words) {
      const start = " " + word;
      const found = (` ${entry.key}`.includes(start) ? 60 : 0) + (entry.name.includes(start) ? 50 : 0) +
        (entry.body.includes(start) ? 5 : 0) || (word.length > 3 && (entry.key + entry.name).includes(word) ? 8 : 0);
      if (!found) return 0;
      total += found;
    }
    return entry.kind === "Fact" ? total / 2 : total; // a record before the fact that it reads
  }
  function find(query) {
    const phrase = fold(query).trim().replace(/ +/g, " ");
    const words = phrase.split(" ").filter(Boolean);
    if (!words.length) return { words, hits: [] };
    const hits = entries.map(entry => [score(entry, words, phrase), entry]).filter(([points]) => points);
    hits.sort((a, b) => b[0] - a[0] || a[1].title.length - b[1].title.length || (a[1].url < b[1].url ? -1 : 1));
    return { words, hits: hits.map(([, entry]) => entry) };
  }
  // A text with the words that were looked for marked, cut to the surroundings of the first.
  function marked(text, words, length) {
    const folded = " " + fold(text), first = Math.max(0, ...words.map(word => folded.indexOf(" " + word)).filter(i => i > 0));
    const from = text.length > length && first > length / 2 ? text.lastIndexOf(" ", first - length / 3) + 1 : 0;
    const out = document.createDocumentFragment();
    if (from) out.append("… ");
    let done = from;
    const end = Math.min(text.length, from + length);
    while (done < end) {
      const [place, size] = words.map(word => [folded.indexOf(" " + word, done), word.length])
        .filter(([i]) => i >= 0 && i < end).sort((a, b) => a[0] - b[0])[0] || [end, 0];
      out.append(text.slice(done, place));
      if (size) {
        const mark = document.createElement("mark");
        mark.textContent = text.slice(place, place + size);
        out.append(mark);
      }
      done = place + size;
    }
    if (end < text.length) out.append(" …");
    return out;
  }
  function show() {
    const query = box.value.trim();
    at = -1;
    box.removeAttribute("aria-activedescendant");
    list.replaceChildren();
    list.hidden = !query;
    box.setAttribute("aria-expanded", String(!!query));
    if (!query) return;
    if (!entries) return say("Reading the index …");
    const { words, hits } = find(query);
    hits.slice(0, MOST).forEach((hit, number) => {
      const link = document.createElement("a"), small = document.createElement("small"), title = document.createElement("b");
      Object.assign(link, { href: root + hit.url, id: `hit-${number}` });
      link.setAttribute("role", "option");
      link.setAttribute("aria-selected", "false");
      title.append(marked(hit.title, words, 160));
      small.append(`${hit.kind} · ${hit.id}`);
      link.append(title, small);
      if (words.some(word => (" " + fold(hit.text)).includes(" " + word))) {
        const snippet = document.createElement("small");
        snippet.append(marked(hit.text, words, 130));
        link.append(snippet);
      }
      list.append(link);
    });
    if (!hits.length) say(`Nothing holds all of “${query}”. Try fewer words, or fewer letters of them.`);
    else if (hits.length > MOST) say(`${hits.length - MOST} more; another word narrows it.`);
  }
  function say(text) {
    const said = document.createElement("p");
    said.setAttribute("role", "status");
    said.textContent = text;
    list.append(said);
  }
  function move(step) {
    const options = [...list.querySelectorAll("a")];
    if (!options.length) return;
    options[at]?.setAttribute("aria-selected", "false");
    at = (at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length;
    options[at].setAttribute("aria-selected", "true");
    options[at].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", options[at].id);
  }
  function close() {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
  }
  box.addEventListener("focus", () => { load(); if (box.value.trim()) show(); });
  box.addEventListener("input", () => { load(); show(); });
  box.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
    else if (event.key === "Enter") { event.preventDefault(); (list.querySelectorAll("a")[Math.max(at, 0)])?.click(); }
    else if (event.key === "Escape") { if (list.hidden) box.value = ""; close(); }
  });
  document.addEventListener("keydown", event => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
  document.addEventListener("click", event => { if (!event.target.closest(".search")) close(); });
})();

// Everything around the picture: the card of the selected point, the walk along the needle's order, the switches, the
// search, and the table, which is linked with the picture both ways.

const fill = (text, words) => text.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);

export class Panel {
  constructor(page, picture) {
    Object.assign(this, { page, picture, selected: null });
    this.card = document.getElementById('card');
    this.said = document.getElementById('said');
    this.rows = document.querySelectorAll('#points tbody tr');
    this.switches = document.querySelectorAll('[data-layer]');
    document.getElementById('previous').addEventListener('click', () => this.walk(-1));
    document.getElementById('next').addEventListener('click', () => this.walk(1));
    this.switches.forEach((box) => box.addEventListener('change', () => picture?.show(this.layers)));
    document.querySelectorAll('[data-view]').forEach((button) => {
      button.addEventListener('click', () => picture?.view(button.dataset.view));
    });
    document.querySelectorAll('[data-zone]').forEach((button) => {
      button.addEventListener('click', () => picture?.zone(Number(button.dataset.zone)));
    });
    document.querySelectorAll('[data-zoom]').forEach((button) => {
      button.addEventListener('click', () => picture?.camera.zoom(Number(button.dataset.zoom)));
    });
    document.getElementById('points').addEventListener('click', (event) => {
      const row = event.target.closest('tr[data-point]');
      if (row) this.select(Number(row.dataset.point), 'table');
    });
    document.getElementById('search').addEventListener('submit', (event) => {
      event.preventDefault();
      this.find(document.getElementById('wanted').value);
    });
    document.getElementById('view').addEventListener('keydown', (event) => this.key(event));
    document.getElementById('points').addEventListener('keydown', (event) => this.key(event, true));
  }

  get layers() {
    return Object.fromEntries([...this.switches].map((box) => [box.dataset.layer, box.checked]));
  }

  walk(step) {
    const count = this.page.points.length;
    if (!count) return;
    const from = this.selected ?? (step > 0 ? 0 : count + 1);
    this.select(Math.min(count, Math.max(1, from + step)));
  }

  find(text) {
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= this.page.points.length) this.select(number);
    else this.tell(fill(this.page.words.none, { number: text || '–', count: this.page.points.length }), true);
  }

  // Spoken by screen readers; shown, too, when there is nothing else to see.
  tell(text, missing = false) {
    this.said.textContent = text;
    this.said.classList.toggle('missing', missing);
  }

  // `from` says where the choice was made: the picture does not come nearer for a tap on itself, the table does not scroll.
  select(number, from = 'walk') {
    const point = this.page.points[number - 1];
    const zone = this.page.zones[point.zone];
    this.selected = number;
    document.querySelector('#points tr[aria-current]')?.removeAttribute('aria-current');
    const row = this.rows[number - 1];
    row.setAttribute('aria-current', 'true');
    if (from !== 'table') this.reveal(row);
    const { words } = this.page;
    const [tip, ...chances] = zone.lines;
    const facts = [tip, [words.volume, point.volume], [words.syringe, String(point.syringe)], ...chances];
    const { notes } = point;
    this.card.querySelector('.number').textContent = String(number);
    this.card.querySelector('.zone').textContent = point.name ? `${point.name} · ${zone.title}` : zone.title;
    this.card.querySelector('.order').textContent = fill(words.order, { number, count: this.page.points.length });
    this.card.querySelector('.facts').replaceChildren(...facts.map(([term, value]) => {
      const pair = document.createElement('div');
      pair.append(element('dt', term), element('dd', value));
      return pair;
    }));
    this.card.querySelector('.notes').textContent = notes.join(' · ');
    this.card.classList.add('filled');
    this.tell([fill(words.announce, { number, count: this.page.points.length, zone: zone.title }),
      ...facts.map(([term, value]) => `${term}: ${value}.`), ...notes].join(' '));
    document.getElementById('wanted').value = String(number);
    this.picture?.select(number - 1, from !== 'picture');
  }

  // Scrolls the table only, never the page.
  reveal(row) {
    const box = row.closest('.scroll');
    const head = box.querySelector('thead').offsetHeight;
    const above = row.offsetTop - head;
    if (box.scrollTop > above || box.scrollTop < above + row.offsetHeight - box.clientHeight / 2) box.scrollTop = above - 2 * row.offsetHeight;
  }

  key(event, table = false) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || (table && (!step || event.shiftKey || event.altKey))) return;
    const camera = this.picture?.camera;
    if (step && event.shiftKey) camera?.turn(-step[0] * 0.12, -step[1] * 0.12);
    else if (step && event.altKey) camera?.pan(...step);
    else if (step) {
      this.walk(step[0] || -step[1]);
      if (table) this.rows[this.selected - 1].querySelector('button').focus({ preventScroll: true });
    } else if (event.key === 'Home') this.select(1);
    else if (event.key === 'End') this.select(this.page.points.length);
    else if (event.key === '+' || event.key === '=') camera?.zoom(0.85);
    else if (event.key === '-') camera?.zoom(1 / 0.85);
    else return;
    event.preventDefault();
  }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

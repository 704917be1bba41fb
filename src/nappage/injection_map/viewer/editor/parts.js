// Elements: made without HTML text, so that no word of others is ever read as markup.

export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== 'list' && typeof value !== 'string') made[key] = value;
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const shown = (number, digits = 2) => (number === null || number === undefined ? '' : String(Number(Number(number).toFixed(digits))));

let ids = 0;
export const newId = () => `me-${++ids}`;

// A number with large buttons for less and more. `inherited`: what counts where the field is empty.
export class Stepper {
  constructor({ label, unit, step, min, max, digits = 2, words, changed }) {
    Object.assign(this, { step, min, max, digits, changed, value: null, inherited: null });
    const id = newId();
    this.input = h('input', { id, type: 'text', inputmode: 'decimal', autocomplete: 'off', onchange: () => this.typed(), onkeydown: (event) => this.key(event) });
    const button = (sign, text, by) => h('button', { type: 'button', 'aria-label': text.replace('{what}', label), onclick: () => this.by(by) }, sign);
    this.node = h('div', { class: 'me-field' }, h('label', { for: id }, label, h('small', {}, ` ${unit}`)),
      h('div', { class: 'me-stepper' }, button('−', words.less, -1), this.input, button('+', words.more, 1)));
  }

  key(event) {
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      this.by(event.key === 'ArrowUp' ? 1 : -1);
    }
  }

  by(sign) {
    const from = Number(this.value ?? this.inherited ?? this.min - this.step * (sign > 0 ? 1 : 0));
    const steps = from / this.step;
    const next = sign > 0 ? Math.floor(steps + 1e-6) + 1 : Math.ceil(steps - 1e-6) - 1;
    this.give(next * this.step);
  }

  typed() {
    const text = this.input.value.trim().replace(',', '.');
    if (text === '') this.changed(null);
    else if (Number.isFinite(Number(text))) this.give(Number(text));
    else this.show(this.value, this.inherited, true);
  }

  give(number) {
    const value = Number(Math.min(this.max, Math.max(this.min, number)).toFixed(this.digits));
    this.show(value, this.inherited, true);
    this.changed(value);
  }

  show(value, inherited, force = false) {
    this.value = value ?? null;
    this.inherited = inherited ?? null;
    if (!force && document.activeElement === this.input && this.input.value !== this.last) return; // being typed in
    this.last = shown(value, this.digits);
    this.input.value = this.input.defaultValue = this.last; // what is typed beyond it is not given yet
    this.input.placeholder = shown(inherited, this.digits);
  }
}

// One of a few: large buttons of which one is pressed.
export class Choices {
  constructor({ label, options, changed, wide = false }) {
    this.buttons = options.map(([value, text]) => h('button', { type: 'button', 'data-value': value, 'aria-pressed': 'false', onclick: () => changed(value) }, text));
    this.node = h('fieldset', { class: wide ? 'me-choices me-wide' : 'me-choices' }, h('legend', {}, label), h('div', {}, this.buttons));
  }

  show(value) {
    for (const button of this.buttons) button.setAttribute('aria-pressed', String(button.dataset.value === value));
  }
}

export class Select {
  constructor({ label, options, changed, empty }) {
    const id = newId();
    this.input = h('select', { id, onchange: () => changed(this.input.value || null) },
      empty ? h('option', { value: '' }, empty) : null, options.map(([value, text]) => h('option', { value }, text)));
    this.node = h('div', { class: 'me-field' }, h('label', { for: id }, label), this.input);
  }

  show(value) { this.input.value = value ?? ''; }
}

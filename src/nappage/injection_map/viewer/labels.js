// Numbers and names over the picture: drawn where they do not touch one another, the more important first.

const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

export class Labels {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
  }

  // `covers`: elements that lie over the picture.
  resize(width, height, ratio, covers) {
    Object.assign(this, { width, height, ratio, covers });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
  }

  // labels: [{x, y, text, kind: 'selected' | 'number' | 'name', gap, colour}], most important first; none is written over `marks`.
  draw(labels, marks, { ink, halo, accent }) {
    const c = this.context;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    c.textBaseline = 'middle';
    c.lineJoin = 'round';
    const taken = new Boxes(this.width, this.height);
    for (const { offsetLeft, offsetTop, offsetWidth, offsetHeight } of this.covers) {
      taken.take(offsetLeft, offsetTop, offsetWidth, offsetHeight);
    }
    for (const { x, y } of marks) taken.take(x - 2.5, y - 2.5, 5, 5);
    for (const label of labels) {
      const size = { selected: 14, number: 12, name: 11 }[label.kind];
      c.font = `${label.kind === 'number' ? 600 : 700} ${size}px ${FONT}`;
      const wide = c.measureText(label.text).width;
      const tall = size * 0.76; // figures have no descenders
      if (label.kind === 'selected') {
        const x = Math.min(Math.max(label.x, wide / 2 + 12), this.width - wide / 2 - 12);
        const above = label.y - label.gap - 32 > 0;
        const y = above ? label.y - label.gap - 18 : label.y + label.gap + 18;
        taken.take(x - wide / 2 - 8, y - 11, wide + 16, 22);
        c.fillStyle = accent;
        c.beginPath();
        c.roundRect(x - wide / 2 - 8, y - 11, wide + 16, 22, 11);
        c.fill();
        c.fillStyle = halo;
        c.textAlign = 'center';
        c.fillText(label.text, x, y + 0.5);
        continue;
      }
      // Beside, above, below: the first place that is free.
      const places = label.kind === 'name'
        ? [[-wide / 2, 0], [-wide / 2, -14], [-wide / 2, 14]]
        : [[label.gap + 2, 0], [-wide / 2, -label.gap - 6], [-wide / 2, label.gap + 6], [-label.gap - 2 - wide, 0]];
      for (const [dx, dy] of places) {
        const [x, y] = [label.x + dx, label.y + dy];
        if (!taken.free(x - 1, y - tall / 2, wide + 2, tall)) continue;
        taken.take(x - 1, y - tall / 2, wide + 2, tall);
        c.textAlign = 'left';
        c.lineWidth = 3;
        c.strokeStyle = halo;
        c.strokeText(label.text, x, y);
        c.fillStyle = label.colour ?? ink;
        c.fillText(label.text, x, y);
        break;
      }
    }
  }
}

// Which pixels of a coarse grid have words on them.
class Boxes {
  constructor(width, height) {
    this.columns = Math.ceil(width / 4) + 1;
    this.rows = Math.ceil(height / 4) + 1;
    this.cells = new Uint8Array(this.columns * this.rows);
  }

  *each(x, y, width, height) {
    for (let row = Math.floor(y / 4); row <= Math.floor((y + height) / 4); row++) {
      for (let column = Math.floor(x / 4); column <= Math.floor((x + width) / 4); column++) {
        yield row < 0 || column < 0 || row >= this.rows || column >= this.columns ? -1 : row * this.columns + column;
      }
    }
  }

  free(...box) {
    for (const cell of this.each(...box)) if (cell < 0 || this.cells[cell]) return false;
    return true;
  }

  take(...box) {
    for (const cell of this.each(...box)) if (cell >= 0) this.cells[cell] = 1;
  }
}

// The 3D page of an injection map. The page is whole without this script (a drawing and a table of every point);
// the script adds the turning picture and links it with the table. See build.sh for how it is bundled.

import { readPage } from './data.js';
import { Picture } from './picture.js';
import { Panel } from './panel.js';

const page = readPage();
let picture = null;
try {
  picture = new Picture(document.getElementById('view'), page);
} catch (error) {
  // No WebGL: the drawing stays, and the table still walks.
  if (!(error instanceof Error)) throw error;
}
const panel = new Panel(page, picture);
document.documentElement.classList.add('live', picture ? 'gl' : 'no-gl');
picture?.start(panel);

// For tests and for pages that embed this one: where a point is drawn (CSS pixels of the window), and what is selected.
window.injectionMap = {
  at: (number) => picture?.at(number) ?? null,
  select: (number) => panel.select(number),
  get selected() { return panel.selected; },
  get settled() { return picture ? picture.settled : true; },
};

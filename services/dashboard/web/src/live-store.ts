/** The one model of the live page, kept up to date from the start, and drawn at most once per frame. */
import { signal } from '@preact/signals';
import { onFeed } from './feed.ts';
import { LiveModel } from './live-model.ts';

export const model = new LiveModel();

/** Counts the drawings; a component that reads it is drawn anew with each. */
export const frame = signal(0);

/** While cards rest in their lanes nothing has to be drawn. */
const restTickMs = 60;
/** Rates fade also when nothing comes. */
const idleTickMs = 1_000;

/** Heights in CSS pixels: one row, and all else that stands above the rows. */
const rowHeight = 62;
const aboveRows = 320;
const fewRows = 6;
const manyRows = 16;
const narrowRows = 7;

function makeRoom(): void {
  const fitting = Math.floor((innerHeight - aboveRows) / rowHeight);
  model.maxRows = innerWidth < 720 ? narrowRows : Math.min(manyRows, Math.max(fewRows, fitting));
  model.rows = model.rows.slice(0, model.maxRows);
}
makeRoom();
addEventListener('resize', makeRoom);

let scheduled = false;
export function draw(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    const pending = model.advance(performance.now());
    frame.value += 1;
    if (pending) setTimeout(draw, restTickMs);
  });
}

onFeed({
  onSteps(steps, past) {
    model.apply(steps, performance.now(), past);
    draw();
  },
});
setInterval(draw, idleTickMs);

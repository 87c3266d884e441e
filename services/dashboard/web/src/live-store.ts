/** The one model of the live page, updated from the start of the page, and rendered at most once per frame. */
import { signal } from '@preact/signals';
import { onFeed } from './feed.ts';
import { LiveModel } from './live-model.ts';

export const model = new LiveModel();

/** Counts the renderings; a component that reads it renders again with each. */
export const frame = signal(0);

/** Between the moves of the cards there is nothing to render. */
const moveTickMs = 60;
/** Rates decrease when no step arrives. */
const idleTickMs = 1_000;

/** Heights in CSS pixels: of one row, and of everything above the rows. */
const rowHeight = 62;
const aboveRows = 320;
const minRows = 6;
const maxRows = 16;
const narrowRows = 7;

function fitRows(): void {
  const fitting = Math.floor((innerHeight - aboveRows) / rowHeight);
  model.maxRows = innerWidth < 720 ? narrowRows : Math.min(maxRows, Math.max(minRows, fitting));
  model.rows = model.rows.slice(0, model.maxRows);
}
fitRows();
addEventListener('resize', fitRows);

let scheduled = false;
export function render(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    const pending = model.advance(performance.now());
    frame.value += 1;
    if (pending) setTimeout(render, moveTickMs);
  });
}

onFeed({
  onSteps(steps, past) {
    model.apply(steps, performance.now(), past);
    render();
  },
});
setInterval(render, idleTickMs);

import type { JSX } from 'preact';
import { formatCount, formatRate } from './format.ts';
import { lanes } from './labels.ts';
import type { RateMeter } from './rates.ts';

const countTexts = ['waiting for payment', 'waiting for stock', 'waiting for a parcel', 'shipped'] as const;

export function LaneHead(props: { index: number; count: number; rate: RateMeter; nowMs: number }): JSX.Element {
  const { index, count, rate, nowMs } = props;
  return (
    <div class={`lane-head lane-${lanes[index]}`}>
      <h2>{lanes[index]}</h2>
      <p class="lane-count num">
        <b>{formatCount(count)}</b> <span class="quiet">{countTexts[index]}</span>
      </p>
      <Sparkline counts={rate.history(nowMs)} />
      <p class="rate num">{formatRate(rate.perSecond(3, nowMs))}/s</p>
    </div>
  );
}

const width = 100;
const height = 28;

/** One point per second; the scale starts at zero and has a minimum height, so that a low rate looks low. */
function Sparkline({ counts }: { counts: readonly number[] }): JSX.Element {
  const top = Math.max(4, ...counts);
  const step = width / (counts.length - 1);
  const points = counts.map((count, i) => `${(i * step).toFixed(1)},${(height - (count / top) * height).toFixed(1)}`);
  return (
    <svg class="spark" viewBox={`0 -2 ${width} ${height + 3}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d={`M0,${height} L${points.join(' L')} L${width},${height} Z`} />
      <path class="line" d={`M${points.join(' L')}`} />
    </svg>
  );
}

const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const whole = new Intl.NumberFormat('en-US');
const clock = new Intl.DateTimeFormat(undefined, {
  hour: 'numeric',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const formatMoney = (amount: number): string => money.format(amount);
export const formatMinor = (minor: number): string => money.format(minor / 100);
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
export const formatCompact = (count: number): string => (count < 100_000 ? whole : compact).format(count);
export const formatCount = (count: number): string => whole.format(count);
export const formatClock = (time: number | string): string => clock.format(new Date(time));
export const formatMoment = (time: number | string): string => moment.format(new Date(time));

/** In one unit, such as 8 ms, 340 ms, 1.2 s, 45 s or 3 min. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

export const formatRate = (perSecond: number): string =>
  perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1);

/** The end of the id: its start is a timestamp, which orders of the same moment share. */
export const shortId = (orderId: string): string => orderId.slice(-6);

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

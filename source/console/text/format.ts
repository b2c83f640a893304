/** `7s`, `4m12`, `3h04`, `2d05h`: at most five cells, for ages and uptimes. Negative ages (a clock set back) are `0s`. */
export const formatAge = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}`;
  const days = Math.floor(hours / 24);
  return days < 100 ? `${days}d${two(hours % 24)}h` : `${days}d`;
};

/** `7s`, `4m`, `3h`, `2d`: where an exact age has no room. */
export const roundAge = (ms: number): string => formatAge(ms).replace(/(\d+[mhd])\d+h?$/, '$1');

const two = (value: number) => String(value).padStart(2, '0');

/** Age of an RFC 3339 time, ms; undefined when there is none or it cannot be read. */
export const ageOf = (time: string | null | undefined, now: number): number | undefined => {
  const at = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, now - at);
};

export const formatAgeOf = (time: string | null | undefined, now: number): string => {
  const age = ageOf(time, now);
  return age === undefined ? '-' : formatAge(age);
};

/** `14:02:31` in UTC. */
export const formatClock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

/** `2026-01-31 12:00:00 UTC` */
export const formatTime = (time: string | null | undefined): string => {
  const at = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? '-' : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

/** `912,344` */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** `41k`, `1.2M`: for columns. */
export const formatShort = (count: number): string => {
  if (count < 1000) return String(Math.round(count));
  if (count < 1_000_000) return `${trim(count / 1000)}k`;
  return `${trim(count / 1_000_000)}M`;
};

const trim = (value: number) => (value < 10 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.floor(value)));

export const formatBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${trim(bytes / 1000)} kB` : `${trim(bytes / 1_000_000)} MB`;
};

/** `3 payouts`, `1 payout` */
export const plural = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

const LEVELS = '▁▂▃▄▅▆▇█';

/** The newest `width` values, scaled to their maximum; quiet values stay low (at least 50 is full scale). */
export const sparkline = (values: readonly number[], width: number): string => {
  const shown = values.slice(-width);
  const top = Math.max(50, ...shown);
  return shown
    .map(value => LEVELS[Math.min(LEVELS.length - 1, Math.floor((Math.max(0, value) / top) * LEVELS.length))] ?? '▁')
    .join('')
    .padStart(width);
};

/** Share of `total` as a bar of `width` cells. */
export const bar = (value: number, total: number, width: number): {full: string; rest: string} => {
  const share = total <= 0 ? 1 : Math.min(1, Math.max(0, value / total));
  const cells = Math.floor(share * width);
  return {full: '█'.repeat(cells), rest: '░'.repeat(width - cells)};
};

/** Whole coins without trailing zeros for sums in titles: `0.813`, `12`. Rows show amounts as the engine wrote them. */
export const shortAmount = (amount: string): string =>
  amount.includes('.') ? amount.replace(/0+$/, '').replace(/\.$/, '') : amount;

/** `12.5 sat/vB`, in the coin's own smallest unit; bitcoin's while the coin is not known. */
export const formatFeerate = (rate: number, coin: {readonly smallest_unit: string} | undefined): string =>
  `${rate} ${coin?.smallest_unit ?? 'sat'}/vB`;

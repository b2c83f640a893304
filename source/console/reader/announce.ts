import type {Status} from '../../contract/index.ts';
import {subjectOf} from '../panes/events.ts';
import {jobOutcome, jobTitle} from '../panes/jobs.ts';
import {jobRows} from '../rows.ts';
import type {ScreenState} from '../state.ts';
import {formatClock, plural} from '../text/format.ts';
import {drawable} from '../text/width.ts';

/** New events read out at once; of more there is the number. */
const MOST_EVENTS = 5;
/** Steps of a job that are worth a line, in percent. */
const JOB_STEP = 10;

const linkWords = ({link, status, attachment}: ScreenState): string => {
  if (link.state === 'live') return `engine ${status?.engine.state ?? 'there'}, ${attachment}`;
  if (link.state === 'ended') return `the engine ended with ${link.exitCode}: ${link.words.at(-1) ?? ''}`;
  return link.state === 'lost' ? `no engine, values are old: ${link.words}` : link.words;
};

const backendWords = (before: Status | undefined, now: Status): string[] =>
  now.coins.flatMap(({coin, unit, backend}) => {
    const known = before?.coins.find(other => other.coin === coin)?.backend.state;
    if (known === backend.state || (known === undefined && backend.state === 'ok')) return [];
    return [`${unit} node ${backend.state.replace('_', ' ')}${backend.reason === null ? '' : `: ${backend.reason}`}`];
  });

const alertWords = (before: Status | undefined, now: Status): string[] => {
  const known = new Map((before?.alerts ?? []).map(alert => [alert.id, alert]));
  const added = now.alerts.filter(alert => !known.has(alert.id)).map(alert => `needs you: ${alert.text}`);
  for (const alert of now.alerts) known.delete(alert.id);
  return [...added, ...[...known.values()].map(alert => `over: ${alert.text}`)];
};

const eventWords = (before: Status | undefined, now: Status): string[] => {
  if (!before) return [];
  const known = new Set(before.events.map(event => event.id));
  const added = now.events.filter(event => !known.has(event.id)).reverse();
  const shown = added
    .slice(-MOST_EVENTS)
    .map(event => `${formatClock(Date.parse(event.created_at) || 0)} ${event.type} ${subjectOf(event, false)}`);
  return added.length > MOST_EVENTS ? [plural(added.length - MOST_EVENTS, 'earlier event'), ...shown] : shown;
};

const percentOf = ({from_height: from, to_height: to, at_height: at}: ReturnType<typeof jobRows>[number]['job']) =>
  Math.max(0, Math.floor(((at - from + 1) / Math.max(1, to - from + 1)) * 100));

const jobWords = (before: Status | undefined, now: Status): string[] =>
  jobRows(now).flatMap(row => {
    const known = jobRows(before).find(({id}) => id === row.id)?.job;
    const step = Math.floor(percentOf(row.job) / JOB_STEP);
    const isNews = known?.status !== row.job.status || Math.floor(percentOf(known) / JOB_STEP) !== step;
    if (!before || !isNews) return [];
    return [`${jobTitle(row)} ${row.job.status} ${step * JOB_STEP}% ${jobOutcome(row.job)}`];
  });

/** What a screen would have shown to have changed between two states, one line each. Pure. */
export const announcements = (before: ScreenState, now: ScreenState): string[] => {
  const lines: string[] = [];
  const hasEngineChanged = before.status?.engine.state !== now.status?.engine.state;
  if (before.link.state !== now.link.state || (now.link.state === 'live' && hasEngineChanged))
    lines.push(linkWords(now));
  if (now.status && now.status !== before.status)
    for (const words of [backendWords, alertWords, jobWords, eventWords])
      lines.push(...words(before.status, now.status));
  if (Boolean(before.frozen) !== Boolean(now.frozen)) lines.push(now.frozen ? 'frozen' : 'going on');
  if (now.toast && now.toast !== before.toast) lines.push(now.toast.text);
  return lines.map(line => drawable(line));
};

// Whether no cluster may be begun now. Pure: the time comes in.

import type { ClosedHours } from '../model.ts';

/** The hours that are closed, in words; undefined: none is. */
export function isClosed(hours: readonly ClosedHours[], now: Date): string | undefined {
  const found = hours.find((one) => covers(one, now));
  return found && `${found.from} to ${found.to} ${found.zone}`;
}

function covers({ days, from, to, zone }: ClosedHours, now: Date): boolean {
  const { day, time, before } = localOf(now, zone);
  const isOf = (one: string): boolean => days.length === 0 || days.includes(one);
  if (from <= to) return isOf(day) && time >= from && time < to;
  // Over midnight: what began yesterday lasts until this morning.
  return (isOf(day) && time >= from) || (isOf(before) && time < to);
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function localOf(now: Date, zone: string): { day: string; time: string; before: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const day = (parts.get('weekday') ?? '').toLowerCase();
  const before = DAYS[(DAYS.indexOf(day) + 6) % 7] ?? '';
  return { day, before, time: `${parts.get('hour')}:${parts.get('minute')}` };
}

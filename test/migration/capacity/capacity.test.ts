// Room and the degrade ladder: golden cases, each for one rule of the sheet. Adding one is adding a file
// to test/cases/capacity/.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { V1LimitRange, V1Node, V1Pod, V1ResourceQuota } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chooseRung } from '../../../src/migration/capacity/ladder.ts';
import { needOf, type Need } from '../../../src/migration/capacity/need.ts';
import type { Amounts } from '../../../src/quantity.ts';
import { fitOf, roomOf, type DestinationView } from '../../../src/migration/capacity/room.ts';

type Words = Readonly<Record<string, unknown>>;

/** A pod in short: `{cpu: 1}`, or its whole spec. */
interface Pod extends Words {
  readonly spec?: V1Pod['spec'];
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly node?: string;
  readonly phase?: string;
}

interface Case {
  readonly rule: string;
  readonly nodes?: readonly (Words & { readonly name: string })[];
  readonly pods?: readonly Pod[];
  readonly quotas?: readonly V1ResourceQuota[];
  readonly limitRanges?: readonly V1LimitRange[];
  readonly unread?: readonly string[];
  readonly headroomPercent?: number;
  readonly overheads?: Readonly<Record<string, Amounts>>;
  readonly bookings?: readonly (Pod & { readonly pods: number })[];
  readonly pod?: Pod;
  readonly apps?: readonly (Pod & { readonly app: string; readonly replicas: number })[];
  readonly degrade?: boolean;
  readonly expected: unknown;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'cases', 'capacity');

const cases = readdirSync(FOLDER)
  .sort()
  .map((file) => [file, parse(readFileSync(join(FOLDER, file), 'utf8')) as Case] as const);

test.each(cases)('%s', (_, one) => {
  expect(answer(one)).toEqual(one.expected);
});

function answer(one: Case): unknown {
  if (one.apps) return rungOf(one);
  if (!one.nodes && !one.unread) return neededBy(need(one.pod ?? {}, one));
  const { pods, why, unchecked } = fitOf(room(one), need(one.pod ?? {}, one));
  return { pods, why, ...(unchecked.length > 0 && { unchecked }) };
}

function neededBy({ requests, limits, missing }: Need): unknown {
  return { requests, limits, ...(missing.length > 0 && { missing }) };
}

function rungOf(one: Case): unknown {
  const apps = (one.apps ?? []).map((app) => ({
    core: false,
    importance: 0,
    floor: 1,
    ...app,
    need: need(app, one),
  }));
  const { ok, rung, words, apps: places } = chooseRung(room(one), apps, one.degrade ?? true);
  const shown = places.map(({ app, before, after, deferred, placed, why }) => {
    const counts = `${before} -> ${deferred ? 'deferred' : after}`;
    return `${app} ${counts}${placed < after ? `, ${placed} placed: ${why}` : ''}`;
  });
  return { ok, rung, words, apps: shown };
}

const room = (one: Case) =>
  roomOf(
    view(one),
    (one.bookings ?? []).map((booking) => ({
      pods: booking.pods,
      need: need(booking, one),
    })),
  );

function view(one: Case): DestinationView {
  const whole = {
    nodes: (one.nodes ?? []).map(node),
    pods: (one.pods ?? []).map(pod),
    quotas: one.quotas ?? [],
    limitRanges: one.limitRanges ?? [],
  };
  const read = Object.entries(whole).filter(([key]) => !one.unread?.includes(key));
  return { ...Object.fromEntries(read), headroomPercent: one.headroomPercent ?? 0 };
}

function node({
  name,
  labels,
  taints,
  unschedulable,
  ...amounts
}: Words & { name: string }): V1Node {
  const allocatable = { pods: '110', ...texts(amounts) };
  return {
    metadata: { name, ...(labels ? { labels } : {}) },
    spec: { ...(taints ? { taints } : {}), ...(unschedulable ? { unschedulable } : {}) },
    status: { allocatable },
  } as unknown as V1Node;
}

function pod(one: Pod): V1Pod {
  const { node: nodeName, phase = 'Running', namespace = 'prod', labels = {} } = one;
  return {
    metadata: { namespace, labels },
    spec: Object.assign({}, spec(one), nodeName === undefined ? {} : { nodeName }),
    status: { phase },
  };
}

function need(one: Pod, { limitRanges = [], overheads = {} }: Case): Need {
  const { namespace = 'prod', labels = {} } = one;
  return needOf({ namespace, labels, spec: spec(one) }, { limitRanges, overheads });
}

function spec({ spec: whole, cpu, memory }: Pod): NonNullable<V1Pod['spec']> {
  if (whole) return whole;
  const requests = texts({
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  });
  return { containers: [{ name: 'app', resources: { requests } }] };
}

const texts = (amounts: Words): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));

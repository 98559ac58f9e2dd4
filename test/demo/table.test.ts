// The live table: what a row says, and that it fits where it is looked at.

import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { openScreen } from '../../deploy/demo/screen.ts';
import type { ShownApp, ShownEdge } from '../../deploy/demo/shown.ts';
import { drawTable } from '../../deploy/demo/table.ts';

const node = { weight: 66, share: 0.44, measuredShare: 0.4375 };
const sum = '20 pods * 10 / 3 ingress nodes = 66.67, so 66';
const APPS: readonly ShownApp[] = [
  {
    name: 'search',
    clusters: [
      { name: 'east', state: 'fresh', pods: 20, ingressNodes: [1, 2, 3], weight: 66, formula: sum },
      { name: 'west', state: 'unseen', pods: 0, ingressNodes: [], weight: 0, formula: 'nothing' },
    ],
    vms: ['127.0.0.1:80'],
    servers: [
      { from: 'east', ...node },
      { from: 'east', ...node },
      { from: 'vm', weight: 10, share: 0.12, measuredShare: 0.125, formula: '1 VM * 10 = 10' },
    ],
  },
];
const EDGES: readonly ShownEdge[] = [
  { name: 'edge-1', workers: [{ mark: { version: 107 } }, { mark: { version: 106 } }] },
  { name: 'edge-2', workers: [{ mark: { version: 107 } }, { mark: null }] },
];

test('a row for each cluster and the VMs: counts, weight, shares, version of each worker, sum', () => {
  expect(drawTable(APPS, EDGES)).toEqual([
    'app    cluster     pods nodes weight expected measured  edge-1 edge-2 sum',
    `search east          20     3     66   88.0 %   87.5 % 107,106  107,- ${sum}`,
    'search west unseen    0     0      0    0.0 %    0.0 % 107,106  107,- nothing',
    'search vm             -     -     10   12.0 %   12.5 % 107,106  107,- 1 VM * 10 = 10',
  ]);
});

test('at 80 columns the figures of the sum stand for it', () => {
  expect(drawTable(APPS, EDGES, 80)).toEqual([
    'app    cluster     pods nodes weight expected measured  edge-1 edge-2 sum',
    'search east          20     3     66   88.0 %   87.5 % 107,106  107,- 20*10/3',
    'search west unseen    0     0      0    0.0 %    0.0 % 107,106  107,- -',
    'search vm             -     -     10   12.0 %   12.5 % 107,106  107,- 1*10',
  ]);
});

test('no measured share before the edges have counted', () => {
  const servers =
    APPS[0]?.servers.map(({ from, weight, share }) => ({ from, weight, share })) ?? [];
  const [, east] = drawTable([{ ...APPS[0], servers } as ShownApp], EDGES);
  expect(east).toContain('88.0 %        - 107,106');
});

/** Rows of the last frame that a terminal of this size was given. */
function frameAt(columns: number, rows: number): string[] {
  let frame = '';
  const write = (text: string): void => {
    frame = text;
  };
  const screen = openScreen({ isTTY: true, columns, rows, write }, 'API: http://127.0.0.1:8080');
  screen.show({ apps: Array.from({ length: 10 }, () => APPS).flat(), edges: EDGES });
  for (const event of ['first', 'second', 'third', 'fourth', 'last']) screen.say(event);
  return stripVTControlCharacters(frame).split('\n');
}

test.each([
  [80, 24],
  [120, 50],
  [40, 10],
])('a terminal of %i columns and %i rows neither wraps nor scrolls', (columns, rows) => {
  const frame = frameAt(columns, rows);
  expect(Math.max(...frame.map((line) => line.length))).toBeLessThanOrEqual(columns);
  expect(frame.length).toBeLessThanOrEqual(rows);
  expect(frame).toContain('last');
});

test('what does not fit in height is counted', () => {
  expect(frameAt(80, 24)).toContain('… 17 rows more: in a taller terminal');
});

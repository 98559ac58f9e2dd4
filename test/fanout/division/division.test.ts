// Division: golden cases, each for one rule. Adding one is adding a file to test/cases/division/.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Division } from '../../../src/fanout/division/division.ts';
import { divideByPreferences, type Preference } from '../../../src/fanout/division/federation.ts';
import { divideByPlacement, type KarmadaAsk } from '../../../src/fanout/division/karmada.ts';

type Numbers = Readonly<Record<string, number>>;

interface Federation {
  readonly key?: string;
  readonly total: number;
  readonly rebalance?: boolean;
  readonly clusters: readonly string[];
  readonly preferences?: Readonly<Record<string, { weight?: number; min?: number; max?: number }>>;
  readonly now?: Numbers;
  readonly capacity?: Numbers;
}

type Karmada = Partial<Omit<KarmadaAsk, 'earlier'>> &
  Pick<KarmadaAsk, 'replicas' | 'mode' | 'candidates'> & { readonly earlier?: Numbers };

interface Case {
  readonly rule: string;
  readonly federation?: Federation;
  readonly karmada?: Karmada;
  readonly expected: unknown;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'cases', 'division');

const cases = readdirSync(FOLDER)
  .sort()
  .map((file) => [file, JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Case] as const);

test.each(cases)('%s', (_, one) => {
  expect(shown(divide(one))).toEqual(one.expected);
});

function divide({ federation, karmada }: Case): Division {
  if (federation) return divideFederation(federation);
  if (!karmada) throw new Error('a case names federation or karmada');
  const earlier = new Map(Object.entries(karmada.earlier ?? {}));
  const usual = { by: 'webster', samePlacement: false, fresh: false } as const;
  return divideByPlacement({ ...usual, ...karmada, earlier });
}

function divideFederation(ask: Federation): Division {
  const preferences = new Map<string, Preference>();
  for (const [cluster, preference] of Object.entries(ask.preferences ?? {}))
    preferences.set(cluster, { weight: 0, min: 0, ...preference });
  return divideByPreferences({
    key: ask.key ?? '',
    total: ask.total,
    rebalance: ask.rebalance ?? false,
    clusters: ask.clusters,
    ...(ask.preferences ? { preferences } : {}),
    now: new Map(Object.entries(ask.now ?? {})),
    capacity: new Map(Object.entries(ask.capacity ?? {})),
  });
}

/** As a case states it: what is 0 or the rule is left out. */
function shown(division: Division): unknown {
  if (!division.ok) return { code: division.code, text: division.text };
  const { portions, unplaced, overflow } = division;
  const clusters = portions.map(({ cluster, replicas, reasons, object, overflow: over }) => [
    cluster,
    {
      replicas,
      ...(over > 0 ? { overflow: over } : {}),
      ...(object === replicas > 0 ? {} : { object }),
      reasons,
    },
  ]);
  return {
    clusters: Object.fromEntries(clusters),
    ...(unplaced > 0 ? { unplaced } : {}),
    ...(overflow > 0 ? { overflow } : {}),
  };
}

// Bugs that the simulation has to find: the rules of the protocol (R1 to R11) switched off one by one,
// and other mistakes; R12 and others of jobs in planted-jobs.ts and planted-moves.ts. Each is text of a file that becomes other text.
//
// R7 off alone shows nothing: a leader does one thing after the other. So with it goes that order:
// words come between a round and its commit.

import { bug, change, type PlantedBug } from './plant.ts';
import { OF_JOBS } from './planted-jobs.ts';
import { OF_MOVES } from './planted-moves.ts';

const MEMORY = 'src/edges/memory.ts';
const EDGE = 'test/simulate/edge.ts';
const SYNC = 'test/simulate/edge-memory.ts';
const POLL = 'test/simulate/edge-poll.ts';

export const RULES_OFF: readonly PlantedBug[] = [
  bug(
    'R1: the script does not look whether Redis is the one of the lease',
    change(
      MEMORY,
      'runId === here().runId && replId === here().replId',
      "`${runId}${replId}` !== ''",
    ),
  ),
  bug(
    'R1: it looks at the run_id alone',
    change(MEMORY, 'runId === here().runId && replId === here().replId', 'runId === here().runId'),
  ),
  bug(
    'R2: no random part in a term',
    change(
      'src/edges/counter.ts',
      'counter * NONCES + Math.floor(random() * NONCES)',
      'counter * NONCES',
    ),
  ),
  bug(
    'R2: a higher term that is met ends nothing',
    change('src/edges/leadership.ts', 'if (state.highest > lease.term &&', 'if (false &&'),
    change('src/controller.ts', 'if (!isPlausible(highest, counter)) return;', 'return;'),
    change('src/edges/gather.ts', 'if (highest > term) return highest;\n', 'return undefined;\n'),
    change(
      'src/edges/gather.ts',
      'if (isTermOver(answer)) return answer;',
      'if (isTermOver(answer)) return undefined;',
    ),
    change(
      'src/edges/term.ts',
      'const next = Math.max(known, ...met) + 1;',
      'const next = known + 1 + met.length * 0;',
    ),
  ),
  bug(
    'R3: no gathering',
    change(
      'src/edges/term.ts',
      'await gather(options, lease, signal)',
      '{ above: [] as Document[] }',
    ),
  ),
  bug(
    'R3: an edge that is asked does not raise its highest term',
    change(
      EDGE,
      'if (!this.memory.seeTerm(term)) return { highest: this.memory.highest };\n          const lines',
      'const lines',
    ),
    change(
      POLL,
      'if (seen.term === 0 || !memory.seeTerm(seen.term))',
      'if (seen.term === 0 || seen.term < memory.highest)',
    ),
  ),
  bug(
    'R4: pushes that wait become one, whatever was committed between them',
    change(
      'src/edges/courier.ts',
      'const base = isNext ? first.base : second.base;',
      'const base = isNext || first.base ? first.base : second.base;',
    ),
  ),
  bug(
    'R4: a seeding is no commit',
    change(
      MEMORY,
      'return write(above, Math.max(0, ...seeds.map(({ stamp }) => stamp.version)));',
      `const documents = new Map(data.documents);
    for (const one of above) documents.set(one.app, one);
    const { version } = data;
    data = { ...data, documents, version: Math.max(version, ...seeds.map(({ stamp }) => stamp.version)) };
    return { version: data.version, previous: version, digests: above.map(({ digest }) => digest) };`,
    ),
  ),
  bug(
    "R5: what changed is told by the documents' own stamps",
    change(
      POLL,
      '({ record, version: at, changes }) => {',
      '({ record, version: at, changes, documents }) => {',
    ),
    change(
      POLL,
      'news.map(({ app }) => app)',
      'news.map(({ app }) => app).filter((app) => (documents.get(app)?.stamp.version ?? 0) > (mark?.version ?? 0))',
    ),
  ),
  bug(
    'R6: a refusal is not on record',
    change(SYNC, 'this.refused.set(app, { app, stamp, code });', '// none'),
  ),
  bug(
    'R6: a refusal is cleared by an older document',
    change(
      SYNC,
      'if (!refused || compareStamps(stamp, refused.stamp) < 0) return;',
      'if (!refused) return;',
    ),
  ),
  bug(
    'R6: a refusal is not saved',
    change(
      SYNC,
      'refused: [...this.refused.values()] };\n  }\n\n  report',
      'refused: [] };\n  }\n\n  report',
    ),
  ),
  bug(
    'R7: a round from other holds than those on record is written',
    change(
      'src/controller.ts',
      '    const changes = result.pass;\n',
      '    const changes = result.pass;\n    for (let left = 30; left > 0; left--) {\n      await clock.sleep(50);\n      while (words.isWaiting()) await words.take(lead);\n    }\n',
    ),
    change(
      MEMORY,
      "return held === textOf(computedFrom) ? undefined : no('holds-moved', held);",
      'return held === textOf(computedFrom) ? undefined : undefined;',
    ),
  ),
  bug(
    'R8: marks answer across terms',
    change(
      'src/api/acknowledged.ts',
      'mark.term === wanted.term && mark.version >= wanted.version',
      'mark.version >= wanted.version',
    ),
  ),
  bug(
    'R8: a wait looks at what is applied, not at what is saved',
    change(
      'src/api/acknowledged.ts',
      "has(saved, stamp) ? undefined : 'it has not saved it yet'",
      'undefined',
    ),
  ),
  bug(
    'R9: no comparison at a higher term',
    change(
      POLL,
      'if (cannotFollow || !mark || term > mark.term) return true;',
      'if (cannotFollow || !mark) return true;',
    ),
    change(
      POLL,
      'return term > memory.compared || at < mark.version;',
      'return at < mark.version;',
    ),
  ),
  bug(
    'R9: what lies above is not reported',
    change(
      POLL,
      'return above.map(({ app }) => app);',
      'return above.slice(0, 0).map(({ app }) => app);',
    ),
  ),
  bug(
    'R10: saved is the mark of the newer generation',
    change(SYNC, '(below(one, other) ? one : other)', '(below(one, other) ? other : one)'),
  ),
  bug(
    'R11: a tombstone is dropped',
    change(
      MEMORY,
      'for (const put of puts) documents.set(put.app, put);',
      'for (const put of puts) put.body === undefined ? documents.delete(put.app) : documents.set(put.app, put);',
    ),
  ),
];

export const OTHERS: readonly PlantedBug[] = [
  bug(
    'a stale cluster is read as zero',
    change(
      'src/inventory/inventory.ts',
      "if (state === 'stale') return staleCount(view, common, before);",
      "if (state === 'stale') return { ...common, ...nothing, kept: false };",
    ),
  ),
  bug(
    'a cluster that is not seen yet is read as zero',
    change(
      'src/inventory/inventory.ts',
      'reason: stateReason(view.status), kept: true };',
      'kept: false };',
    ),
  ),
  bug(
    'a short list is believed',
    change(
      'src/inventory/second-look.ts',
      'fell(had, now) ? doubtOf(',
      'fell(had, now) && false ? doubtOf(',
    ),
  ),
  bug(
    'the guard lets an app lose its last server',
    change(
      'src/plan/guard.ts',
      'if (had.servers > 0 && left.servers === 0) {',
      'if (had.servers < 0 && left.servers === 0) {',
    ),
  ),
  bug(
    'an edge takes other bytes at an equal stamp',
    change(
      SYNC,
      "if (held.digest !== digest) return this.#refuse(document, 'conflict');",
      'if (held.digest !== digest) this.#store(document);',
    ),
  ),
  bug(
    'an edge takes an older document',
    change(SYNC, "if (order < 0) return { app, code: 'older' };", ''),
  ),
  bug(
    'an edge takes what a leader of an earlier term sends',
    change(SYNC, 'if (term < this.highest) return false;', ''),
  ),
  bug(
    'a push moves the mark, whatever it builds on',
    change(
      SYNC,
      'if (below(this.mark, base) || !below(this.mark, mark)) return;',
      'if (!below(this.mark, mark)) return;',
    ),
  ),
  bug(
    'an edge forgets the holds when it starts',
    change(
      SYNC,
      'for (const document of content.documents.values()) this.#store(document);',
      "for (const document of content.documents.values()) if (!document.app.startsWith('_')) this.#store(document);",
    ),
  ),
  bug(
    'rounds forget the holds',
    change(
      'src/rounds.ts',
      'supposed?.holds ?? published()?.held.holds ?? []',
      'supposed?.holds ?? []',
    ),
  ),
  bug(
    'a freeze keeps a weight, not the sum',
    change(
      'src/weights/hold-changes.ts',
      'const sum = group.reduce((all, { weight }) => all + weight, 0);',
      'const sum = group.reduce((_, { weight }) => weight, 0);',
    ),
  ),
  bug(
    'a round writes over what an endpoint has written',
    change(
      MEMORY,
      "if (there && before.owner === 'endpoint' && owner === 'controller') {",
      'if (false) {',
    ),
  ),
  bug(
    "an endpoint writes over what is the controller's",
    change(
      MEMORY,
      "const owned = before && !isDeleted(before) && before.owner === 'controller';",
      'const owned = false;',
    ),
  ),
  bug(
    'pushes that wait are joined without the documents of the first',
    change('src/edges/courier.ts', '[...first.documents, ...second.documents]', 'second.documents'),
  ),
  bug(
    'a change of a cluster marks nothing',
    change('src/controller.ts', 'clusters.onDirty(mark);', 'clusters.onDirty(() => undefined);'),
  ),
  bug(
    'a snapshot has a newer mark than documents',
    change(
      EDGE,
      'const head = memory.head();\n      // A disk may be slow.\n      await process.clock.sleep(3 + this.#parts.random() ** 4 * SLOW_DISK_MS);',
      'const documents = new Map(memory.documents);\n      await process.clock.sleep(3 + this.#parts.random() ** 4 * SLOW_DISK_MS);\n      const head = memory.head();',
    ),
    change(
      EDGE,
      '{ ...head, sequence, documents: new Map(memory.documents) }',
      '{ ...head, sequence, documents }',
    ),
  ),
  bug(
    'whoever asks takes the lease',
    change(
      MEMORY,
      'record.holder !== holder && record.expiry > now()',
      'record.holder !== holder && record.expiry < 0',
    ),
  ),
  bug(
    'weights of 0 are picked',
    change(
      SYNC,
      'upstream.servers.filter(({ weight }) => weight > 0)',
      'upstream.servers.filter(({ weight }) => weight >= 0)',
    ),
  ),
];

export const PLANTED: readonly PlantedBug[] = [...RULES_OFF, ...OTHERS, ...OF_JOBS, ...OF_MOVES];

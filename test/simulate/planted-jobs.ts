// Bugs of jobs that the simulation has to find: rule R12 switched off part by part, and other mistakes.

import { bug, change, type PlantedBug } from './plant.ts';

const TRUST = 'src/jobs/trust.ts';
const TRAFFIC = 'src/fanout/run/traffic.ts';
const WORK = 'src/jobs/work.ts';

export const OF_JOBS: readonly PlantedBug[] = [
  bug(
    'R12: a person lifts what a job holds',
    change('src/words/of-holds.ts', 'if (job !== undefined) throw', 'if (false) throw'),
  ),
  bug(
    'R12: a journal is gone on with in any Redis',
    change(
      TRUST,
      "if (isHere(found, redis)) return { kind: 'trusted' };",
      "if (redis.runId !== '') return { kind: 'trusted' };",
    ),
  ),
  bug(
    'R12: a journal is known by the run_id of its Redis alone',
    change(
      TRUST,
      'return home.runId === runId && home.replId === replId;',
      "return home.runId === runId && replId !== '';",
    ),
  ),
  bug(
    'R12: who remembers nothing goes on',
    change(TRUST, 'if (one && isNext(one, redis))', 'if (!known || (one && isNext(one, redis)))'),
  ),
  bug(
    'R12: a journal is believed before its Redis is known',
    change(
      'src/jobs/recover.ts',
      'await checkLease(parts.journal, lease);',
      'if (lease.term < 0) await checkLease(parts.journal, lease);',
    ),
  ),
  bug(
    'R12: deleted before anybody has confirmed the list of edges',
    change(
      'src/fanout/run/run.ts',
      "entry.action === 'delete' ? await doing.scene.unconfirmed() : undefined",
      'undefined as string | undefined',
    ),
  ),
  bug(
    'R12: a confirmation counts in any Redis',
    change(
      'src/jobs/confirmed.ts',
      'if (said?.home.runId === runId && said.home.replId === replId) return undefined;',
      "if (said && `${runId}${replId}` !== '') return undefined;",
    ),
  ),
  bug(
    'an app has two jobs',
    change(
      'src/jobs/memory-journal.ts',
      "if (what !== 'take') return undefined;",
      "if (what !== 'nothing') return undefined;",
    ),
  ),
  bug(
    'a paused job goes on writing',
    change(
      WORK,
      'if (!job || !nextOf(job).run.includes(record.id)) return undefined;',
      'if (!job) return undefined;',
    ),
    change(
      WORK,
      "if (paused) return { state: 'Paused'",
      "if (paused?.who === '') return { state: 'Paused'",
    ),
  ),
  bug(
    'a job drains the last serving cluster',
    change(
      'src/fanout/run/floor.ts',
      'return serving.length > 0 && serving',
      'return serving.length < 0 && serving',
    ),
    change(
      TRAFFIC,
      "kind: 'drain', who: job.begun.who, why };",
      "kind: 'drain', who: job.begun.who, why, allowEmpty: true };",
    ),
  ),
  bug(
    'pods are replaced before every edge has the hold',
    change(
      TRAFFIC,
      "if (missing !== undefined) return { kind: 'wait'",
      "if (missing === '') return { kind: 'wait'",
    ),
  ),
  bug(
    'what an earlier attempt wrote is taken for what was there before',
    change(
      'src/fanout/run/writes.ts',
      'const before = isDone(entry, live, fanout) ? earlier?.before : live ? kept(live) : null;',
      "const before = fanout !== '' && live ? kept(live) : earlier === undefined ? null : null;",
    ),
  ),
  bug(
    'a way back believes a journal that was doubted',
    change('src/fanout/run/back.ts', 'if (doubted === true) return true;', ''),
  ),
  bug(
    'what another has made is deleted, because it has the name',
    change(
      'src/fanout/live/apply-entry.ts',
      "uid !== '' && uidOf(object) === uid && now === entry.liveDigest",
      "uid !== '' && now === entry.liveDigest",
    ),
  ),
  bug(
    'a lost job is looked for only when a term begins',
    change(
      'src/jobs/jobs.ts',
      'await findLost(parts, book, [...parts.traces(), ...seen.splice(0)]);',
      'if (clock.now() < 0) await findLost(parts, book, []);',
    ),
  ),
  bug(
    'nobody wakes a job that waits',
    change(
      'src/jobs/drive.ts',
      'if (ms !== undefined && !again.has(id)) wakeLater(id, ms);',
      'if (ms === -1) wakeLater(id, ms);',
    ),
    change('src/jobs/jobs.ts', 'const LOOK_MS = 15_000;', 'const LOOK_MS = 15_000_000;'),
  ),
];

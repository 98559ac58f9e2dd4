// Bugs of migrations that the simulation has to find.

import { bug, change, type PlantedBug } from './plant.ts';

const PROOF = 'src/migration/run/proof.ts';
const HELD = 'src/migration/run/held.ts';
const RUN = 'src/migration/run/run.ts';
/** Whatever the edges say. */
const UNASKED = 'const missing = undefined as string | undefined;';

export const OF_MOVES: readonly PlantedBug[] = [
  bug(
    'R12: a source is deleted before anybody has confirmed the list of edges',
    change(
      PROOF,
      'const unknown = await doing.scene.unconfirmed();',
      'const unknown = undefined as string | undefined;',
    ),
  ),
  bug(
    'R12: a migration deletes though Redis was lost under it',
    change(PROOF, 'if (job.doubted) return', "if (job.doubted && job.id === '') return"),
  ),
  bug(
    'the way back of a migration forgets its holds',
    change(
      'src/migration/flow/holds.ts',
      'shifted(app, `${percent} %`) : asBefore(plan, app),',
      'shifted(app, `${percent} %`) : [],',
    ),
  ),
  bug(
    'what came is forgotten on the way back',
    change(
      'src/migration/run/back.ts',
      'return live ? unmade(back, live) : uncome(back);',
      "return live && back.made ? unmade(back, live) : done('nothing came of it');",
    ),
  ),
  bug(
    'a migration brings pods before every edge has its hold',
    change(HELD, 'const missing = traffic.unacknowledged(app.app);', UNASKED),
  ),
  bug(
    'a migration’s weights go on, and its source goes, before every edge has its holds',
    change(
      HELD,
      'function unacknowledged({ app }: Doing,',
      'function unacknowledged({ app, name }: Doing,',
    ),
    change(
      HELD,
      'const missing = traffic.unacknowledged(app.app);',
      'const missing = /^(apply|ready|late)/.test(name) ? traffic.unacknowledged(app.app) : undefined;',
    ),
  ),
  bug(
    'a migration leaves no mark',
    change(RUN, 'await marked(doing, parts, marks);', 'await Promise.resolve();'),
  ),
  bug(
    'a migration leaves no mark at its source',
    change(
      RUN,
      'delete: writing((doing) => remove(doing, parts, quiet)),',
      'delete: (doing) => remove(doing, parts, quiet),',
    ),
  ),
  bug(
    'a migration forgets to take its marks away at its source',
    change(RUN, "mode === 'offline' ? [to] : [from, to]", "mode === 'offline' ? [from] : [to]"),
  ),
];

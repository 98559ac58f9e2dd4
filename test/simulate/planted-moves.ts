// Bugs of migrations that the simulation has to find.

import { bug, change, type PlantedBug } from './plant.ts';

const PROOF = 'src/migration/run/proof.ts';

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
    'a source is deleted without a look at what the edges send there',
    change(PROOF, '    traffic(doing, parts, memory) ??\n', ''),
    change(
      'src/migration/run/quiet.ts',
      'if (fault !== undefined) return wait(fault);',
      "if (fault === '') return wait(fault);",
    ),
    change(
      'src/migration/run/quiet.ts',
      "if (still.kind === 'asked') return isOver ? failed(text) : wait(text);",
      "if (still.kind === 'asked') return done(text);",
    ),
  ),
  bug(
    'a migration goes on before every edge has its holds',
    change(
      'src/migration/run/held.ts',
      'return missing === undefined ? undefined : wait(missing);',
      "return missing === '' ? wait(missing) : undefined;",
    ),
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
    'room that others have booked is not looked at',
    change(
      'src/migration/capacity/bookings.ts',
      'await fits(without(ledger, entry.key));',
      'await fits(without([], entry.key));',
    ),
  ),
  bug(
    'a migration that has begun to delete goes back',
    change(
      'src/migration/flow/app-state.ts',
      'return wayHome(job, app);',
      'return wayBack(job, app);',
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
];

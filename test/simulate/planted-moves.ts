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
];

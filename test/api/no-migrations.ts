// For APIs of tests that are about something else.

import type { Migrations } from '../../src/migration/migrations.ts';

export const NO_MIGRATIONS: Migrations = {
  rehearse: () => Promise.reject(new Error('no migrations here')),
  hooks: () => [],
  rehearsed: () => undefined,
  draft: () => Promise.reject(new Error('no migrations here')),
  look: () => Promise.reject(new Error('no migrations here')),
  objects: () => Promise.reject(new Error('no migrations here')),
  additions: () => Promise.reject(new Error('no migrations here')),
  plan: () => Promise.reject(new Error('no migrations here')),
};

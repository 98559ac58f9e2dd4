// What a language has to have: what English has.

import type { enJobs } from './en-jobs.ts';
import type { enMigrations } from './en-migrations.ts';
import type { enStates } from './en-states.ts';
import type { en } from './en.ts';

/** As the English ones: texts, and texts that take something in. */
type Like<Part> = Part extends string
  ? string
  : Part extends (...taken: infer Taken) => string
    ? (...taken: Taken) => string
    : { readonly [Key in keyof Part]: Like<Part[Key]> };

export type Words = Like<typeof en>;
export type States = Like<typeof enStates>;
export type JobWords = Like<typeof enJobs>;
export type MigrationWords = Like<typeof enMigrations>;

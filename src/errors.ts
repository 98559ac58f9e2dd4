// What is thrown where a person can do something about it: a code of the table, and where.

import type { ERRORS } from './error-table.ts';

export { ERRORS, type ErrorEntry } from './error-table.ts';

export type ErrorCode = keyof typeof ERRORS;

/** An error that a person can act on: a code from the table, and a sentence that names the place. */
export class BallastError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'BallastError';
    this.code = code;
  }
}

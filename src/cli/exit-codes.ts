// What the program's exit codes mean, in all commands. README has the same table. Pure.

export const EXIT = {
  ok: 0,
  /** It failed, found something, or was called wrongly. */
  failed: 1,
  /** Of a dry run: it would change something. Of `run`, `check` and `config`: the configuration is wrong. */
  changes: 2,
  config: 2,
  notFound: 3,
  denied: 4,
  /** In conflict with what stands, or refused by a rule. */
  refused: 5,
  /** It was written, and not every edge acknowledged in time. */
  timeout: 6,
} as const;

/** Of an HTTP answer that is an error. */
export function exitOfStatus(status: number): number {
  if (status === 404) return EXIT.notFound;
  if (status === 401 || status === 403) return EXIT.denied;
  if (status === 409 || status === 412 || status === 422 || status === 428) return EXIT.refused;
  return EXIT.failed;
}

/** Something a person reads on the error output, and the exit code that goes with it. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, text: string) {
    super(text);
    this.exitCode = exitCode;
  }
}

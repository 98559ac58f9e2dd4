// What the program's exit codes mean, in all commands. README has the same table.

export const EXIT = {
  ok: 0,
  /** It failed, found something, or was called wrongly. */
  failed: 1,
  /** The configuration is wrong; of a dry run: it would change something. */
  config: 2,
} as const;

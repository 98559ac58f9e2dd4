// What `ballast check` says. Comes in: what each place was found to be. Goes out: text or JSON, and the
// exit code. Nothing here fails.

/** `error`: something does not work, or is dangerous. `warning`: it works, with less than it could have. */
export type Level = 'error' | 'warning';

export interface Finding {
  readonly level: Level;
  /** Stable: scripts may look for it. */
  readonly code: FindingCode;
  /** What is the case, with names and numbers. */
  readonly text: string;
  /** What a person does about it. */
  readonly fix: string;
}

export type FindingCode =
  | 'clock'
  | 'cluster-unreachable'
  | 'cluster-unready'
  | 'credential-ending'
  | 'edge-environment'
  | 'edge-name'
  | 'edge-redis'
  | 'edge-token'
  | 'edge-unreachable'
  | 'external-name'
  | 'ingress-node-left-out'
  | 'ingress-node-unreachable'
  | 'nothing-selected'
  | 'not-routed'
  | 'redis-durability'
  | 'redis-eviction'
  | 'redis-replica'
  | 'redis-settings-hidden'
  | 'redis-unreachable'
  | 'redis-version'
  | 'right-missing'
  | 'rights-unknown'
  | 'source-trouble'
  | 'token-refused'
  | 'two-namespaces'
  | 'vms-unread';

/** All about one place: `redis`, `cluster east`, `edge edge-1`. */
export interface Section {
  readonly place: string;
  readonly findings: readonly Finding[];
}

export function count(sections: readonly Section[], level: Level): number {
  return sections.flatMap(({ findings }) => findings).filter((one) => one.level === level).length;
}

export function toText(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ place, findings }) => [
    findings.length === 0 ? `${place}: ok` : `${place}:`,
    ...findings.flatMap(({ level, code, text, fix }) => [
      `  ${level.padEnd(7)} ${code}: ${text}`,
      `          fix: ${fix}`,
    ]),
  ]);
  const [errors, warnings] = [count(sections, 'error'), count(sections, 'warning')];
  return `${[...lines, `${plural(errors, 'error')}, ${plural(warnings, 'warning')}`].join('\n')}\n`;
}

export function toJson(sections: readonly Section[]): object {
  return {
    errors: count(sections, 'error'),
    warnings: count(sections, 'warning'),
    checked: sections.map(({ place }) => place),
    items: sections.flatMap(({ place, findings }) => findings.map((one) => ({ place, ...one }))),
  };
}

/** `3 nodes`; `1 node`. */
export function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const NAMED = 5;

/** The first few by name, the rest by number. */
export function some(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return rest > 0 ? `${names.slice(0, NAMED).join(', ')} and ${rest} more` : names.join(', ');
}

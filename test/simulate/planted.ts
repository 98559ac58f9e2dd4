// Bugs that the simulation has to find: rules of the protocol switched off, and other mistakes.

export interface PlantedBug {
  readonly name: string;
  readonly changes: readonly {
    readonly file: string;
    readonly from: string;
    readonly to: string;
  }[];
}

const MEMORY = 'src/edges/memory.ts';

const one = (name: string, file: string, from: string, to: string): PlantedBug => ({
  name,
  changes: [{ file, from, to }],
});

export const PLANTED: readonly PlantedBug[] = [
  one(
    'R1: the script does not look whether Redis is the one of the lease',
    MEMORY,
    'runId === here().runId && replId === here().replId',
    'runId !== undefined && replId !== undefined && here() !== undefined',
  ),
  one(
    'treat stale as zero',
    'src/inventory/inventory.ts',
    "if (state === 'stale') return staleCount(view, common, last);",
    "if (state === 'stale') return { ...common, ...nothing, kept: false };",
  ),
];

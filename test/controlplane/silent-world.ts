// What a part of Ballast takes in from outside, where it is opened alone against a control plane: it logs nothing.

import pino from 'pino';
import { systemClock } from '../../src/clock.ts';
import type { ClusterWorld } from '../../src/clusters/world.ts';

export function silentWorld(baseFolder: string): ClusterWorld {
  return {
    baseFolder,
    clock: systemClock,
    wall: () => new Date(),
    random: Math.random,
    environment: {},
    log: pino({ level: 'silent' }),
  };
}

// Room, hooks, debts and marks as migrations have them, by the controller that leads.

import type { Controller } from '../../controller.ts';
import { markMoved, oweForJob } from '../../words/of-debts.ts';
import type { Bookings } from '../capacity/bookings.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Ledgers } from './parts.ts';

export interface LedgerParts {
  readonly bookings: Bookings;
  readonly hooks: Hooks;
  readonly controller: Pick<Controller, 'say'>;
}

export function liveLedgers({ bookings, hooks, controller }: LedgerParts): Ledgers {
  return {
    room: bookings,
    hooks,
    async owe({ job, who }, owing) {
      await controller.say(oweForJob({ ...owing, job, who }));
    },
    async mark({ job, who }, moving) {
      await controller.say(markMoved(who, { ...moving, job }));
    },
  };
}

// Room, hooks, debts and marks as migrations have them, by the controller that leads.

import type { Controller } from '../../controller.ts';
import { markMoved, oweForJob, unmarkMoved } from '../../words/of-debts.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Ledgers, RoomLedger } from './parts.ts';

export interface LedgerParts {
  readonly bookings: RoomLedger;
  readonly hooks: Hooks;
  readonly controller: Pick<Controller, 'published' | 'say'>;
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
    async unmark({ job, who }, app) {
      const marks = controller.published()?.held.moved ?? [];
      const stands = marks.some((one) => one.app === app && one.job === job);
      if (stands) await controller.say(unmarkMoved(who, { app, job }));
    },
  };
}

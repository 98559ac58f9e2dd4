// What finished migrations leave behind in `_holds`, as it is read: debts and moved-from marks. Pure.

import type { Fault } from './fault.ts';
import { formFault, isText, isWhole, type Form } from './form.ts';

const OWED: Form = {
  needed: { apiVersion: isText, kind: isText, name: isText, uid: isText },
  optional: { namespace: isText },
};

const DEBT: Form = {
  needed: {
    id: isText,
    job: isText,
    app: isText,
    cluster: isText,
    // One of nothing would keep its source drained for ever.
    objects: (value) => Array.isArray(value) && value.length > 0,
    who: isText,
    why: (value) => typeof value === 'string',
    since: isWhole,
  },
  optional: {},
};

const MOVED: Form = {
  needed: { app: isText, namespace: isText, from: isText, to: isText, job: isText, since: isWhole },
  optional: {},
};

export function debtFault(debt: unknown): Fault | undefined {
  const fault = formFault(debt, DEBT);
  if (fault) return fault;
  const { objects } = debt as { readonly objects: readonly unknown[] };
  for (const [index, object] of objects.entries()) {
    const wrong = formFault(object, OWED);
    if (wrong) return { ...wrong, place: `.objects[${index}]${wrong.place}` };
  }
  return undefined;
}

export function movedFault(mark: unknown): Fault | undefined {
  return formFault(mark, MOVED);
}

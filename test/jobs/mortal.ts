// A process that dies at the moment a test says: before or after any of its effects on the world. What it
// had begun stays begun; nothing of it happens any more, as after a signal 9.

export interface Life {
  /** How many effects there were. */
  readonly effects: readonly string[];
  readonly isDead: boolean;
  /** Passes on every method of a thing as an effect, before and after it. */
  of<T extends object>(name: string, thing: T): T;
}

export interface Death {
  /** At the effect with this number, from 0; absent: it lives on. */
  readonly at?: number;
  /** What was on its way when it died: it may arrive later all the same. */
  readonly onGhost?: (name: string, arrive: () => Promise<unknown>) => void;
}

const NEVER = new Promise<never>(() => undefined);

export function live({ at, onGhost }: Death = {}): Life {
  const effects: string[] = [];
  let isDead = false;

  /** True: it died here. */
  const dies = (what: string): boolean => {
    if (isDead) return true;
    isDead = effects.length === at;
    effects.push(what);
    return isDead;
  };
  return {
    effects,
    get isDead() {
      return isDead;
    },
    of: (name, thing) =>
      new Proxy(thing, {
        get(target, key, receiver) {
          const value: unknown = Reflect.get(target, key, receiver);
          if (typeof value !== 'function') return value;
          return async (...args: readonly unknown[]): Promise<unknown> => {
            const what = `${name}.${String(key)}`;
            const call = () => Reflect.apply(value, target, args) as Promise<unknown>;
            const wasDead = isDead;
            if (dies(`before ${what}`)) {
              if (!wasDead) onGhost?.(what, call);
              return NEVER;
            }
            const answer = await call();
            return dies(`after ${what}`) ? NEVER : answer;
          };
        },
      }),
  };
}

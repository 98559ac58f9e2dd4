// Whatever changes, in whatever order: every app whose footprint is another one now was marked, and
// the indexes hold what a cluster that is read anew would hold.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppSources } from '../../src/clusters/cluster.ts';
import { ClusterRecords } from '../../src/clusters/cluster-records.ts';
import { takeFootprint } from '../../src/clusters/footprint.ts';
import type { AppPodRecord, ServiceRecord, SliceRecord } from '../../src/clusters/records.ts';
import type { RolloutRecord } from '../../src/clusters/rollout-records.ts';
import type { HttpRouteRecord, IngressRecord } from '../../src/clusters/route-records.ts';
import type { Dirty } from '../../src/model.ts';

const PODS = { namespace: 'prod', selector: 'app=bare' };
const SOURCES: AppSources = {
  told: [
    { app: 'told', services: [{ namespace: 'prod', name: 'a' }] },
    {
      app: 'also',
      services: [
        { namespace: 'prod', name: 'a' },
        { namespace: 'prod', name: 'b' },
      ],
    },
    { app: 'bare', services: [], pods: [PODS] },
  ],
  serviceLabel: 'app',
};
const APPS = ['told', 'also', 'bare', 'one', 'two'];

const names = fc.constantFrom('a', 'b', 'c', 'd');
const few = fc.constantFrom('a', 'b');
const keys = names.map((name) => `prod/${name}`);
const pods = fc.uniqueArray(fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5', 'p6'));
const version = '1';
const meta = (kind: string, name: string) => {
  return { uid: `${kind}-${name}`, version, namespace: 'prod', name };
};

/** One object as it is from now on; without fields it is gone. */
type Step =
  | { readonly kind: 'service'; readonly after: ServiceRecord }
  | { readonly kind: 'slice'; readonly after: SliceRecord }
  | { readonly kind: 'ingress'; readonly after: IngressRecord }
  | { readonly kind: 'route'; readonly after: HttpRouteRecord }
  | { readonly kind: 'rollout'; readonly after: RolloutRecord }
  | { readonly kind: 'pod'; readonly after: AppPodRecord };

const services = fc
  .record({ name: names, app: fc.constantFrom(undefined, undefined, 'one', 'two', 'told') })
  .map(({ name, app }): Step => {
    const ports = [{ number: 80 }];
    const after = { ...meta('service', name), ...(app && { app }), external: false, ports };
    return { kind: 'service', after };
  });
const slices = fc
  .record({ name: names, service: names, pods, unready: fc.constant(0), ips: fc.constant('') })
  .map(
    ({ name, ...more }): Step => ({ kind: 'slice', after: { ...meta('slice', name), ...more } }),
  );
const leads = fc
  .uniqueArray(keys, { maxLength: 2 })
  .map((to) => to.map((service) => ({ service, port: 80, hosts: [`${service.at(-1)}.example`] })));
const ingresses = fc.record({ name: names, leads }).map(
  ({ name, ...more }): Step => ({
    kind: 'ingress',
    after: { ...meta('ingress', name), ...more },
  }),
);
const routes = fc.record({ name: names, leads, taken: fc.boolean() }).map(
  ({ name, taken, ...more }): Step => ({
    kind: 'route',
    after: { ...meta('route', name), ...more, gateways: taken ? ['prod/gw'] : [] },
  }),
);
const rollouts = fc
  .record({
    name: few,
    services: fc.uniqueArray(keys, { minLength: 1, maxLength: 2 }),
    preview: fc.option(keys, { nil: undefined }),
  })
  .map(({ name, preview, ...more }): Step => {
    const after = { ...meta('rollout', name), ...more, ...(preview && { preview }) };
    return { kind: 'rollout', after };
  });
const appPods = fc.record({ name: names, counts: fc.boolean() }).map(
  ({ name, ...more }): Step => ({
    kind: 'pod',
    after: { ...meta('pod', name), ...more, ips: '' },
  }),
);
const steps = fc.array(
  fc.record({
    step: fc.oneof(
      services,
      services,
      slices,
      slices,
      ingresses,
      routes,
      rollouts,
      rollouts,
      appPods,
    ),
    gone: fc.nat(3).map((one) => one === 0),
  }),
  { minLength: 20, maxLength: 60, size: 'max' },
);

class Fleet {
  readonly records = new ClusterRecords(SOURCES, { checked: 'all', classes: new Set() });
  readonly known = new Map<string, Step>();

  take(step: Step, gone: boolean): Dirty {
    const before = this.known.get(step.after.uid);
    if (gone) this.known.delete(step.after.uid);
    else this.known.set(step.after.uid, step);
    const change = { before: before?.after, after: gone ? undefined : step.after } as never;
    if (step.kind === 'service') return this.records.changeService(change);
    if (step.kind === 'slice') return this.records.changeSlice(change);
    if (step.kind === 'ingress') return this.records.changeIngress(change);
    if (step.kind === 'route') return this.records.changeHttpRoute(change);
    if (step.kind === 'rollout') return this.records.changeRollout(change);
    return this.records.changePod(PODS, change);
  }

  footprints(): Map<string, string> {
    const shown = this.records.apps();
    return new Map(
      APPS.map((app) => {
        const { reason, ...counted } = takeFootprint(this.records, app);
        return [app, JSON.stringify([shown.has(app), counted, reason?.code])];
      }),
    );
  }
}

test('every app that a change touches is marked, and increments equal a new reading', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const fleet = new Fleet();
      for (const { step, gone } of all) {
        const before = fleet.footprints();
        const dirty = fleet.take(step, gone);
        const changed = [...fleet.footprints()].filter(([app, now]) => before.get(app) !== now);
        const marked = dirty === 'all' ? APPS : [...dirty];
        expect(marked).toEqual(expect.arrayContaining(changed.map(([app]) => app)));
      }
      const anew = new Fleet();
      for (const step of [...fleet.known.values()].toReversed()) anew.take(step, false);
      expect(fleet.footprints()).toEqual(anew.footprints());
    }),
    { numRuns: 500 },
  );
});

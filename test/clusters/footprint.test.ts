// Every file of test/cases/footprint is a test: adding one is adding a file.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { takeFootprint } from '../../src/clusters/footprint.ts';
import { type FootprintCase, ingressNodesOf, recordsOf } from './footprint-case.ts';

const folder = new URL('../cases/footprint/', import.meta.url);

describe('footprint cases', () => {
  for (const file of readdirSync(folder)) {
    test(file.replace(/\.yaml$/, ''), () => {
      const footprintCase = parse(readFileSync(new URL(file, folder), 'utf8')) as FootprintCase;
      const { apps = {}, names = Object.keys(apps), ingressNodes, leftOut = {} } = footprintCase;
      const { texts = {} } = footprintCase;
      const records = recordsOf(footprintCase);

      const footprints = Object.keys(apps).map((app) => {
        const { reason, ...rest } = takeFootprint(records, app);
        return [app, { ...rest, ...(reason && { reason: reason.code }) }];
      });
      expect(Object.fromEntries(footprints)).toEqual(apps);
      const said = Object.keys(texts).map((app) => [app, takeFootprint(records, app).reason?.text]);
      expect(Object.fromEntries(said)).toEqual(texts);
      expect([...records.apps()].toSorted()).toEqual(names.toSorted());
      if (!ingressNodes) return;
      const found = ingressNodesOf(footprintCase, records);
      expect(found.nodes).toEqual(ingressNodes);
      expect(Object.fromEntries(found.leftOut.map(({ name, reason }) => [name, reason]))).toEqual(
        leftOut,
      );
    });
  }
});

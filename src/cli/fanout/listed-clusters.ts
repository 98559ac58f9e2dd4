// Clusters from a list in a file, of which nothing is read.

import { Type } from 'typebox';
import { LineCounter, parseDocument } from 'yaml';
import { clusterTraits } from '../../clusters/settings.ts';
import { schemaFaults } from '../../config/faults.ts';
import { placeOf } from '../../config/place.ts';
import { faceOf, type Traits } from '../../fanout/face.ts';
import type { World } from '../../fanout/plan/world.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';

const Clusters = Type.Array(
  Type.Object(
    {
      name: Type.String({ minLength: 1 }),
      ready: Type.Optional(Type.Boolean()),
      ...clusterTraits,
    },
    { additionalProperties: false },
  ),
);

/** Names alone, or with what a cluster's entry in the configuration may say. */
export function clustersFromFile({ name: file, text }: { name: string; text: string }): World {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken) throw new CommandFailure(EXIT.failed, `${file}: ${broken.message.split('\n')[0]}`);
  const written: unknown = document.toJS({ maxAliasCount: 100 });
  if (!Array.isArray(written)) {
    const text = `${file}: must be a list of clusters: - east, or - {name: east, labels: {…}}`;
    throw new CommandFailure(EXIT.failed, text);
  }
  const clusters = written.map((one: unknown) => (typeof one === 'string' ? { name: one } : one));
  const faults = schemaFaults(Clusters, clusters);
  if (faults.length > 0) {
    const place = { document, counter, file };
    const lines = faults.map((fault) => `${placeOf(place, fault.path)}: ${fault.text}`);
    throw new CommandFailure(EXIT.failed, lines.join('\n'));
  }
  const list = clusters as (Traits & { ready?: boolean })[];
  return {
    clusters: list.map(({ ready = true, ...traits }) => ({
      cluster: faceOf(traits, ready),
      trouble: 'not asked: no configuration was given',
    })),
  };
}

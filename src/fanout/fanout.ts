// One reading of YAML that was written for four systems.
//
// Comes in: the files of a stream. Goes out: orders, the same ones whatever the order of files and
// documents is, with the strategy and what a person should be warned of. On failure: all faults, each as
// `file:line: document N: key: what is wrong`, and no orders: half a stream is never fanned out.
//
//     stream.ts      files -> documents that know their lines
//     schemas/       what each dialect's own objects may hold
//     read/          a reader for each dialect: documents -> orders
//     placement/     an order and the clusters -> those that get it
//     division/      how many each of them runs
//     patch/         an order and a cluster -> the object for it

import type { StreamDocument } from './document.ts';
import { identityOf, keyOf } from './identity.ts';
import { namespaceOf, workloadFault } from './kinds.ts';
import type { Order, Orders, Warning } from './model.ts';
import type { FederatedNamespaces, Read } from './read/checked.ts';
import { isFederation, readFederation } from './read/federation.ts';
import {
  isKarmada,
  type KarmadaPolicies,
  policyWarnings,
  readKarmada,
  readPolicies,
} from './read/karmada.ts';
import { isKubefed, readKubefed } from './read/kubefed.ts';
import { namedClusters } from './read/named-clusters.ts';
import { isOwn, names, readOwn, readPlain } from './read/own.ts';
import { strategyOf } from './read/strategy.ts';
import { createReport, type Report } from './report.ts';
import type { WrittenFanout } from './schemas/own.ts';
import { readDocuments, type StreamFile } from './stream.ts';

export interface ReadOptions {
  readonly federatedNamespaces?: FederatedNamespaces;
}

export type ReadResult =
  | { readonly kind: 'orders'; readonly orders: Orders }
  | {
      readonly kind: 'faults';
      readonly faults: readonly string[];
      readonly warnings: readonly Warning[];
    };

export function readFanout(
  files: readonly StreamFile[],
  { federatedNamespaces = [] }: ReadOptions = {},
): ReadResult {
  const report = createReport();
  const inOrder = files.toSorted((left, right) => compare(left.name, right.name));
  const documents = readDocuments(inOrder, report);
  const kubefed = documents.filter(({ object }) => isKubefed(object));
  const policies = documents.filter(({ object }) => isKarmada(object));
  const own = documents.filter(({ object }) => isOwn(object));
  const apart = new Set([...kubefed, ...policies, ...own]);
  const plain = documents.filter((document) => !apart.has(document));

  const fanout = readOwn(own, report);
  const karmada = readPolicies(policies, report);
  const orders = [
    ...readKubefed(kubefed, federatedNamespaces, report),
    ...readObjects(plain, { fanout, karmada }, report),
  ];
  const strategy = strategyOf(fanout, report);
  twiceFaults(orders, report);
  if (orders.length === 0 && report.faults.length === 0) report.faults.push(nothingIn(inOrder));
  const warnings = report.warnings.toSorted(byPlace);
  if (report.faults.length > 0) return { kind: 'faults', faults: byLine(report), warnings };
  const name = fanout?.read.metadata.name;
  const sorted = orders.toSorted((left, right) => compare(keyOfOrder(left), keyOfOrder(right)));
  return {
    kind: 'orders',
    orders: {
      ...(name !== undefined && { name }),
      orders: sorted,
      strategy,
      named: namedClusters(fanout),
      warnings,
    },
  };
}

interface Choosers {
  readonly fanout: Read<WrittenFanout> | undefined;
  readonly karmada: KarmadaPolicies;
}

function readObjects(
  documents: readonly StreamDocument[],
  choosers: Choosers,
  report: Report,
): Order[] {
  const objects = documents.map(({ object }) => ({ object, namespace: namespaceOf(object) }));
  policyWarnings(choosers.karmada, objects, report);
  return documents.flatMap((document) => {
    const fault = workloadFault(document.object);
    if (fault) report.fault(document, fault.path, fault.text);
    return fault ? [] : orderOf(document, choosers, report);
  });
}

/** Who places an object: one of the three, or nobody knows what was meant. */
function orderOf(document: StreamDocument, { fanout, karmada }: Choosers, report: Report): Order[] {
  const { object } = document;
  const orders = [
    ...(isFederation(object) ? [readFederation(document, namespaceOf(object), report)] : []),
    ...[readKarmada(document, karmada, report)].filter((order) => order !== undefined),
    ...(fanout && names(fanout, object) ? [readPlain(document, fanout, report)] : []),
  ];
  if (orders.length === 1) return orders;
  const who = orders.map(({ chosenBy }) => chosenBy).join(' and ');
  const text =
    orders.length === 0
      ? 'no policy, annotation or FanOut says which clusters get it'
      : `is placed twice, by ${who}`;
  report.fault(document, [], text);
  return [];
}

function twiceFaults(orders: readonly Order[], report: Report): void {
  const seen = new Map<string, Order>();
  for (const order of orders) {
    const first = seen.get(keyOfOrder(order));
    if (first) report.faults.push(`${order.place}: is there twice; the other is ${first.place}`);
    else seen.set(keyOfOrder(order), order);
  }
}

const keyOfOrder = ({ object, namespace }: Order): string => keyOf(identityOf(object, namespace));

function nothingIn(files: readonly StreamFile[]): string {
  return `${files.map(({ name }) => name).join(', ')}: holds nothing to fan out`;
}

const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

const byPlace = (left: Warning, right: Warning): number =>
  compare(left.place, right.place) || compare(left.text, right.text);

/** As the lines are: `2` before `10`. */
function byLine({ faults }: Report): string[] {
  const parts = (fault: string): [string, number] => {
    const match = /^(.*?):(\d+):/.exec(fault);
    return [match?.[1] ?? fault, Number(match?.[2] ?? 0)];
  };
  return [...new Set(faults)].toSorted((left, right) => {
    const [[file, line], [otherFile, otherLine]] = [parts(left), parts(right)];
    return compare(file, otherFile) || line - otherLine || compare(left, right);
  });
}

// What needs a person, the worst first. Pure.

import type { Tone } from '../show/badge.tsx';
import type { Fleet } from '../live/fleet.ts';
import { waitsForPerson } from '../jobs/job-list.ts';
import { linkTo } from '../route.ts';
import { toneOf } from '../show/states.tsx';
import { reasonWord, type Words } from '../words/words.ts';

export interface Matter {
  readonly tone: Tone;
  readonly text: string;
  readonly detail?: string;
  readonly link: string;
}

const ORDER: readonly Tone[] = ['bad', 'warning'];

export function mattersOf(fleet: Fleet, words: Words): Matter[] {
  const matters = [
    ...ofLeader(fleet, words),
    ...ofClusters(fleet, words),
    ...ofEdges(fleet, words),
    ...ofJobs(fleet, words),
    ...ofHolds(fleet, words),
    ...ofApps(fleet, words),
  ];
  return ORDER.flatMap((tone) => matters.filter((matter) => matter.tone === tone));
}

function ofLeader({ leader }: Fleet, words: Words): Matter[] {
  if (!leader || leader.leading || leader.address !== undefined) return [];
  return [{ tone: 'bad', text: words.noLeader, detail: leader.phase, link: linkTo(['edges']) }];
}

function ofClusters({ clusters }: Fleet, words: Words): Matter[] {
  return clusters
    .filter(({ state }) => state !== 'fresh')
    .map(({ name, state, reason }) => ({
      tone: state === 'stale' ? 'bad' : 'warning',
      text: words.clusterIs(name, words.clusterStates[state]),
      ...(reason !== undefined && { detail: reason }),
      link: linkTo(['clusters', name]),
    }));
}

function ofEdges({ edges }: Fleet, words: Words): Matter[] {
  return edges.flatMap(({ name, status, trouble, refused = 0 }) => {
    const link = linkTo(['edges']);
    const detail = trouble === undefined ? {} : { detail: trouble };
    const matters: Matter[] = [];
    if (status === 'unreachable' || status === 'never') {
      const text = words.edgeIs(name, words.edgeStates[status]);
      matters.push({ tone: 'bad', text, ...detail, link });
    }
    if (refused > 0) matters.push({ tone: 'bad', text: words.edgeRefused(name, refused), link });
    return matters;
  });
}

/** Those that go on only by a person's word; one that a person has paused is not forgotten so soon. */
function ofJobs({ jobs }: Fleet, words: Words): Matter[] {
  return jobs
    .filter((job) => waitsForPerson(job) && !job.paused)
    .map(({ id, state, why }) => ({
      tone: state === 'Blocked' ? 'bad' : 'warning',
      text: words.jobIs(id, words.jobStates[state]),
      ...(why !== undefined && { detail: why }),
      link: linkTo(['jobs', id]),
    }));
}

function ofHolds({ holds }: Fleet, words: Words): Matter[] {
  return holds
    .filter(({ forgotten }) => forgotten)
    .map(({ id, why }) => ({
      tone: 'warning',
      text: words.holdForgotten(id),
      detail: why,
      link: linkTo(['holds']),
    }));
}

function ofApps({ apps }: Fleet, words: Words): Matter[] {
  return apps.flatMap(({ name, refused }) => {
    if (!refused) return [];
    const text = words.appRefused(name, reasonWord(words, refused));
    return [
      { tone: toneOf(refused.code), text, detail: refused.text, link: linkTo(['apps', name]) },
    ];
  });
}

// Which screen stands at a place.

import type { JSX } from 'preact';
import { JobScreen } from '../jobs/job.tsx';
import { JobsScreen } from '../jobs/jobs.tsx';
import { DebtsScreen } from '../migrations/debts.tsx';
import { MigrationsScreen } from '../migrations/migrations.tsx';
import { RehearsalScreen } from '../migrations/rehearsal.tsx';
import { linkTo, type Place } from '../route.ts';
import { Empty } from '../show/notice.tsx';
import { useWords } from '../words/words.ts';
import { AppScreen } from './app.tsx';
import { AppsScreen } from './apps.tsx';
import { AuditScreen } from './audit.tsx';
import { ClusterScreen } from './cluster.tsx';
import { ClustersScreen } from './clusters.tsx';
import { EdgesScreen } from './edges.tsx';
import { FleetScreen } from './fleet.tsx';
import { HistoryScreen } from './history.tsx';
import { HoldsScreen } from './holds.tsx';

type Draw = (query: Place['query']) => JSX.Element;

const SCREENS = new Map<string, Draw>([
  ['', () => <FleetScreen />],
  ['apps', (query) => <AppsScreen query={query} />],
  ['clusters', () => <ClustersScreen />],
  ['edges', () => <EdgesScreen />],
  ['holds', () => <HoldsScreen />],
  ['jobs', (query) => <JobsScreen query={query} />],
  ['migrations', (query) => <MigrationsScreen query={query} />],
  ['history', (query) => <HistoryScreen query={query} />],
  ['audit', (query) => <AuditScreen query={query} />],
]);

export function Screen({ path, query }: Place) {
  const [screen = '', name, ...more] = path;
  if (more.length > 0) return <Nowhere />;
  if (name !== undefined) return <Named screen={screen} name={name} />;
  const draw = SCREENS.get(screen);
  return draw ? draw(query) : <Nowhere />;
}

function Named({ screen, name }: { readonly screen: string; readonly name: string }) {
  if (screen === 'apps') return <AppScreen key={name} name={name} />;
  if (screen === 'clusters') return <ClusterScreen key={name} name={name} />;
  if (screen === 'jobs') return <JobScreen key={name} id={name} />;
  if (screen === 'migrations' && name === 'rehearsal') return <RehearsalScreen />;
  if (screen === 'migrations' && name === 'debts') return <DebtsScreen />;
  return <Nowhere />;
}

function Nowhere() {
  const words = useWords();
  return (
    <section>
      <h1 class="unseen">Ballast</h1>
      <Empty>
        {words.noSuchPlace} <a href={linkTo([])}>{words.backToFleet}</a>
      </Empty>
    </section>
  );
}

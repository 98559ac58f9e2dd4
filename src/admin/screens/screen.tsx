// Which screen stands at a place.

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

export function Screen({ path, query }: Place) {
  const [screen = '', name, ...more] = path;
  if (more.length > 0) return <Nowhere />;
  if (name !== undefined) return <Named screen={screen} name={name} />;
  switch (screen) {
    case '':
      return <FleetScreen />;
    case 'apps':
      return <AppsScreen query={query} />;
    case 'clusters':
      return <ClustersScreen />;
    case 'edges':
      return <EdgesScreen />;
    case 'holds':
      return <HoldsScreen />;
    case 'history':
      return <HistoryScreen query={query} />;
    case 'audit':
      return <AuditScreen query={query} />;
    default:
      return <Nowhere />;
  }
}

function Named({ screen, name }: { readonly screen: string; readonly name: string }) {
  if (screen === 'apps') return <AppScreen key={name} name={name} />;
  if (screen === 'clusters') return <ClusterScreen key={name} name={name} />;
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

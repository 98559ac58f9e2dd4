// Which screen stands at a place.

import { linkTo, type Place } from '../route.ts';
import { Empty } from '../show/notice.tsx';
import { useWords } from '../words/words.ts';
import { AppScreen } from './app.tsx';
import { AppsScreen } from './apps.tsx';
import { FleetScreen } from './fleet.tsx';

export function Screen({ path, query }: Place) {
  const [screen = '', name, ...more] = path;
  if (more.length > 0) return <Nowhere />;
  if (name !== undefined) return <Named screen={screen} name={name} />;
  switch (screen) {
    case '':
      return <FleetScreen />;
    case 'apps':
      return <AppsScreen query={query} />;
    default:
      return <Nowhere />;
  }
}

function Named({ screen, name }: { readonly screen: string; readonly name: string }) {
  if (screen === 'apps') return <AppScreen key={name} name={name} />;
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

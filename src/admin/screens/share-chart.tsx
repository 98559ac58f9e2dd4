// An app's shares over time, a line for each place that servers are from. Those who do not see it have
// the list of changes below.

import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChangeAnswer } from '../../api/history-shapes.ts';
import { theme } from '../frame/looks.ts';
import { Empty } from '../show/notice.tsx';
import { useStore } from '../store.ts';
import { placeName, useWords } from '../words/words.ts';
import { linesOf } from './share-lines.ts';

const HEIGHT = 180;
/** Named in the style, for both themes; with as many dashes, for those to whom colours are alike. */
const LINES = 6;
const DASHES = [[], [6, 3], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2]];

export function ShareChart({
  app,
  changes,
}: {
  readonly app: string;
  readonly changes: readonly ChangeAnswer[];
}) {
  const words = useWords();
  const place = useRef<HTMLDivElement>(null);
  const chosen = useStore(theme);
  const { places, times, shares } = useMemo(() => linesOf(changes, Date.now()), [changes]);
  useEffect(() => {
    const element = place.current;
    if (!element || times.length < 3) return undefined;
    const draw = () => new uPlot(optionsOf(element, places, words), [times, ...shares], element);
    let chart = draw();
    const again = (): void => {
      chart.destroy();
      chart = draw();
    };
    // The colours are those of the theme at the time of drawing.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', again);
    const sizes = new ResizeObserver(([entry]) => {
      if (entry) chart.setSize({ width: entry.contentRect.width, height: HEIGHT });
    });
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      dark.removeEventListener('change', again);
      chart.destroy();
    };
  }, [places, times, shares, words, chosen]);
  if (times.length < 3) return <Empty>{words.noChart}</Empty>;
  return (
    <figure class="chart">
      <figcaption>{words.chart}</figcaption>
      <div ref={place} role="img" aria-label={words.chartText(app, changes.length)} />
      <ul class="legend" aria-hidden="true">
        {places.map((name, index) => (
          <li key={name} class={`line-${index % LINES}`}>
            {placeName(words, name)}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function optionsOf(
  element: HTMLElement,
  places: readonly string[],
  words: ReturnType<typeof useWords>,
): uPlot.Options {
  const colour = (name: string): string => colourOf(element, name);
  const tag = words.languageTag;
  const axis = {
    stroke: colour('--chart-text'),
    grid: { stroke: colour('--chart-grid'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: [0, 1] } },
    axes: [
      {
        ...axis,
        space: 80,
        values: (_self, splits) => splits.map((second) => clock(second, stepOf(splits), tag)),
      },
      { ...axis, size: 44, values: (_self, splits) => splits.map((share) => `${share * 100} %`) },
    ],
    series: [
      {},
      ...places.map((name, index) => ({
        label: name,
        stroke: colour(`--line-${index % LINES}`),
        width: 1.75,
        dash: DASHES[index % LINES] ?? [],
        points: { show: false },
        paths: uPlot.paths.stepped?.({ align: 1 }) ?? (() => null),
      })),
    ],
  };
}

/** What the theme makes of it: a canvas does not know the style's names. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = element.appendChild(document.createElement('span'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function stepOf([first = 0, second = first + 60]: readonly number[]): number {
  return second - first;
}

/** As exact as the steps of the axis are. */
function clock(second: number, step: number, tag: string): string {
  const at = new Date(second * 1000);
  if (step >= 86_400) return at.toLocaleDateString(tag, { month: 'short', day: 'numeric' });
  return at.toLocaleTimeString(tag, {
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    ...(step < 60 && { second: '2-digit' }),
  });
}

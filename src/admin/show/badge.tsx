// A state: a shape, a colour and a word, so that none of them has to do alone.

import type { ComponentChildren } from 'preact';

export type Tone = 'well' | 'held' | 'warning' | 'bad' | 'quiet';

const SHAPES: Readonly<Record<Tone, string>> = {
  well: '●',
  held: '◆',
  warning: '▲',
  bad: '■',
  quiet: '○',
};

export function Badge({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <span class={`badge ${tone}`} {...(title !== undefined && { title })}>
      <span aria-hidden="true" class="shape">
        {SHAPES[tone]}
      </span>
      {children}
    </span>
  );
}

// Whether what is shown is so now.

import { connection, type Connection } from '../live/live.ts';
import { useStore } from '../store.ts';
import { Badge, type Tone } from '../show/badge.tsx';
import { useSince } from '../show/time.tsx';
import { useWords } from '../words/words.ts';

const TONES: Readonly<Record<Connection['state'], Tone>> = {
  connecting: 'quiet',
  live: 'well',
  lost: 'bad',
  resting: 'warning',
};

export function Liveness() {
  const words = useWords();
  const state = useStore(connection);
  const since = useSince('since' in state ? state.since : 0);
  const texts: Readonly<Record<Connection['state'], string>> = {
    connecting: words.connecting,
    live: words.live,
    lost: words.lostSince(since),
    resting: words.restingSince(since),
  };
  const why = state.state === 'lost' ? (state.problem?.message ?? '') : '';
  return (
    <div class="liveness">
      <Badge
        tone={TONES[state.state]}
        {...(state.state === 'lost' && { title: words.lostWhy(why) })}
      >
        <span class="live-words">{texts[state.state]}</span>
      </Badge>
      {/* Told once when it changes, not with every second. */}
      <span class="unseen" role="status">
        {state.state === 'lost'
          ? words.lostWhy('')
          : words[state.state === 'live' ? 'live' : 'connecting']}
      </span>
    </div>
  );
}

// Times as people say them; the exact one is in the tooltip.

import { useStore } from '../store.ts';
import { now } from '../live/now.ts';
import { useWords, type Words } from '../words/words.ts';

export function duration(words: Words, seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return words.seconds(whole);
  if (whole < 90 * 60) return words.minutes(Math.round(whole / 60));
  if (whole < 36 * 3600) return words.hours(Math.round(whole / 3600));
  return words.days(Math.round(whole / 86_400));
}

/** `at`: RFC 3339. */
export function When({ at }: { readonly at: string }) {
  const words = useWords();
  const seconds = (useStore(now) - Date.parse(at)) / 1000;
  const text =
    seconds >= 0 ? words.ago(duration(words, seconds)) : words.inTime(duration(words, -seconds));
  return (
    <time dateTime={at} title={at}>
      {text}
    </time>
  );
}

/** Since a moment of the browser's time of day. */
export function useSince(since: number): string {
  const words = useWords();
  return duration(words, (useStore(now) - since) / 1000);
}

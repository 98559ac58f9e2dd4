// A token is wanted: it is pasted here, and stays in this tab.

import { useState } from 'preact/hooks';
import type { Problem } from '../problem.ts';
import { logIn } from '../live/session.ts';
import { Badge } from '../show/badge.tsx';
import { useProblemWords } from '../words/problem-words.ts';
import { useWords } from '../words/words.ts';

export function LogIn({ why }: { readonly why: Problem }) {
  const words = useWords();
  const { title, act } = useProblemWords(why);
  const [token, setToken] = useState('');
  const send = (event: Event): void => {
    event.preventDefault();
    if (token.trim() !== '') logIn(token.trim());
  };
  return (
    <form class="log-in" onSubmit={send}>
      <h1>{words.logIn}</h1>
      {why.code === 'token-missing' ? (
        <p>{words.tokenWanted}</p>
      ) : (
        <div role="alert">
          <Badge tone="bad">{title}</Badge>
          <p>{act}</p>
        </div>
      )}
      <label>
        {words.token}
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          onInput={({ currentTarget: { value } }) => setToken(value)}
        />
      </label>
      <p class="hint">{words.tokenHint}</p>
      <button type="submit" class="main" disabled={token.trim() === ''}>
        {words.logIn}
      </button>
    </form>
  );
}

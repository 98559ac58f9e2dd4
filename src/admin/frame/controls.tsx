// Who looks, the theme, the language, the keys.

import type { CallerAnswer } from '../../api/caller-shape.ts';
import { caller, logOut, rolesOf } from '../live/session.ts';
import { readToken } from '../live/token.ts';
import { useStore } from '../store.ts';
import { useWords, type Words } from '../words/words.ts';
import { chooseLanguage, chooseTheme, theme, THEMES, useLanguage } from './looks.ts';

export function Controls({ help }: { readonly help: () => void }) {
  const words = useWords();
  const who = useStore(caller);
  const language = useLanguage();
  const chosen = useStore(theme);
  const other = language === 'zh' ? 'en' : 'zh';
  return (
    <div class="controls">
      {who && <span class="who">{`${who.name} (${rolesIn(words, who)})`}</span>}
      {who && readToken() !== undefined && (
        <button type="button" class="plain" onClick={logOut}>
          {words.logOut}
        </button>
      )}
      <select
        aria-label={words.theme}
        value={chosen}
        onChange={({ currentTarget: { value } }) =>
          chooseTheme(THEMES.find((one) => one === value) ?? 'system')
        }
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {words.themes[one]}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="plain"
        lang={other === 'zh' ? 'zh-CN' : 'en'}
        aria-label={other === 'zh' ? '切换到中文' : 'Switch to English'}
        onClick={() => chooseLanguage(other)}
      >
        {other === 'zh' ? '中文' : 'English'}
      </button>
      <button type="button" class="plain" onClick={help} aria-label={words.keys} title={words.keys}>
        ?
      </button>
    </div>
  );
}

function rolesIn(words: Words, { grants }: CallerAnswer): string {
  const roles = rolesOf({ grants });
  const writes = roles.some((role) => ['operator', 'migrator', 'admin'].includes(role));
  const names = roles.map((role) => words.roles[role] ?? role);
  return [...names, ...(writes ? [] : [words.readOnly])].join(', ');
}

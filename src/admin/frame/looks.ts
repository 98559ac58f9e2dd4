// Theme and language: as the system has them, until a person says otherwise in this browser.

import { createStore, useStore } from '../store.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
export type Language = 'en' | 'zh';

export const theme = createStore<Theme>(readTheme());
const language = createStore<Language>(readLanguage());

export function useLanguage(): Language {
  return useStore(language);
}

function readTheme(): Theme {
  const kept = localStorage.getItem('ballast-theme');
  return THEMES.find((one) => one === kept) ?? 'system';
}

function readLanguage(): Language {
  const wanted = localStorage.getItem('ballast-language') ?? navigator.language;
  return wanted.startsWith('zh') ? 'zh' : 'en';
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem('ballast-theme', next);
  theme.set(next);
}

export function chooseLanguage(next: Language): void {
  localStorage.setItem('ballast-language', next);
  language.set(next);
}

/** The document carries both, for style, fonts and those who listen. */
export function followLooks(): void {
  const show = (): void => {
    document.documentElement.dataset['theme'] = theme.get();
    document.documentElement.lang = language.get() === 'zh' ? 'zh-CN' : 'en';
  };
  theme.follow(show);
  language.follow(show);
  show();
}

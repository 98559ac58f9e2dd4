// The time of day, once a second while somebody looks.

import { createStore } from '../store.ts';

export const now = createStore(Date.now());

setInterval(() => {
  if (document.visibilityState === 'visible') now.set(Date.now());
}, 1000);

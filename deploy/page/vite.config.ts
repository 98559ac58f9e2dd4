import { join } from 'node:path';
import { defineConfig } from 'vite';

// The page: one script, one style, relative names (it is served below any base path).
export default defineConfig({
  root: join(import.meta.dirname, '..', '..', 'src', 'admin'),
  base: './',
  logLevel: 'warn',
  build: {
    target: 'es2023',
    cssTarget: 'chrome130',
    modulePreload: false,
    // data: URLs are not let in by the page's own rule.
    assetsInlineLimit: 0,
    emptyOutDir: true,
    rolldownOptions: { output: { codeSplitting: false } },
  },
});

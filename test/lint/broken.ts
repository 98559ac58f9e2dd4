// A small checkout that breaks a rule: files in a temporary folder, beside this checkout's rules.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const RULES = ['.biome.json', '.gitignore', '.luacheckrc', '.oxlintrc.json', 'tsconfig.json'];

export type Files = Readonly<Record<string, string>>;

/** Runs `look` in the folder, which is gone afterwards. */
export async function inCheckout<T>(
  files: Files,
  look: (folder: string) => T,
): Promise<Awaited<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-lint-'));
  try {
    for (const name of RULES) copyFileSync(join(root, name), join(folder, name));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    // biome reads .gitignore by git's rules, and a repository is where one begins.
    mkdirSync(join(folder, '.git'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return await look(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// What Node demands of TypeScript that it runs as written, and neither tsc nor oxlint holds.
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { filesIn, lineOf } from './files.ts';
import { importsOf } from './imports.ts';

const DECORATOR = /^[ \t]*@[A-Za-z_$][\w$.]*(\(|\s|$)/m;

const ours = (root: string) => filesIn(root, ['src', 'test'], /\.ts$/);

/** A relative import names the file as it is on disk: tsc takes `./x.js` for x.ts, Node does not. */
export function relativeImports(root: string): string[] {
  return ours(root).flatMap((file) =>
    importsOf(root, file)
      .filter(({ from }) => from.startsWith('.'))
      .filter(({ from }) => !existsSync(join(root, dirname(file), from)) || !/\.\w+$/.test(from))
      .map(({ from, line }) => `${file}:${line}: no such file: ${from}`),
  );
}

/** Node only strips types: enum, namespace, parameter properties and decorators are errors at start. */
export function erasable(root: string): string[] {
  return ours(root).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const decorator = DECORATOR.exec(withoutComments(text));
    if (decorator) return [`${file}:${lineOf(text, decorator.index)}: decorators do not run`];
    try {
      stripTypeScriptTypes(text);
      return [];
    } catch (error) {
      return [`${file}:1: ${(error as Error).message.split('\n')[0]}`];
    }
  });
}

// Comments become blanks, so that lines keep their numbers.
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
}

// nginx's configuration as directives with their places. Pure.
//
// Comes in: a file's text. Goes out: its directives, blocks within blocks; what stands in a Lua block is left
// out. On failure: a NginxFault with file and line. Variables and includes are the caller's.

export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  /** What stands in its braces. */
  readonly block?: readonly Directive[];
  /** FILE:LINE */
  readonly place: string;
}

export class NginxFault extends Error {}

type Token =
  | { readonly kind: 'word'; readonly text: string; readonly line: number }
  | { readonly kind: ';' | '{' | '}' | 'end'; readonly line: number };

// Between words; a word in quotes; a mark; a word without quotes, in which `${name}` is no brace.
const BLANK = /(?:\s+|#[^\n]*)+/y;
const QUOTED = /"((?:\\[^]|[^"\\])*)"|'((?:\\[^]|[^'\\])*)'/y;
const MARK = /[;{}]/y;
const WORD = /(?!["'])(?:\$\{[^}\s]*\}|\\[^]|[^\s;{}\\])+/y;
// Of Lua: what may hold a brace that is none.
const LUA_SKIPPED = /(?:--)?\[(=*)\[[^]*?\]\1\]|--[^\n]*|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'/y;

export function readDirectives(text: string, file: string): Directive[] {
  return new Reader(text, file).block('end');
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  block(until: '}' | 'end'): Directive[] {
    const found: Directive[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === until) return found;
      if (token.kind !== 'word') this.#fail(`"${token.kind}" is not expected here`, token.line);
      found.push(this.#directive(token.text, token.line));
    }
  }

  #directive(name: string, line: number): Directive {
    const place = `${this.#file}:${line}`;
    const words: string[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === ';') return { name, words, place };
      if (token.kind === '{') {
        const isLua = name.endsWith('_by_lua_block');
        return { name, words, place, block: isLua ? this.#skipLua(line) : this.block('}') };
      }
      if (token.kind !== 'word') this.#fail(`${name} has no ";"`, line);
      words.push(token.text);
    }
  }

  #next(): Token {
    this.#take(BLANK);
    const line = this.#line;
    if (this.#at >= this.#text.length) return { kind: 'end', line };
    const quoted = this.#take(QUOTED);
    if (quoted) return { kind: 'word', text: plain(quoted[1] ?? quoted[2] ?? ''), line };
    const mark = this.#take(MARK);
    if (mark) return { kind: mark[0] as ';' | '{' | '}', line };
    const word = this.#take(WORD);
    if (!word) this.#fail('a quote is not closed', line);
    return { kind: 'word', text: plain(word[0]), line };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    this.#line += match[0].split('\n').length - 1;
    return match;
  }

  #skipLua(line: number): Directive[] {
    for (let depth = 1; depth > 0; ) {
      if (this.#at >= this.#text.length) this.#fail('the Lua block is not closed', line);
      if (this.#take(LUA_SKIPPED)) continue;
      const sign = this.#text[this.#at];
      if (sign === '{') depth += 1;
      if (sign === '}') depth -= 1;
      if (sign === '\n') this.#line += 1;
      this.#at += 1;
    }
    return [];
  }

  #fail(what: string, line: number): never {
    throw new NginxFault(`${this.#file}:${line}: ${what}`);
  }
}

/** As nginx has it: a backslash before anything else stays, so that expressions stay whole. */
const plain = (text: string): string => text.replace(/\\(["'\\])/g, '$1');

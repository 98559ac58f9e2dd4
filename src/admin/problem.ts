// What is wrong, as the API says it, or as it is when nothing answers.

import type { ProblemAnswer } from '../api/shapes.ts';

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly act: string;
  readonly requestId: string;

  constructor({ status, code, title, detail, act, requestId }: Omit<ProblemAnswer, 'type'>) {
    // The request's own line says nothing to who has pressed a button.
    super(detail.replace(/^[A-Z]+ \/\S*: /, ''));
    this.status = status;
    this.code = code;
    this.title = title;
    this.act = act;
    this.requestId = requestId;
  }
}

export function silent(detail: string): Problem {
  return new Problem({ status: 0, code: 'silent', title: '', detail, act: '', requestId: '' });
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : silent((error as Error).message);
}

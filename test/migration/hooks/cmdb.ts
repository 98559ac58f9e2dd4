// A reference CMDB: a small server as somebody would write it who has read README's section on hooks. It
// checks signature and age, writes once however often it is told to, keeps a record of each app, and
// misbehaves where a test says so.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Question {
  readonly event: string;
  readonly ask: 'verdict' | 'write' | 'read';
  readonly app: string;
  readonly namespace: string;
  readonly record?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

export interface Answer {
  readonly verdict: string;
  readonly text?: string;
  readonly record?: unknown;
}

/** How the next questions are met, one each; then as usual. */
export type Mood =
  | { readonly kind: 'silent' }
  /** Done, but the answer is lost on its way. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'status'; readonly status: number; readonly text: string };

const OLDEST_SECONDS = 300;

export class Cmdb {
  readonly records = new Map<string, Readonly<Record<string, unknown>>>();
  /** In the order in which they were done; one that came again is not among them. */
  readonly done: Question[] = [];
  /** So many came with a good signature. */
  asked = 0;
  moods: Mood[] = [];
  /** Stands instead of what it would answer itself. */
  answers: (question: Question) => Answer | undefined = () => undefined;
  now: () => number = () => Date.now();
  readonly #secret: string;
  readonly #written = new Map<string, Answer>();
  readonly #server: Server;
  readonly #scheme: string;

  /** `tls`: its key and certificate; absent: plain HTTP. */
  constructor(secret: string, tls?: { readonly key: string; readonly cert: string }) {
    this.#secret = secret;
    this.#scheme = tls ? 'https' : 'http';
    const hear = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#hear(request, response);
    this.#server = tls ? createTlsServer(tls, hear) : createServer(hear);
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const send = (status: number, answer: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    };
    const fault = this.#fault(request.headers, body);
    if (fault !== undefined) return send(401, { error: fault });
    this.asked += 1;
    const mood = this.moods.shift();
    if (mood?.kind === 'silent') return;
    if (mood?.kind === 'status') return send(mood.status, { error: mood.text });
    const answer = this.#answer(
      String(request.headers['ballast-id']),
      JSON.parse(body) as Question,
    );
    if (mood?.kind === 'lost') return void request.socket.destroy();
    send(200, answer);
  }

  #fault(headers: IncomingMessage['headers'], body: string): string | undefined {
    const timestamp = String(headers['ballast-timestamp']);
    const age = Math.abs(this.now() / 1000 - Number(timestamp));
    if (!(age <= OLDEST_SECONDS)) return 'too old';
    const mac = createHmac('sha256', this.#secret).update(`${timestamp}.${body}`).digest('hex');
    const wanted = Buffer.from(`v1=${mac}`);
    const given = Buffer.from(String(headers['ballast-signature']));
    const isSame = given.length === wanted.length && timingSafeEqual(given, wanted);
    return isSame ? undefined : 'wrong signature';
  }

  #answer(id: string, question: Question): Answer {
    const known = this.#written.get(id);
    if (known) return known;
    const answer = this.answers(question) ?? this.#own(question);
    if (question.ask === 'write' && answer.verdict === 'pass') this.#written.set(id, answer);
    this.done.push(question);
    return answer;
  }

  #own({ ask, app, record }: Question): Answer {
    if (ask === 'write' && record) this.records.set(app, { owner: 'team-a', ...record });
    if (ask === 'read') return { verdict: 'pass', record: this.records.get(app) };
    return { verdict: 'pass' };
  }
}

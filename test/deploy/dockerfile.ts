// Carries a Dockerfile out without Docker, since no base image can be had everywhere the tests run: each
// stage is a folder, FROM is a folder that the caller has made, RUN is a shell in it by chroot.
//
// In: the Dockerfile's text, the context, the bases by name. Out: the last stage's folder and what it says
// of how it is run. On failure: an instruction that is not known, or the words of the one that failed.
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Image {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

export interface Site {
  readonly context: string;
  /** A folder for an image's name; `scratch` is an empty one. */
  base(name: string): Promise<string>;
  /** A shell in a stage's folder. */
  shell(folder: string, script: string): Promise<void>;
}

interface Stage extends Image {
  readonly name: string | undefined;
  workdir: string;
}

export async function carryOut(text: string, site: Site): Promise<Image> {
  const stages: Stage[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, word = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (word === 'FROM') stages.push(await begin(rest, site));
    else await step(word, rest, stages, site);
  }
  const last = stages.at(-1);
  if (!last) throw new Error('a Dockerfile begins with FROM');
  return last;
}

async function begin(rest: string, site: Site): Promise<Stage> {
  const [, image = '', name] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
  const how = { env: {}, user: '0:0', entrypoint: [], cmd: [] };
  return { name, folder: await site.base(image), workdir: '/', ...how };
}

async function step(word: string, rest: string, stages: Stage[], site: Site): Promise<void> {
  const stage = stages.at(-1);
  if (!stage) throw new Error('a Dockerfile begins with FROM');
  const set = (more: Partial<Stage>): void => void Object.assign(stage, more);
  switch (word) {
    case 'WORKDIR':
      await mkdir(join(stage.folder, rest), { recursive: true });
      return set({ workdir: rest });
    case 'RUN':
      return site.shell(stage.folder, `cd ${stage.workdir} && ${rest}`);
    case 'COPY':
      return copy(rest, stage, stages, site.context);
    case 'ENV': {
      const [key = '', value = ''] = rest.split('=');
      return set({ env: { ...stage.env, [key]: value } });
    }
    case 'USER':
      return set({ user: rest });
    case 'ENTRYPOINT':
      return set({ entrypoint: JSON.parse(rest) as string[] });
    case 'CMD':
      return set({ cmd: JSON.parse(rest) as string[] });
    case 'EXPOSE':
      return;
    default:
      throw new Error(`${word} is not known here`);
  }
}

/** As Docker: the content of a folder, a file by its name; into a folder where the last word ends in `/`. */
async function copy(
  rest: string,
  stage: Stage,
  stages: readonly Stage[],
  context: string,
): Promise<void> {
  const [, from, list = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(rest) ?? [];
  const source = from === undefined ? context : stages.find(({ name }) => name === from)?.folder;
  if (source === undefined) throw new Error(`no stage is called ${from}`);
  const words = list.split(' ');
  const target = words.pop() ?? '';
  const into = join(stage.folder, target.startsWith('/') ? '' : stage.workdir, target);
  for (const word of words) {
    const file = join(source, word);
    const { stdout } = await run('stat', ['-c', '%F', file]);
    const isFolder = stdout.trim() === 'directory';
    const place = !isFolder && target.endsWith('/') ? join(into, basename(file)) : into;
    await cp(file, place, { recursive: true, verbatimSymlinks: true });
  }
}

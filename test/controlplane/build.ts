// In: the recipes. Out: their binaries in a cache folder outside the checkout. On failure: an error
// that says what is missing, or what the compiler said; nothing half built is ever found later.
//
// Run by itself (`node test/controlplane/build.ts [name...]`), by vitest before the lane's tests, and
// by startCluster. The first build takes minutes; with everything present it is a few file reads.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, setPriority } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CrateRecipe, type GoRecipe, type Recipe, recipes } from './recipes.ts';

const here = import.meta.dirname;

/** Folder of each built recipe, by name; the binary in it has the same name. */
export type Built = Readonly<Record<string, string>>;

export async function build(names?: readonly string[]): Promise<Built> {
  const wanted = names ?? recipes.filter((one) => !('apart' in one)).map(({ name }) => name);
  const built: Record<string, string> = {};
  for (const name of wanted) {
    const recipe = recipes.find((one) => one.name === name);
    if (recipe === undefined) throw new Error(`no recipe is called ${name}`);
    built[name] = await buildOne(recipe);
  }
  return built;
}

/** vitest's global set-up: a missing binary is built before the first test, never skipped. */
export async function setup(): Promise<void> {
  await build();
}

export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['BALLAST_CACHE']) return join(env['BALLAST_CACHE'], 'controlplane');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ballast', 'controlplane');
}

async function buildOne(recipe: Recipe): Promise<string> {
  const cache = cacheFolder();
  const finished = join(cache, `${recipe.name}-${await keyOf(recipe)}`);
  if (existsSync(finished)) return finished;
  await ('crate' in recipe ? needRust(recipe) : needGo(folderOf(recipe)));
  await mkdir(cache, { recursive: true });
  const started = performance.now();
  console.log(`${recipe.name}: building (the first time takes minutes)`);
  // Built aside and renamed: a second build, or one that is broken off, never leaves half a binary.
  const aside = await mkdtemp(join(cache, `building-${recipe.name}-`));
  try {
    await ('crate' in recipe ? install(recipe, aside) : makeGo(recipe, aside));
    const { size } = await stat(join(aside, recipe.name));
    await settle(aside, finished);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${recipe.name}: built in ${seconds} s, ${Math.round(size / 1e6)} MB`);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return finished;
}

/** Whoever renames first wins; the other's output is the same by its key, and is thrown away. */
async function settle(aside: string, finished: string): Promise<void> {
  try {
    await rename(aside, finished);
  } catch (cause) {
    if (!existsSync(finished)) throw cause;
  }
}

function folderOf(recipe: Recipe): string {
  const folder = 'folder' in recipe ? recipe.folder : undefined;
  return join(here, folder ?? recipe.name);
}

async function keyOf(recipe: Recipe): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) {
    const path = join(folderOf(recipe), file);
    hash.update(`${file}\n`).update(existsSync(path) ? await readFile(path) : '');
  }
  hash.update(JSON.stringify([recipe, process.platform, process.arch]));
  return hash.digest('hex').slice(0, 16);
}

async function makeGo(recipe: GoRecipe, output: string): Promise<void> {
  const source = folderOf(recipe);
  await compile(recipe, source, output);
  await collect(recipe, source, output);
}

async function compile(recipe: GoRecipe, source: string, output: string): Promise<void> {
  const ldflags = ['-s', '-w', ...(recipe.ldflags ?? [])].join(' ');
  const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', ldflags];
  const built = join(output, recipe.name);
  await runQuietly('go', [...args, '-o', built, recipe.package], source);
}

/** Not optimised, which takes half the time. Into `bin`, and from there to where the others are. */
async function install({ name, crate }: CrateRecipe, output: string): Promise<void> {
  const target = join(output, 'target');
  const where = ['--root', output, '--target-dir', target];
  await runQuietly(
    'cargo',
    ['install', '--locked', '--debug', '--no-track', ...where, crate],
    output,
  );
  await rename(join(output, 'bin', name), join(output, name));
  await rm(target, { recursive: true });
  await rm(join(output, 'bin'), { recursive: true });
}

async function runQuietly(command: string, args: readonly string[], cwd: string): Promise<void> {
  const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: '0' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  // Minutes of compiling should not starve what else runs on the machine.
  if (child.pid !== undefined) setPriority(child.pid, 10);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed in ${cwd}:\n${said}`);
}

async function collect(recipe: GoRecipe, source: string, output: string): Promise<void> {
  if (recipe.alongside === undefined) return;
  const { module, files, into } = recipe.alongside;
  const list = ['list', '-m', '-f', '{{.Dir}}', module];
  const { stdout } = await promisify(execFile)('go', list, { cwd: source });
  const texts = files.map((file) => readFile(join(stdout.trim(), file), 'utf8'));
  await writeFile(join(output, into), (await Promise.all(texts)).join('\n---\n'));
}

async function needGo(source: string): Promise<void> {
  const needed = /^go (\S+)/m.exec(await readFile(join(source, 'go.mod'), 'utf8'))?.[1] ?? '1.26.0';
  const install = `Install Go ${needed} or newer from https://go.dev/dl/ and put it in PATH.`;
  let found: string;
  try {
    // Asked in the module's folder: a Go that fetches its own newer toolchain answers with that one.
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], { cwd: source });
    found = stdout.trim().replace(/^go/, '');
  } catch (cause) {
    throw new Error(
      `control plane tests and benchmark need Go, which does not run here. ${install}`,
      {
        cause,
      },
    );
  }
  if (olderThan(found, needed)) {
    throw new Error(
      `control plane tests and benchmark need Go ${needed}, here is ${found}. ${install}`,
    );
  }
}

async function needRust({ name, rust }: CrateRecipe): Promise<void> {
  const what = `the control plane tests need Rust ${rust} or newer for ${name}`;
  const install = 'Install it from https://rustup.rs/ and put cargo in PATH.';
  let found: string;
  try {
    const { stdout } = await promisify(execFile)('cargo', ['--version']);
    found = /^cargo (\S+)/.exec(stdout)?.[1] ?? '0';
  } catch (cause) {
    throw new Error(`${what}, and cargo does not run here. ${install}`, { cause });
  }
  if (olderThan(found, rust)) throw new Error(`${what}, here is ${found}. ${install}`);
}

function olderThan(found: string, needed: string): boolean {
  const [a = [], b = []] = [found, needed].map((text) => text.split(/\D+/).map(Number));
  const at = b.findIndex((part, index) => (a[index] ?? 0) !== part);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

if (import.meta.main) {
  const built = await build(process.argv.length > 2 ? process.argv.slice(2) : undefined);
  for (const [name, folder] of Object.entries(built)) console.log(`${name}: ${folder}`);
}

// `ballast import` on a configuration as people have it: includes, Lua, quotes, what cannot be taken.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { importApps, type Imported } from '../../../src/cli/nginx/apps.ts';
import { readDirectives } from '../../../src/cli/nginx/directives.ts';
import { call } from '../run.ts';

vi.setConfig({ testTimeout: 60_000 });

const read = (text: string, ...ingress: string[]): Imported =>
  importApps(readDirectives(text, 'nginx.conf'), new Set(ingress));

describe('directives', () => {
  it('have words in and without quotes, blocks, and a line', () => {
    const text = `# a comment; with { marks
user  www-data;
http {
  log_format main '$remote_addr "$request" it\\'s';
  map $a \${b}c { default "x;y"; }
}
`;
    expect(readDirectives(text, 'f')).toEqual([
      { name: 'user', words: ['www-data'], place: 'f:2' },
      {
        name: 'http',
        words: [],
        place: 'f:3',
        block: [
          { name: 'log_format', words: ['main', `$remote_addr "$request" it's`], place: 'f:4' },
          {
            name: 'map',
            words: ['$a', '${b}c'],
            place: 'f:5',
            block: [{ name: 'default', words: ['x;y'], place: 'f:5' }],
          },
        ],
      },
    ]);
  });

  it('pass over Lua, whatever braces it has', () => {
    const lua = `content_by_lua_block {
  local a = { b = "}" } -- }
  --[[ } ]] local c = [[ } ]] local d = [=[ } ]] ]=] --[==[ } ]] ]==] if a then ngx.say('}') end
}
after 1;`;
    expect(readDirectives(lua, 'f')).toEqual([
      { name: 'content_by_lua_block', words: [], block: [], place: 'f:1' },
      { name: 'after', words: ['1'], place: 'f:5' },
    ]);
  });

  it('keep a backslash that nginx keeps', () => {
    const text = String.raw`server_name "~^a\d{2}\.b\"c$" x\'y;`;
    expect(readDirectives(text, 'f')[0]?.words).toEqual([String.raw`~^a\d{2}\.b"c$`, "x'y"]);
  });

  it.each([
    ['http {', 'f:1: "end" is not expected here'],
    ['a b\n}', 'f:1: a has no ";"'],
    ['\n;', 'f:2: ";" is not expected here'],
    ['a "b;', 'f:1: a quote is not closed'],
    ['a_by_lua_block {\n', 'f:1: the Lua block is not closed'],
  ])('say what is wrong with %j', (text, said) => {
    expect(() => readDirectives(text, 'f')).toThrow(said);
  });
});

describe('an upstream', () => {
  it('becomes an app with its hosts, and its shares today', () => {
    const { apps, left } = read(`http {
      upstream shop { server 10.0.0.5:8080 weight=3; server 10.0.0.6; server [fd00:0::1]:80; keepalive 32; }
      server { server_name shop.example.com .example.org; location /a/ { proxy_pass http://shop/b; } }
      server { server_name other.example.com; location / { proxy_pass http://10.0.0.9; } }
    }`);
    expect(left).toEqual([]);
    expect(apps).toEqual([
      {
        name: 'shop',
        place: 'nginx.conf:2',
        hosts: ['*.example.org', 'example.org', 'shop.example.com'],
        vms: [
          { address: '10.0.0.5:8080' },
          { address: '10.0.0.6:80' },
          { address: '[fd00::1]:80' },
        ],
        shares: [
          { address: '10.0.0.5:8080', weight: 3, today: 0.6, later: 1 / 3 },
          { address: '10.0.0.6:80', weight: 1, today: 0.2, later: 1 / 3 },
          { address: '[fd00::1]:80', weight: 1, today: 0.2, later: 1 / 3 },
        ],
        notes: [],
      },
    ]);
  });

  it.each([
    ['least_conn;', { balance: 'least' }],
    ['ip_hash;', { balance: 'hash', key: 'remote_addr' }],
    ['hash $cookie_id consistent;', { balance: 'hash', key: 'cookie_id' }],
    ['random;', undefined],
  ])('with %s has its policy', (line, policy) => {
    const { apps } = read(`upstream a { ${line} server 10.0.0.5:80; }`);
    expect(apps[0]?.policy).toEqual(policy);
  });

  it('leaves behind what is no VM, and says why', () => {
    const { apps, left } = read(
      `upstream a {
         server 10.0.0.1:80 down; server 10.0.0.2:80 backup; server app.local:80; server unix:/a.sock;
         server 10.0.0.3:80; server 10.0.0.4:80; hash $a$b; server 10.0.0.5:80;
       }
       upstream b { server b.local; }
       upstream "a b" { server 10.0.0.5; }
       upstream lua { server 0.0.0.1; balancer_by_lua_file pick.lua; }
       server { server_name ~^x$ _; location / { proxy_pass http://a; } }
       stream { upstream c { server 10.0.0.5:53; } }`,
      '10.0.0.3',
      '10.0.0.4:80',
    );
    expect(apps.map(({ name, vms }) => [name, vms])).toEqual([['a', [{ address: '10.0.0.5:80' }]]]);
    expect(apps[0]?.notes).toEqual([
      'nginx.conf:2: 10.0.0.1:80 is left out: it is down',
      'nginx.conf:2: 10.0.0.2:80 is left out: a backup; every server of Ballast serves',
      'nginx.conf:2: app.local:80 is left out: it is no address; Ballast asks no DNS',
      'nginx.conf:2: unix:/a.sock is left out: it is no address; Ballast asks no DNS',
      'nginx.conf:3: 10.0.0.3:80 is left out: an ingress node; Ballast finds it in its cluster',
      'nginx.conf:3: 10.0.0.4:80 is left out: an ingress node; Ballast finds it in its cluster',
      'no server_name leads to it by proxy_pass: give it hosts',
      'nginx.conf:3: hash $a$b: set one variable to it, and name that as policy.key',
    ]);
    expect(left.map((line) => line.replace(/;.*/, ''))).toEqual([
      'nginx.conf:8: server_name ~^x$: an app\'s hosts are names, with "*" for the first label',
      'nginx.conf:5: upstream b: no server that could be a VM',
      'nginx.conf:6: upstream a b: its name is none for an app (letters, digits, ".", "_", "-")',
      'nginx.conf:7: upstream lua: Lua picks its servers',
      'nginx.conf:9: stream: Ballast serves HTTP only',
    ]);
  });

  it('has an address once, with the weights of all its lines', () => {
    const [app] = read(
      'upstream a { server 10.0.0.5; server 10.0.0.6; server 10.0.0.5:80 weight=2; }',
    ).apps;
    expect(app?.vms).toEqual([{ address: '10.0.0.5:80' }, { address: '10.0.0.6:80' }]);
    expect(app?.shares.map(({ weight, today }) => [weight, today])).toEqual([
      [3, 0.75],
      [1, 0.25],
    ]);
    expect(app?.notes[0]).toBe('nginx.conf:1: 10.0.0.5:80 again: its weights are added up');
  });

  it('names what nginx does and Ballast does not', () => {
    const { apps, left } = read(`
      upstream a { sticky cookie id; server 10.0.0.5 weight=2 max_conns=9 max_fails=1; server 10.0.0.6 weight=x; }
      upstream b { server 10.0.0.5; } upstream php { server 10.0.0.7:9000; }
      server { server_name x.example.com;
        location /a { proxy_pass https://a; } location /b { grpc_pass grpc://b; }
        location /c { fastcgi_pass php; } }`);
    expect(apps.map(({ name, notes }) => [name, notes.slice(0, 4)])).toEqual([
      [
        'a',
        [
          'nginx.conf:2: 10.0.0.5 goes without max_conns=9',
          'nginx.conf:2: 10.0.0.6 is left out: weight=x is no weight',
          'it is asked by TLS: that needs an upstream of its own (README, "HTTPS to ingress nodes")',
          'nginx.conf:2: sticky stays behind: Ballast has no such way',
        ],
      ],
      [
        'b',
        [
          'grpc_pass leads to it: it needs an upstream of its own (README, "gRPC")',
          'x.example.com is a’s host already: say "set $ballast_app b;" in its locations',
        ],
      ],
    ]);
    expect(left).toEqual([
      'nginx.conf:3: upstream php: fastcgi_pass leads to it: Ballast serves HTTP and gRPC',
    ]);
  });

  it.each(['http://Shop$request_uri', 'HTTP://shop:80/x', 'http://SHOP', 'http://shop/$1'])(
    'is found by proxy_pass %s',
    (target) => {
      const { apps } = read(
        `upstream Shop { server 10.0.0.5; } server { server_name a.b; location / { proxy_pass ${target}; } }`,
      );
      expect(apps[0]).toMatchObject({ name: 'Shop', hosts: ['a.b'], notes: [] });
    },
  );

  it('shares no host with another: nginx tells them apart by location', () => {
    const { apps } = read(`
      upstream a { server 10.0.0.5; } upstream b { server 10.0.0.6; }
      server { server_name x.example.com;
        location /a { proxy_pass http://a; } location /b { proxy_pass http://b; } }`);
    expect(apps.map(({ hosts }) => hosts)).toEqual([['x.example.com'], []]);
    expect(apps[1]?.notes.at(-1)).toContain('set $ballast_app b;');
  });
});

describe('the command', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-import-'));
    mkdirSync(join(folder, 'sites'));
    const site = (name: string, weight: number): string =>
      `upstream ${name} { server 10.0.0.5:80 weight=${weight}; server 10.0.0.6:80; }
       server { server_name ${name}.example.com; location / { proxy_pass http://${name}; } }`;
    writeFileSync(join(folder, 'nginx.conf'), 'events {}\nhttp { include sites/*.conf; }');
    writeFileSync(join(folder, 'sites', 'shop.conf'), site('shop', 3));
    writeFileSync(join(folder, 'sites', 'news.conf'), site('news', 1));
    writeFileSync(join(folder, 'even.conf'), `http { include sites/news.conf; }`);
    const heavy = 'upstream a { server 10.0.0.5 weight=20000; server 10.0.0.6 weight=10000; }';
    writeFileSync(join(folder, 'heavy.conf'), heavy);
    writeFileSync(join(folder, 'broken.conf'), 'http {\n  include absent.conf;\n}');
    writeFileSync(join(folder, 'loop.conf'), 'include loop.conf;');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('shows what would change, and how to keep it: exit code 2', async () => {
    const { code, out, errors } = await call(['import', join(folder, 'nginx.conf')]);
    expect([code, errors]).toEqual([2, '']);
    expect(out).toContain(`shop (${join(folder, 'sites', 'shop.conf')}:1) shop.example.com
  vm           weight  today   with Ballast
  10.0.0.5:80  3       75.0 %  50.0 %
  10.0.0.6:80  1       25.0 %  50.0 %
  to keep today’s shares, once it is there:
    ballast weight pin shop --server-address 10.0.0.5:80 --weight 30 --why "as before"
    ballast weight pin shop --server-address 10.0.0.6:80 --weight 10 --why "as before"
`);
    expect(out).toMatch(/^news .*\n(.*\n){3}\n/);
  });

  it('keeps shares by pins that may be made', async () => {
    const { out } = await call(['import', join(folder, 'heavy.conf')]);
    expect(out.match(/--weight \d+/g)).toEqual(['--weight 65535', '--weight 32767']);
  });

  it('says by exit code 0 that nothing would change', async () => {
    expect((await call(['import', join(folder, 'even.conf')])).code).toBe(0);
  });

  it('writes keys that the configuration takes', async () => {
    const { out } = await call(['import', join(folder, 'nginx.conf'), '-o', 'yaml']);
    const file = join(folder, 'ballast.yaml');
    const base = { environment: 'test', redis: { url: 'redis://127.0.0.1:1' } };
    writeFileSync(file, stringify({ ...base, ...(parse(out) as object) }));
    const { code, errors } = await call(['config', 'check', '--config', file]);
    expect([code, errors]).toEqual([0, '']);
    const { apps } = parse(out) as { apps: { list: { name: string }[] } };
    expect(apps.list.map(({ name }) => name)).toEqual(['news', 'shop']);
  });

  it.each([
    ['broken.conf', /broken\.conf:2: ENOENT/],
    ['loop.conf', /loop\.conf:1: includes lie deeper than 16/],
    ['absent.conf', /ENOENT/],
    ['sites', /sites: EISDIR/],
  ])('names the place of what is wrong in %s', async (name, said) => {
    const { code, out, errors } = await call(['import', join(folder, name)]);
    expect([code, out]).toEqual([1, '']);
    expect(errors).toMatch(said);
  });
});

// By which HTTP proxy a cluster is reached. Pure but for the reading of addresses.
//
// Comes in: the server's URL and the environment. Goes out: the proxy's URL, or none. As in kubectl:
// HTTPS_PROXY or HTTP_PROXY by the server's scheme, in either case of letters; NO_PROXY names hosts,
// `.domains`, addresses and CIDR ranges, each perhaps with a port, or `*`; loopback never takes one.

import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

export function proxyOf(server: string, environment: Environment): string | undefined {
  const url = new URL(server);
  const scheme = url.protocol === 'http:' ? 'HTTP' : 'HTTPS';
  const proxy = read(environment, `${scheme}_PROXY`);
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (scheme === 'HTTP' ? '80' : '443');
  if (isLoopback(host) || isLeftOut(host, port, read(environment, 'NO_PROXY'))) return undefined;
  // As curl and Go have it: an address without scheme is an HTTP proxy.
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function read(environment: Environment, name: string): string {
  return (environment[name] || environment[name.toLowerCase()] || '').trim();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function isLeftOut(host: string, port: string, list: string): boolean {
  return list
    .split(/[,\s]+/)
    .filter((rule) => rule !== '')
    .some((rule) => fits(rule.toLowerCase(), host, port));
}

function fits(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true;
  if (rule.includes('/')) return isInRange(rule, host);
  const { name, only } = splitPort(rule);
  if (only !== undefined && only !== port) return false;
  if (isIP(name) !== 0 || isIP(host) !== 0) return name === host;
  const domain = name.replace(/^\*?\./, '');
  const whole = name === domain;
  return host.endsWith(`.${domain}`) || (whole && host === domain);
}

function splitPort(rule: string): { readonly name: string; readonly only?: string } {
  if (isIP(rule) === 6) return { name: rule };
  const parts = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(rule);
  const [, name = rule, only] = parts ?? [];
  return { name, ...(only !== undefined && { only }) };
}

function isInRange(rule: string, host: string): boolean {
  const [net = '', bits = ''] = rule.split('/');
  const version = isIP(host);
  const width = Number(bits);
  if (version === 0 || isIP(net) !== version || !/^\d+$/.test(bits)) return false;
  if (width > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(net, width, family);
  return range.check(host, family);
}

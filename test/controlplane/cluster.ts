// A real Kubernetes control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and
// kwok, which plays the kubelets (its pods become Ready and have addresses, and run nothing).
//
//   await using east = await startCluster({ name: 'east', groups: ['steady', 'mute'] });
//   await east.admin.apply(namespace('prod'), ...app({ name: 'shop', namespace: 'prod', replicas: 20 }));
//   await east.stopApiServer();        // crash: connections break, etcd keeps the data
//   await east.startApiServer();       // same port, same certificate, same data
//   east.pauseApiServer();             // hang: connections stay, nothing answers; resumeApiServer()
//   await east.silence('mute');        // the group's kubelets say nothing more: NotReady after 50 s
//   await east.revive('mute');
//   await east.stop();                 // everything; start() brings it back with its data
//   const copy = await east.copyEtcd();    // while it is stopped; restoreEtcd(copy) likewise
//   await east.compactEtcd();          // what was before is gone: old versions are answered by 410
//   await east.replaceCertificate();   // at the same path; the old one is worth nothing any more
//   await east.revokeToken('ballast');     // giveToken('ballast')
//
// In: a name and wishes. Out: a cluster that is ready, with kubeconfig files for the tests' admin and
// for the plain user `ballast`, who has exactly deploy/manifests/cluster-role-reader.yaml.
// On failure: an error that quotes the last lines of the log of the part that failed; logs lie in
// `folder`/logs. Nothing is left running and no folder stays, in whatever way the test process ends
// (keeper.ts), unless CONTROLPLANE_KEEP is set: then the folder stays, to be read.
//
// After an outage of 20 s or more everything that watches has backed off, kubelets too: for a minute
// new pods, readiness and EndpointSlices lag behind, and after a longer one all nodes are Unknown in
// between. So it is in real clusters; a test that is about something else calls restartControllers()
// after startApiServer().
//
// Clusters share nothing, so several run side by side, each on ports of its own (0.7 GB a cluster).
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Tokens, writeTokenFile } from './access.ts';
import { type Assembly, assemble, type ClusterOptions, kubeconfigPath } from './assembly.ts';
import { build } from './build.ts';
import { Client } from './client.ts';
import { compact, copyData, restoreData } from './etcd-data.ts';
import { dropLeases, wakePods } from './leases.ts';
import type { Part } from './part.ts';
import { isFree } from './ports.ts';
import { answers, bindReader, hasServiceAccount, mayList } from './readiness.ts';
import { until } from './until.ts';

export type { ClusterOptions };

export async function startCluster(options: ClusterOptions): Promise<ControlPlane> {
  const built = await build(['etcd', 'kwok', 'kubernetes']);
  for (let attempt = 1; ; attempt++) {
    const cluster = new ControlPlane(options.name, await assemble(options, built));
    try {
      await cluster.start();
      return cluster;
    } catch (cause) {
      const clash = await cluster.lostPort();
      await cluster.close();
      if (clash === undefined || attempt === 3) throw cause;
      console.warn(`${options.name}: port ${clash} was taken meanwhile, starting on others`);
    }
  }
}

const startDeadline = 120_000;

/** `startCluster` makes it; its use is shown at the top of this file. */
export class ControlPlane {
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly adminKubeconfig: string;
  readonly ballastKubeconfig: string;
  #is: Assembly;
  #ca = '';
  #clients = new Map<string, Client>();

  constructor(name: string, assembly: Assembly) {
    this.#is = assembly;
    this.name = name;
    this.folder = assembly.folder;
    this.url = assembly.url;
    this.adminKubeconfig = this.kubeconfig('admin');
    this.ballastKubeconfig = this.kubeconfig('ballast');
  }

  /** The certificate to verify the API server by, in PEM. */
  get ca(): string {
    return this.#ca;
  }

  get adminToken(): string {
    return this.token('admin');
  }

  /** The tests' own hand: may do everything. */
  get admin(): Client {
    return this.client('admin');
  }

  token(user: string): string {
    const token = this.#is.tokens.get(user);
    if (token === undefined) throw new Error(`${this.name} has no user ${user}`);
    return token;
  }

  kubeconfig(user: string): string {
    this.token(user);
    return kubeconfigPath(this.folder, user);
  }

  client(user: string): Client {
    const known = this.#clients.get(user);
    if (known !== undefined) return known;
    const client = new Client({ url: this.url, ca: this.#ca, token: this.token(user) });
    this.#clients.set(user, client);
    return client;
  }

  async start(): Promise<void> {
    const { etcd, etcdUrl, controllerManager, scheduler } = this.#is;
    etcd.start();
    await etcd.ready(() => answers(`${etcdUrl}/health`), startDeadline);
    await this.startApiServer();
    await this.restartControllers();
    await bindReader(this.admin, 'ballast');
    const served = () => hasServiceAccount(this.admin, 'default');
    await controllerManager.ready(served, startDeadline);
    await until('the plain user may list', () => mayList(this.client('ballast')), startDeadline);
    if (!scheduler.running) throw new Error(`scheduler ended\n${await scheduler.lastLines()}`);
  }

  /** Controllers, scheduler and all kubelets begin anew, without the back-off they have run up. */
  async restartControllers(): Promise<void> {
    const { controllerManager, scheduler, kubelets } = this.#is;
    await Promise.all(this.#clientParts().map((part) => part.stop()));
    controllerManager.start();
    scheduler.start();
    await Promise.all([...kubelets.keys()].map((group) => this.revive(group)));
  }

  async stop(): Promise<void> {
    const parts = [...this.#clientParts(), this.#is.apiServer, this.#is.etcd];
    await Promise.all(parts.map((part) => part.stop()));
  }

  async startApiServer(): Promise<void> {
    const { apiServer, caFile, url } = this.#is;
    apiServer.start();
    // The server makes its certificate at its first start; before, reading it fails: not ready yet.
    const probe = async () => answers(`${url}/readyz`, (this.#ca = await readFile(caFile, 'utf8')));
    await apiServer.ready(probe, startDeadline);
  }

  /** A crash, unless the signal asks for the orderly end. */
  async stopApiServer(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    await this.#is.apiServer.stop(signal);
  }

  pauseApiServer(): void {
    this.#is.apiServer.pause();
  }

  resumeApiServer(): void {
    this.#is.apiServer.resume();
  }

  /** Of a stopped cluster; the answer is for `restoreEtcd`. */
  async copyEtcd(): Promise<string> {
    return copyData(this.#is.etcd, this.folder);
  }

  /** Of a stopped cluster: all that was written since the copy never was. */
  async restoreEtcd(copy: string): Promise<void> {
    await restoreData(this.#is.etcd, this.folder, copy);
  }

  async compactEtcd(): Promise<void> {
    await compact(this.#is.etcdUrl);
  }

  async replaceCertificate(): Promise<void> {
    await this.stopApiServer();
    await rm(join(this.folder, 'certs'), { recursive: true });
    await this.startApiServer();
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    this.#clients.clear();
    await this.restartControllers();
  }

  async revokeToken(user: string): Promise<void> {
    const others = [...this.#is.tokens].filter(([name]) => name !== user);
    await this.#exchangeTokens(new Map(others));
  }

  async giveToken(user: string): Promise<void> {
    this.token(user);
    await this.#exchangeTokens(this.#is.tokens);
  }

  async #exchangeTokens(tokens: Tokens): Promise<void> {
    await writeTokenFile(this.folder, tokens);
    await this.stopApiServer();
    await this.startApiServer();
    await this.restartControllers();
  }

  /** The kubelets of these nodes fall silent. What they last said stays written, until the control
   *  plane loses patience: nodes Ready=Unknown, their pods Ready=False, ContainersReady untouched. */
  async silence(group: string): Promise<void> {
    await this.#kubelets(group).part.stop();
  }

  async revive(group: string): Promise<void> {
    const { part, healthUrl, nodeSelector } = this.#kubelets(group);
    await dropLeases(this.admin, nodeSelector);
    part.start();
    await part.ready(() => answers(healthUrl), startDeadline);
    await wakePods(this.admin, nodeSelector);
  }

  /** After a failed start: a port that somebody else took between our question and our use. */
  async lostPort(): Promise<number | undefined> {
    await this.stop();
    for (const port of this.#is.ports) if (!(await isFree(port))) return port;
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
    await this.stop();
    if (!process.env['CONTROLPLANE_KEEP']) {
      await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
    }
    this.#is.keeper.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #kubelets(group: string) {
    const kubelets = this.#is.kubelets.get(group);
    if (kubelets === undefined) throw new Error(`${this.name} has no group of nodes ${group}`);
    return kubelets;
  }

  #clientParts(): Part[] {
    const { controllerManager, scheduler, kubelets } = this.#is;
    return [...[...kubelets.values()].map(({ part }) => part), scheduler, controllerManager];
  }
}

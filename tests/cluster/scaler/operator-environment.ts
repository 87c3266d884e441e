/** The operator as a process on this machine, with the rights that its chart ships and no others. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../../../dev/ports.ts';
import { waitFor } from '../../../dev/wait-for.ts';
import { objectsOf, renderChart, repository } from '../../manifests/render.ts';
import { run } from '../support/kubectl.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

export const kind = 'consumerscalers.scaling.orderpipeline.dev';
/** Nobody listens there: the lag is unknown, and what does not need it goes on. */
export const nobody = '127.0.0.1:1';

export interface World extends AsyncDisposable {
  readonly namespace: string;
  readonly proxy: FaultProxy;
  kubectl(...args: readonly string[]): Promise<string>;
  apply(...objects: readonly object[]): Promise<string>;
  get<T = any>(...args: readonly string[]): Promise<T>;
  /** A Deployment without pods: what is asked of it is what counts here. */
  addTarget(name: string, replicas?: number): Promise<void>;
  addScaler(name: string, spec?: object, metadata?: object): Promise<void>;
  setSpec(name: string, spec: object): Promise<string>;
  replicas(name: string): Promise<number>;
  /** Resolves once the target has that many. */
  untilReplicas(name: string, replicas: number, timeoutMs?: number): Promise<void>;
  condition(name: string, type: string): Promise<{ status: string; reason: string; message: string } | undefined>;
  startOperator(
    instance: string,
    environment?: Readonly<Record<string, string>>,
    /** Seen from the service's folder. */
    main?: string,
  ): Promise<Operator>;
}

export interface Operator {
  readonly process: ChildProcess;
  log(): string;
  metric(pattern: RegExp): Promise<number>;
  /** Memory that is no file's, which is what a container is charged for in the end. */
  anonymousMemoryMiB(): number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const limitMs = 30_000;

export async function createWorld(name: string, ...chartValues: readonly string[]): Promise<World> {
  const namespace = `scaler-${name}`;
  const kubectl = (...args: readonly string[]) => run('kubectl', ['--namespace', namespace, ...args]);
  const apply = (...objects: readonly object[]) =>
    run(
      'kubectl',
      ['--namespace', namespace, 'apply', '--server-side', '--force-conflicts', '--filename', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
  await applyScalerCrd();
  await run('kubectl', ['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
  await run('kubectl', ['create', 'namespace', namespace]);
  const values = chartValues.flatMap((value) => ['--set', value]);
  const shipped = objectsOf(await renderChart('consumer-scaler', '--namespace', namespace, ...values)).filter(
    ({ kind }) => /^(ServiceAccount|(Cluster)?Role(Binding)?)$/u.test(kind),
  );
  await apply(...shipped);

  const dir = mkdtempSync(join(tmpdir(), 'consumer-scaler-'));
  const proxy = await startFaultProxy(
    await run('kubectl', ['config', 'view', '--raw', '--minify', '--output', 'json']),
  );
  const token = (await kubectl('create', 'token', 'consumer-scaler', '--duration=2h')).trim();
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, stringify(kubeconfigOf(proxy.url, token)), { mode: 0o600 });
  const operators: Operator[] = [];

  const world: World = {
    namespace,
    proxy,
    kubectl,
    apply,
    get: async (...args) => JSON.parse(await kubectl('get', ...args, '--output', 'json')),
    addTarget: async (target, replicas = 0) => void (await apply(deployment(target, replicas))),
    addScaler: async (scaler, spec = {}, metadata = {}) => void (await apply(consumerScaler(scaler, spec, metadata))),
    setSpec: (scaler, spec) => kubectl('patch', kind, scaler, '--type=merge', `--patch=${JSON.stringify({ spec })}`),
    replicas: async (target) => (await world.get('deployment', target)).spec.replicas as number,
    async untilReplicas(target, replicas, timeoutMs = limitMs) {
      const check = async () => {
        const now = await world.replicas(target);
        if (now !== replicas) throw new Error(`it has ${now}`);
        return true;
      };
      await waitFor(check, { what: `${target} with ${replicas} replicas`, timeoutMs, pollMs: 200 });
    },
    async condition(scaler, type) {
      const { status } = await world.get(kind, scaler);
      return status?.conditions?.find((one: { type: string }) => one.type === type);
    },
    async startOperator(instance, environment = {}, main = 'src/main.ts') {
      const operator = await startOperator(main, kubeconfig, namespace, instance, environment);
      operators.push(operator);
      return operator;
    },
    async [Symbol.asyncDispose]() {
      await proxy.setFault('none');
      await Promise.all(operators.map((operator) => operator.kill('SIGKILL')));
      await proxy.close();
      // Without an operator nobody would let go of what it is to restore.
      const left = JSON.parse(await kubectl('get', kind, '--output', 'json')) as {
        items: { metadata: { name: string } }[];
      };
      for (const { metadata } of left.items) {
        await kubectl('patch', kind, metadata.name, '--type=merge', '--patch={"metadata":{"finalizers":[]}}');
      }
      for (const { kind, metadata } of shipped.filter(({ kind }) => kind.startsWith('Cluster'))) {
        await run('kubectl', ['delete', kind, String(metadata['name'])]);
      }
      await run('kubectl', ['delete', 'namespace', namespace, '--wait=false']);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return world;
}

/** As a user has to, before an upgrade: Helm installs what is in crds/ with a first release only. */
export async function applyScalerCrd(): Promise<void> {
  const crds = join(repository, 'helm/consumer-scaler/crds');
  await run('kubectl', ['apply', '--server-side', '--force-conflicts', '--filename', crds]);
  await run('kubectl', ['wait', '--for=condition=Established', `crd/${kind}`, '--timeout=30s']);
}

export const deployment = (name: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    paused: true,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'none', image: 'none:1' }] },
    },
  },
});

export const consumerScaler = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'scaling.orderpipeline.dev/v1alpha1',
  kind: 'ConsumerScaler',
  metadata: { name, ...metadata },
  spec: {
    targetRef: { name },
    consumerGroup: name,
    topics: ['orders'],
    kafka: { bootstrapServers: nobody },
    pollSeconds: 1,
    ...spec,
  },
});

const kubeconfigOf = (server: string, token: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  // Plain HTTP, to the proxy alone, which speaks TLS to the API server.
  clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
  users: [{ name: 'operator', user: { token } }],
  contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
  'current-context': 'proxy',
});

async function startOperator(
  main: string,
  kubeconfig: string,
  namespace: string,
  instance: string,
  environment: Readonly<Record<string, string>>,
): Promise<Operator> {
  const port = await freePort();
  const child = spawn(process.execPath, [main], {
    cwd: join(repository, 'operator'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      KUBECONFIG: kubeconfig,
      WATCH_NAMESPACE: namespace,
      LEASE_NAMESPACE: namespace,
      INSTANCE_ID: instance,
      HOST: '127.0.0.1',
      PORT: String(port),
      ...environment,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const operator: Operator = {
    process: child,
    log: () => said,
    async metric(pattern) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const lines = text.split('\n').filter((line) => pattern.test(line));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    anonymousMemoryMiB() {
      const [, kib] = /^RssAnon:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))!;
      return Number(kib) / 1_024;
    },
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
  await waitFor(async () => ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok ? true : undefined), {
    what: `the operator ${instance}`,
    timeoutMs: limitMs,
    giveUp: () => (child.exitCode === null ? undefined : said),
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${said}`, { cause: error });
  });
  return operator;
}

/** Runs the operator as a process on this machine, with exactly the rights that its chart grants. */
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
/** No broker listens there: the lag is unknown. */
const unreachableBroker = '127.0.0.1:1';

export interface TestEnvironment extends AsyncDisposable {
  readonly namespace: string;
  readonly proxy: FaultProxy;
  kubectl(...args: readonly string[]): Promise<string>;
  apply(...objects: readonly object[]): Promise<string>;
  get<T = any>(...args: readonly string[]): Promise<T>;
  /** A Deployment without pods: only its spec counts. */
  addTarget(name: string, replicas?: number): Promise<void>;
  addScaler(name: string, spec?: object, metadata?: object): Promise<void>;
  setSpec(name: string, spec: object): Promise<string>;
  replicas(name: string): Promise<number>;
  /** Resolves once the target has this number of replicas. */
  untilReplicas(name: string, replicas: number, timeoutMs?: number): Promise<void>;
  condition(name: string, type: string): Promise<{ status: string; reason: string; message: string } | undefined>;
  startOperator(
    instance: string,
    variables?: Readonly<Record<string, string>>,
    /** Relative to the operator's folder. */
    main?: string,
  ): Promise<Operator>;
}

export interface Operator {
  readonly process: ChildProcess;
  log(): string;
  metric(pattern: RegExp): Promise<number>;
  /** Memory that no file backs: what a container is charged for. */
  anonymousMemoryMiB(): number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const limitMs = 30_000;

export async function createEnvironment(name: string, ...chartValues: readonly string[]): Promise<TestEnvironment> {
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

  const environment: TestEnvironment = {
    namespace,
    proxy,
    kubectl,
    apply,
    get: async (...args) => JSON.parse(await kubectl('get', ...args, '--output', 'json')),
    addTarget: async (target, replicas = 0) => void (await apply(deployment(target, replicas))),
    addScaler: async (scaler, spec = {}, metadata = {}) => void (await apply(consumerScaler(scaler, spec, metadata))),
    setSpec: (scaler, spec) => kubectl('patch', kind, scaler, '--type=merge', `--patch=${JSON.stringify({ spec })}`),
    replicas: async (target) => (await environment.get('deployment', target)).spec.replicas as number,
    async untilReplicas(target, replicas, timeoutMs = limitMs) {
      const check = async () => {
        const now = await environment.replicas(target);
        if (now !== replicas) throw new Error(`it has ${now} replicas`);
        return true;
      };
      await waitFor(check, { what: `${target} with ${replicas} replicas`, timeoutMs, pollMs: 200 });
    },
    async condition(scaler, type) {
      const { status } = await environment.get(kind, scaler);
      return status?.conditions?.find((one: { type: string }) => one.type === type);
    },
    async startOperator(instance, variables = {}, main = 'src/main.ts') {
      const operator = await startOperator(main, kubeconfig, namespace, instance, variables);
      operators.push(operator);
      return operator;
    },
    async [Symbol.asyncDispose]() {
      await proxy.setFault('none');
      await Promise.all(operators.map((operator) => operator.kill('SIGKILL')));
      await proxy.close();
      // Without the operator no process would remove the finalizers of the resources.
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
  return environment;
}

/** As a user has to do before an upgrade: Helm installs the files in crds/ only with the first release. */
export async function applyScalerCrd(): Promise<void> {
  const crds = join(repository, 'helm/consumer-scaler/crds');
  await run('kubectl', ['apply', '--server-side', '--force-conflicts', '--filename', crds]);
  await run('kubectl', ['wait', '--for=condition=Established', `crd/${kind}`, '--timeout=30s']);
}

export function deployment(name: string, replicas: number) {
  return {
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
  };
}

export function consumerScaler(name: string, spec: object = {}, metadata: object = {}) {
  return {
    apiVersion: 'scaling.orderpipeline.dev/v1alpha1',
    kind: 'ConsumerScaler',
    metadata: { name, ...metadata },
    spec: {
      targetRef: { name },
      consumerGroup: name,
      topics: ['orders'],
      kafka: { bootstrapServers: unreachableBroker },
      pollSeconds: 1,
      ...spec,
    },
  };
}

function kubeconfigOf(server: string, token: string) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    // Plain HTTP to the proxy, which uses TLS to the API server.
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
    'current-context': 'proxy',
  };
}

async function startOperator(
  main: string,
  kubeconfig: string,
  namespace: string,
  instance: string,
  variables: Readonly<Record<string, string>>,
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
      ...variables,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const operator: Operator = {
    process: child,
    log: () => output,
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
    giveUp: () => (child.exitCode === null ? undefined : output),
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${output}`, { cause: error });
  });
  return operator;
}

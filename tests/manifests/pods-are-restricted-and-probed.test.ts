import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { stringify } from 'yaml';
import { kubeTool } from '../support/kube-tools.ts';
import { renderAll, type Rendered } from './all-manifests.ts';
import type { KubeObject } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: tools are built

/** What the linter asks for, and we have reasons not to do. */
const declined = [
  'container-image-pull-policy', // Always: our tags are never moved, and kind has images that no registry has
  'deployment-has-host-podantiaffinity', // spread constraints do it, and bend where there is one node
  'deployment-replicas', // how many there are is left to `kubectl scale` or an autoscaler
  'networkpolicy-targets-pod', // the pods of Kafka and MongoDB are made by their operators
];

let everything: Rendered[];
let linter: string;
beforeAll(async () => {
  linter = await kubeTool('kube-score');
  everything = await renderAll();
}, setUpLimitMs);

const objectsIn = (what: string): readonly KubeObject[] => everything.find((each) => each.what === what)!.objects;

function lint(objects: readonly KubeObject[]): string[] {
  // Helm names the namespace only to the API server; the linter matches policies by it.
  const placed = objects.map((each) => ({ ...each, metadata: { ...each.metadata, namespace: 'order-pipeline' } }));
  const args = ['score', '--output-format', 'ci', ...declined.flatMap((id) => ['--ignore-test', id]), '-'];
  const { stdout, stderr } = spawnSync(linter, args, {
    input: placed.map((object) => stringify(object)).join('---\n'),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return stdout.split('\n').filter((line) => /^\[(CRITICAL|WARNING)\]/.test(line));
}

interface PodSpec {
  readonly securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type?: string } };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Record<string, unknown>[];
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly env: readonly { name: string; value?: string }[];
  readonly ports?: readonly { hostPort?: number }[];
  readonly lifecycle?: { preStop?: { sleep?: { seconds?: number } } };
  readonly livenessProbe?: { httpGet?: { path?: string } };
  readonly readinessProbe?: { httpGet?: { path?: string } };
  readonly startupProbe?: { httpGet?: { path?: string } };
  readonly securityContext?: {
    privileged?: boolean;
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    capabilities?: { drop?: readonly string[]; add?: readonly string[] };
  };
}

const podSpecOf = (object: KubeObject): PodSpec | undefined =>
  object.kind === 'Pod' ? object['spec'] : object['spec']?.template?.spec?.containers && object['spec'].template.spec;

/** What the Pod Security Standard "restricted" has against a pod. */
function violations(pod: PodSpec): string[] {
  const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext ?? {};
  const allowedVolumes = [
    'configMap',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  const found: [string, boolean][] = [
    ['runs as root', runAsNonRoot !== true || runAsUser === 0],
    ['has no seccomp profile', seccompProfile?.type !== 'RuntimeDefault'],
    ['uses a namespace of the host', Boolean(pod.hostNetwork || pod.hostPID || pod.hostIPC)],
    [
      'has a volume of the host',
      (pod.volumes ?? []).some((volume) =>
        Object.keys(volume).some((key) => key !== 'name' && !allowedVolumes.includes(key)),
      ),
    ],
    ...[...pod.containers, ...(pod.initContainers ?? [])].flatMap(({ name, securityContext, ports }) => {
      const { privileged, allowPrivilegeEscalation, capabilities } = securityContext ?? {};
      return [
        [`${name} may gain privileges`, privileged === true || allowPrivilegeEscalation !== false],
        [`${name} keeps capabilities`, !capabilities?.drop?.includes('ALL') || (capabilities.add ?? []).length > 0],
        [`${name} takes a port of the host`, (ports ?? []).some(({ hostPort }) => hostPort !== undefined)],
      ] as [string, boolean][];
    }),
  ];
  return found.filter(([, is]) => is).map(([what]) => what);
}

const pods = (): { what: string; object: KubeObject; pod: PodSpec }[] =>
  everything.flatMap(({ what, objects }) =>
    objects.flatMap((object) => {
      const pod = podSpecOf(object);
      return pod ? [{ what: `${what}: ${object.kind} ${object.metadata['name']}`, object, pod }] : [];
    }),
  );

const ours = () => pods().filter(({ object }) => object.kind === 'Deployment' && !object.metadata['namespace']);

describe('every pod', () => {
  test('is restricted, as its namespace enforces', () => {
    expect(pods().length).toBeGreaterThan(50);
    expect(pods().flatMap(({ what, pod }) => violations(pod).map((violation) => `${what} ${violation}`))).toEqual([]);
  });

  test('is named if it were not', () => {
    const pod = structuredClone(pods()[0]!.pod) as { -readonly [K in keyof PodSpec]: any };
    pod.securityContext = {};
    pod.volumes = [{ name: 'root', hostPath: { path: '/' } }];
    pod.containers[0].securityContext = { privileged: true };
    expect(violations(pod)).toHaveLength(5);
  });

  test('neither gets a token of the API server nor an environment full of other Services', () => {
    for (const { what, pod } of pods()) {
      expect({ what, token: pod.automountServiceAccountToken, links: pod.enableServiceLinks }).toEqual({
        what,
        token: false,
        links: false,
      });
    }
  });
});

describe('the linter', () => {
  test.each([
    ['default', 'kind'],
    ['unscaled', 'kind'],
    ['production', 'production'],
    ['engines elsewhere, with authorities of their own', 'production'],
  ])(
    'finds nothing in the pipeline (%s) on its platform (%s): limits, probes, spread, disruption budgets, policies',
    (profile, overlay) => {
      const objects = [...objectsIn(`overlay ${overlay}`), ...objectsIn(`chart order-pipeline, ${profile}`)];
      expect(lint(objects)).toEqual([]);
    },
  );

  test('would find a tag that moves, and a container without limits or probes', () => {
    const objects = structuredClone(objectsIn('chart order, default'));
    const container = objects.find(({ kind }) => kind === 'Deployment')!['spec'].template.spec.containers[0];
    Object.assign(container, { image: 'order:latest', resources: {} });
    delete container.readinessProbe;
    delete container.livenessProbe;
    const found = lint(objects).join('\n');
    expect(found).toMatch(/latest/);
    expect(found).toMatch(/CPU limit is not set/);
    expect(found).toMatch(/probe/i);
  });
});

describe('a service', () => {
  test('is asked by each probe what that probe is for', () => {
    for (const { what, pod } of ours()) {
      const { startupProbe, livenessProbe, readinessProbe } = pod.containers[0]!;
      const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path);
      expect({ what, paths }).toEqual({ what, paths: ['/livez', '/livez', '/readyz'] });
    }
  });

  test('is killed only after its endpoints have gone and it had all its time to drain', () => {
    for (const { what, pod } of ours()) {
      const { env, lifecycle } = pod.containers[0]!;
      const drainMs = Number(env.find(({ name }) => name === 'SHUTDOWN_TIMEOUT_MS')!.value);
      const sleepSeconds = lifecycle!.preStop!.sleep!.seconds!;
      expect(sleepSeconds).toBeGreaterThanOrEqual(3);
      expect({ what, grace: pod.terminationGracePeriodSeconds! * 1_000 > sleepSeconds * 1_000 + drainMs }).toEqual({
        what,
        grace: true,
      });
    }
  });

  test('that others ask over HTTP lets kept connections ask once more, for a part of its time to drain', () => {
    for (const { what, pod } of ours().filter((each) => !each.what.endsWith('consumer-scaler'))) {
      const { env } = pod.containers[0]!;
      const [lingerMs, drainMs] = ['SHUTDOWN_LINGER_MS', 'SHUTDOWN_TIMEOUT_MS'].map((setting) =>
        Number(env.find(({ name }) => name === setting)!.value),
      );
      expect({ what, lingers: lingerMs! >= 1_000 && lingerMs! < drainMs! / 2 }).toEqual({ what, lingers: true });
    }
  });

  test('writes to no disk, but where it is being developed', () => {
    for (const { what, pod } of ours()) {
      const readOnly = pod.containers[0]!.securityContext!.readOnlyRootFilesystem;
      const synced = what.includes('development') && !what.endsWith('consumer-scaler');
      expect({ what, readOnly }).toEqual({ what, readOnly: !synced });
    }
  });
});

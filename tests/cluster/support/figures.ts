/** The resources of the pipeline in the cluster: the size of its images, and the memory and CPU of its pods. */
import { get, namespace, run } from './kubectl.ts';

interface Node {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly images?: readonly { readonly names?: readonly string[] | null; readonly sizeBytes: number }[];
  };
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string; readonly namespace: string };
    readonly memory?: { readonly workingSetBytes?: number };
    readonly cpu?: { readonly usageCoreNanoSeconds?: number };
  }[];
}

const mebibyte = 2 ** 20;
const nodes = async (): Promise<readonly Node[]> => (await get<{ items: Node[] }>('nodes')).items;

/** The size of each of our images in MiB, as a node reports it; `docker image ls` shows the same. */
export async function imageSizesMiB(): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const { names, sizeBytes } of (await nodes()).flatMap(({ status }) => status.images ?? [])) {
    const name = names?.map((full) => /order-pipeline\/[a-z-]+:[\d.]+$/u.exec(full)?.[0]).find(Boolean);
    if (name !== undefined) sizes.set(name, sizeBytes / mebibyte);
  }
  return sizes;
}

/** A line for each pod: its working set, and its CPU time since the start. */
async function podLines(): Promise<string[]> {
  const lines: string[] = [];
  for (const { metadata } of await nodes()) {
    const response = await run('kubectl', ['get', '--raw', `/api/v1/nodes/${metadata.name}/proxy/stats/summary`]);
    for (const { podRef, memory, cpu } of (JSON.parse(response) as Summary).pods) {
      if (podRef.namespace !== namespace) continue;
      const workingSet = ((memory?.workingSetBytes ?? 0) / mebibyte).toFixed(0).padStart(5);
      const seconds = ((cpu?.usageCoreNanoSeconds ?? 0) / 1e9).toFixed(1).padStart(7);
      lines.push(`${podRef.name.padEnd(34)} ${workingSet} MiB ${seconds} s CPU`);
    }
  }
  return lines.toSorted();
}

export async function figures(): Promise<string> {
  const images = [...(await imageSizesMiB())].map(
    ([name, size]) => `${name.padEnd(34)} ${size.toFixed(0).padStart(5)} MiB`,
  );
  return ['Images', ...images.toSorted(), 'Pods', ...(await podLines()), ''].join('\n');
}

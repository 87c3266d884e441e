/** Everything that we ship, rendered in every profile, once for all tests of a file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  charted,
  chartProfiles,
  objectsOf,
  overlays,
  renderChart,
  jobs,
  renderOverlay,
  scalerProfiles,
  umbrellaProfiles,
  repository,
  type KubeObject,
} from './render.ts';

export interface Rendered {
  /** Such as "chart order, scaled by CPU". */
  readonly what: string;
  readonly yaml: string;
  readonly objects: readonly KubeObject[];
}

const atOnce = 3;

export async function renderAll(): Promise<Rendered[]> {
  const work: { what: string; render: () => Promise<string> }[] = [
    ...charted.flatMap(({ name }) =>
      Object.entries(chartProfiles).map(([profile, args]) => ({
        what: `chart ${name}, ${profile}`,
        render: () => renderChart(name, ...args),
      })),
    ),
    ...Object.entries(scalerProfiles).map(([profile, args]) => ({
      what: `chart consumer-scaler, ${profile}`,
      render: () => renderChart('consumer-scaler', ...args),
    })),
    ...Object.entries(umbrellaProfiles).map(([profile, args]) => ({
      what: `chart order-pipeline, ${profile}`,
      render: () => renderChart('order-pipeline', ...args),
    })),
    ...overlays().map((overlay) => ({ what: `overlay ${overlay}`, render: () => renderOverlay(overlay) })),
    ...jobs().map((job) => ({ what: `job ${job}`, render: () => readFile(join(repository, 'k8s/jobs', job), 'utf8') })),
  ];
  const rendered: Rendered[] = [];
  const worker = async (): Promise<void> => {
    for (let next = work.shift(); next; next = work.shift()) {
      const yaml = await next.render();
      rendered.push({ what: next.what, yaml, objects: objectsOf(yaml) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return rendered;
}

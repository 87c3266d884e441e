/** Everything that npm run generate writes, one function per kind. */
import { monitoringFiles } from '../monitoring/files.ts';
import type { Artifact } from './artifact.ts';
import { eventDocs } from './event-docs.ts';
import { mongodbUsers } from './mongodb-users.ts';
import { reference } from './reference.ts';
import { entries } from './repository.ts';
import { serviceChart } from './service-chart.ts';
import { skaffoldFile } from './skaffold.ts';
import { umbrellaChart } from './umbrella-chart.ts';

export const artifacts = async (): Promise<Artifact[]> => [
  ...(await Promise.all(entries.map(serviceChart))).flat(),
  ...umbrellaChart(),
  skaffoldFile(),
  ...mongodbUsers(),
  ...monitoringFiles(),
  ...eventDocs(),
  await reference(),
];

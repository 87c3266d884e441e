/** The dashboards that we ship. */
import { consumers } from './dashboards/consumers.ts';
import { overview } from './dashboards/overview.ts';
import { scaler } from './dashboards/scaler.ts';
import { service } from './dashboards/service.ts';
import type { Dashboard } from './panels.ts';

export const dashboards: readonly Dashboard[] = [overview, consumers, service, scaler];

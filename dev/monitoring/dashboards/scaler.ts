/** The consumer scaler's dashboard. */
import type { Dashboard } from '../panels.ts';

export const scalerDashboard: readonly Dashboard[] = [];

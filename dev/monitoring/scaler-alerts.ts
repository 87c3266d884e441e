/** Alerts of the consumer scaler's own metrics. */
import type { Alert } from './alerts.ts';
import type { Clock } from './clock.ts';

export const scalerAlerts = (_clock: Clock): Alert[] => [];

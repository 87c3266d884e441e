import { isOutage, OutageError } from '@order-pipeline/resilience';

/** What kafkajs throws, as everything that this package exports throws it: no failure of Kafka's is a record's fault. */
export const kafkaOutage = (error: unknown): OutageError => (isOutage(error) ? error : new OutageError('kafka', error));

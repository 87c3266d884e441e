/** One audit of all databases and topics. */
import type { Databases } from '../databases.ts';
import type { KafkaConnection } from '../kafka-connection.ts';
import { AuditRun, type AuditOptions, type RuleResult } from './audit-run.ts';
import { openDeadLetterSource } from './dead-letter-source.ts';
import { openEventSource } from './event-source.ts';
import { mongoSource, mongoSourceNames } from './mongo-source.ts';
import type { AuditContext } from './rule.ts';
import { stockSource } from './stock-source.ts';

export interface AuditResult {
  readonly startedAt: string;
  readonly tookMs: number;
  readonly youngerThanMs: number;
  /** How many items were checked, by the source's name. */
  readonly checked: Readonly<Record<string, number>>;
  /** The probability that an event which is missing from its topic is overlooked. */
  readonly missingEventErrorRate: number;
  readonly rules: readonly RuleResult[];
  readonly violations: number;
}

export async function audit(databases: Databases, kafka: KafkaConnection, options: AuditOptions): Promise<AuditResult> {
  const { youngerThanMs, signal } = options;
  const startedAtMs = Date.now();
  // Committed offsets first, then the dead letters: a group commits past a record that it dead-letters only when the dead
  // letter is stored.
  const events = await openEventSource(kafka, signal);
  const deadLetters = await openDeadLetterSource(kafka, signal);
  const context: AuditContext = {
    databases,
    isOld: (moment) => startedAtMs - new Date(moment).getTime() > youngerThanMs,
    published: events.published,
    isDeadLettered: deadLetters.isDeadLettered,
    isResolved: deadLetters.isResolved,
  };
  const run = new AuditRun(context, options, () => events.catchUp());
  await run.check('deadLetters', deadLetters);
  await run.check('events', events);
  for (const name of mongoSourceNames) await run.check(name, mongoSource(databases, name, signal) as never);
  await run.check('products', stockSource(databases, signal));
  const results = await run.results();
  return {
    startedAt: new Date(startedAtMs).toISOString(),
    tookMs: Date.now() - startedAtMs,
    youngerThanMs,
    checked: run.checked,
    missingEventErrorRate: events.published.errorRate,
    rules: results,
    violations: results.reduce((sum, { violations }) => sum + violations, 0),
  };
}

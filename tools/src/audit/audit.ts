/** One audit: every source gone through once, every rule applied to its pages, every suspicion looked at twice. */
import type { KafkaConnection } from '../connections.ts';
import type { Databases } from '../databases.ts';
import { deadLetterRules } from './dead-letter-rules.ts';
import { eventRules } from './event-rules.ts';
import { eventSource } from './event-source.ts';
import { letterSource } from './letter-source.ts';
import { moneyRules } from './money-rules.ts';
import { mongoSource, mongoSourceNames } from './mongo-source.ts';
import { orderRules } from './order-rules.ts';
import type { Check, Items, Look, Rule, SourceName, Suspect } from './rule.ts';
import { shipmentRules } from './shipment-rules.ts';
import type { Source } from './source.ts';
import { stockRules } from './stock-rules.ts';
import { stockSource } from './stock-source.ts';
import { Suspicions } from './suspicions.ts';

export const rules: readonly Rule[] = [
  ...orderRules,
  ...moneyRules,
  ...stockRules,
  ...shipmentRules,
  ...eventRules,
  ...deadLetterRules,
];

export interface AuditOptions {
  /** What is younger may be in flight. */
  readonly youngerThanMs: number;
  readonly recheckAfterMs: number;
  readonly signal: AbortSignal;
  /** Told of every page: items of the source that were gone through, of about so many in all. */
  readonly onProgress?: (source: string, done: number, total: number) => void;
}

export interface Violation {
  readonly subject: string;
  readonly detail: string;
}

export interface RuleResult {
  readonly id: string;
  readonly sentence: string;
  readonly violations: number;
  /** There may be more: so many were found that the rule was not applied any further. */
  readonly more: boolean;
  /** The first of them. */
  readonly examples: readonly Violation[];
}

export interface AuditResult {
  readonly startedAt: string;
  readonly tookMs: number;
  readonly youngerThanMs: number;
  readonly checked: Readonly<Record<string, number>>;
  /** The chance that an event which is missing from its topic is overlooked. */
  readonly missingEventErrorRate: number;
  readonly rules: readonly RuleResult[];
  readonly violations: number;
}

const maxExamples = 100;
/** Where everything is wrong, to count it all would take hours, and would say no more. */
const maxViolations = 10_000;

export async function audit(
  databases: Databases,
  kafka: KafkaConnection,
  { youngerThanMs, recheckAfterMs, signal, onProgress }: AuditOptions,
): Promise<AuditResult> {
  const startedAtMs = Date.now();
  // The offsets that the groups have committed, then the dead letters: a group commits past a record that it
  // dead-letters only when the dead letter is there.
  const events = await eventSource(kafka, signal);
  const letters = await letterSource(kafka, signal);
  const look: Look = {
    databases,
    kafka,
    isOld: (moment) => startedAtMs - new Date(moment).getTime() > youngerThanMs,
    published: events.published,
    isDeadLettered: letters.isDeadLettered,
    isResolved: letters.isResolved,
  };
  const results = rules.map(({ id, sentence }) => ({ id, sentence, ...createFindings() }));
  const open: Suspicions<never>[] = [];
  const checked: Record<string, number> = {};

  const goThrough = async <Name extends SourceName>(name: Name, source: Source<Items[Name]>): Promise<void> => {
    const total = await source.total();
    const applied = rules.flatMap((rule, index) =>
      rule.checks.filter(isOver(name)).map(({ check }) => {
        const suspicions = new Suspicions<Items[Name]>({
          recheckAfterMs,
          signal,
          onConfirmed: results[index]!.note,
          async lookAgain(items) {
            // The documents first: what they say was told must be in what is read of the topics afterwards.
            const now = await source.reload(items);
            await events.catchUp();
            return check(now, look);
          },
        });
        open.push(suspicions as unknown as Suspicions<never>);
        return { check, suspicions, found: results[index]!.found };
      }),
    );
    checked[name] = 0;
    onProgress?.(name, 0, total);
    await source.scan(async (page) => {
      for (const { check, suspicions, found } of applied) {
        if (found.count < maxViolations) await suspicions.add(await check(page, look));
      }
      checked[name] = (checked[name] ?? 0) + page.length;
      onProgress?.(name, checked[name], Math.max(total, checked[name]));
    });
  };

  await goThrough('letters', letters);
  await goThrough('events', events);
  for (const name of mongoSourceNames) await goThrough(name, mongoSource(databases, name, signal) as never);
  await goThrough('products', stockSource(databases, signal));
  for (const suspicions of open) await suspicions.settle();

  return {
    startedAt: new Date(startedAtMs).toISOString(),
    tookMs: Date.now() - startedAtMs,
    youngerThanMs,
    checked,
    missingEventErrorRate: events.published.errorRate,
    rules: results.map(({ id, sentence, found }) => ({
      id,
      sentence,
      violations: found.count,
      more: found.count === maxViolations,
      examples: found.examples,
    })),
    violations: results.reduce((sum, { found }) => sum + found.count, 0),
  };
}

const isOver =
  <Name extends SourceName>(name: Name) =>
  (check: Check): check is Extract<Check, { over: Name }> & OverSource<Name> =>
    check.over === name;

interface OverSource<Name extends SourceName> {
  readonly check: (page: readonly Items[Name][], look: Look) => Promise<Suspect<Items[Name]>[]>;
}

function createFindings() {
  const found = { count: 0, examples: [] as Violation[] };
  const subjects = new Set<string>();
  return {
    found,
    note({ subject, detail }: Violation): void {
      if (subjects.has(subject) || subjects.size === maxViolations) return;
      subjects.add(subject);
      found.count = subjects.size;
      if (found.examples.length < maxExamples) found.examples.push({ subject, detail });
    },
  };
}

/** Reads every source once, applies every rule to each page, and checks each candidate a second time. */
import { Candidates } from './candidates.ts';
import { Findings, type Violation } from './findings.ts';
import type { Items, SourceName } from './items.ts';
import type { AuditContext, Candidate, Check, Rule } from './rule.ts';
import { rules } from './rules.ts';
import type { Source } from './source.ts';

export interface AuditOptions {
  /** What is younger may be in flight. */
  readonly youngerThanMs: number;
  readonly recheckAfterMs: number;
  readonly signal: AbortSignal;
  /** Called after each page with the items of the source that are read, and about how many there are. */
  readonly onProgress?: (source: string, done: number, total: number) => void;
}

export interface RuleResult {
  readonly id: string;
  readonly sentence: string;
  readonly violations: number;
  /** There may be more violations: after so many the rule was not checked any further. */
  readonly more: boolean;
  /** The first violations. */
  readonly examples: readonly Violation[];
}

/** A rule's check of one source, with its candidates. */
interface RunningCheck<Name extends SourceName> {
  readonly check: SourceCheck<Name>['check'];
  readonly candidates: Candidates<Items[Name]>;
  readonly findings: Findings;
}

interface SourceCheck<Name extends SourceName> {
  readonly check: (page: readonly Items[Name][], context: AuditContext) => Promise<Candidate<Items[Name]>[]>;
}

export class AuditRun {
  readonly checked: Record<string, number> = {};
  readonly #context: AuditContext;
  readonly #options: AuditOptions;
  readonly #catchUpWithEvents: () => Promise<void>;
  readonly #findings = new Map<Rule, Findings>(rules.map((rule) => [rule, new Findings()]));
  readonly #pending: Pick<Candidates<never>, 'settle'>[] = [];

  constructor(context: AuditContext, options: AuditOptions, catchUpWithEvents: () => Promise<void>) {
    this.#context = context;
    this.#options = options;
    this.#catchUpWithEvents = catchUpWithEvents;
  }

  /** Reads the source to its end. */
  async check<Name extends SourceName>(name: Name, source: Source<Items[Name]>): Promise<void> {
    const { onProgress } = this.#options;
    const total = await source.total();
    const checks = this.#checksOf(name, source);
    let done = 0;
    onProgress?.(source.name, done, total);
    await source.scan(async (page) => {
      for (const { check, candidates, findings } of checks) {
        if (!findings.isFull) await candidates.add(await check(page, this.#context));
      }
      done += page.length;
      onProgress?.(source.name, done, Math.max(total, done));
    });
    this.checked[source.name] = done;
  }

  /** The results, once every candidate is confirmed or dropped. */
  async results(): Promise<RuleResult[]> {
    for (const candidates of this.#pending) await candidates.settle();
    return [...this.#findings].map(([{ id, sentence }, { count, isFull, examples }]) => ({
      id,
      sentence,
      violations: count,
      more: isFull,
      examples,
    }));
  }

  #checksOf<Name extends SourceName>(name: Name, source: Source<Items[Name]>): RunningCheck<Name>[] {
    const { recheckAfterMs, signal } = this.#options;
    return [...this.#findings].flatMap(([rule, findings]) =>
      rule.checks.filter(isOver(name)).map(({ check }) => {
        const candidates = new Candidates<Items[Name]>({
          recheckAfterMs,
          signal,
          recheck: async (items) => {
            // The documents first: an event that a document records as published is then in what is read of the topics.
            const current = await source.reload(items);
            await this.#catchUpWithEvents();
            return check(current, this.#context);
          },
          onConfirmed: (violation) => findings.add(violation),
        });
        this.#pending.push(candidates);
        return { check, candidates, findings };
      }),
    );
  }
}

function isOver<Name extends SourceName>(name: Name) {
  return (check: Check): check is Extract<Check, { over: Name }> & SourceCheck<Name> => check.over === name;
}

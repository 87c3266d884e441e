/** Redrives and discards dead letters in batches. Each batch is published first, and recorded once it is acknowledged. */
import {
  createMessagingMetrics,
  createPublisher,
  deadLetterId,
  findDeadLetters,
  planResolution,
  readResolutions,
  resolutionKey,
  resolveDeadLetters,
  scanDeadLetters,
  type DeadLetterPlace,
  type Publisher,
  type ResolutionAction,
  type Resolutions,
  type StoredDeadLetter,
} from '@order-pipeline/kafka';
import { Registry } from '@order-pipeline/runtime';
import { ToolError, type ExitCode, type Terminal } from '../command-line.ts';
import type { KafkaConnection } from '../kafka-connection.ts';

export interface ResolveOptions {
  readonly action: ResolutionAction;
  /** All unresolved dead letters of these groups, or single ones. */
  readonly which: { readonly groups: readonly string[] } | { readonly places: readonly DeadLetterPlace[] };
  readonly max: number;
  readonly dryRun: boolean;
  readonly by: string;
  readonly json: boolean;
}

interface Outcome {
  readonly id: string;
  readonly outcome: ResolutionAction | 'unchanged' | 'refused' | 'not found';
  readonly detail?: string;
}

/** So many records are published twice when the tool is killed before it records the resolutions. */
const batchSize = 100;

class Resolver {
  readonly outcomes: Outcome[] = [];
  readonly #terminal: Terminal;
  readonly #publisher: Publisher;
  readonly #resolutions: Resolutions;
  readonly #options: ResolveOptions;
  readonly #seen = new Set<string>();
  #done = 0;
  #left = 0;

  constructor(terminal: Terminal, publisher: Publisher, resolutions: Resolutions, options: ResolveOptions) {
    this.#terminal = terminal;
    this.#publisher = publisher;
    this.#resolutions = resolutions;
    this.#options = options;
  }

  async resolve(deadLetters: readonly StoredDeadLetter[]): Promise<void> {
    const planned = deadLetters.filter((deadLetter) => this.#isPlanned(deadLetter));
    const allowed = planned.slice(0, this.#options.max - this.#done);
    this.#left += planned.length - allowed.length;
    this.#done += allowed.length;
    for (let start = 0; start < allowed.length; start += batchSize) {
      this.#terminal.signal.throwIfAborted();
      await this.#resolveBatch(allowed.slice(start, start + batchSize));
    }
  }

  reportMissing(places: readonly DeadLetterPlace[]): void {
    for (const id of places.map(deadLetterId)) {
      if (!this.#seen.has(id)) this.#report({ id, outcome: 'not found' });
    }
  }

  summary(): string[] {
    const { action, dryRun, max } = this.#options;
    return [
      `${dryRun ? 'To be ' : ''}${action}: ${this.#done}.`,
      ...(this.#left > 0 ? [`Left, because of --max ${max}: ${this.#left}.`] : []),
    ];
  }

  #isPlanned(deadLetter: StoredDeadLetter): boolean {
    const { id } = deadLetter;
    const { action, which } = this.#options;
    this.#seen.add(id);
    const plan = planResolution(deadLetter, action, this.#resolutions.get(resolutionKey(deadLetter)));
    if (plan.step === 'refuse') this.#report({ id, outcome: 'refused', detail: plan.why });
    if (plan.step === 'nothing' && 'places' in which) this.#report({ id, outcome: 'unchanged', detail: plan.why });
    return plan.step === 'do';
  }

  async #resolveBatch(batch: readonly StoredDeadLetter[]): Promise<void> {
    const { action, dryRun, by } = this.#options;
    const published = dryRun ? [] : await publish(this.#publisher, batch, action, by);
    batch.forEach(({ id, originalTopic }, index) => {
      const position = published[index] === undefined ? '' : `/${published[index]}`;
      this.#report({ id, outcome: action, ...(action === 'redriven' && { detail: `to ${originalTopic}${position}` }) });
    });
  }

  #report(outcome: Outcome): void {
    this.outcomes.push(outcome);
    if (!this.#options.json) this.#terminal.print(sentence(outcome, this.#options.dryRun));
  }
}

export async function resolve(
  connection: KafkaConnection,
  terminal: Terminal,
  options: ResolveOptions,
): Promise<ExitCode> {
  const { which, json } = options;
  const groups = 'groups' in which ? which.groups : [...new Set(which.places.map(({ group }) => group))];
  const resolutions = await readResolutions(connection, groups);
  const publisher = createPublisher(connection.kafka, createMessagingMetrics(new Registry()));
  const resolver = new Resolver(terminal, publisher, resolutions, options);
  const onDeadLetters = (found: readonly StoredDeadLetter[]): Promise<void> => resolver.resolve(found);
  try {
    if ('groups' in which) await scanDeadLetters(connection, groups, onDeadLetters);
    else await findDeadLetters(connection, which.places, onDeadLetters);
  } finally {
    await publisher.stop();
  }
  if ('places' in which) resolver.reportMissing(which.places);
  if (json) terminal.print(JSON.stringify(resolver.outcomes, null, 2));
  for (const line of resolver.summary()) terminal.note(line);
  return resolver.outcomes.some(({ outcome }) => outcome === 'refused' || outcome === 'not found') ? 1 : 0;
}

/** The positions of the redriven records, as partition/offset. */
async function publish(
  publisher: Publisher,
  deadLetters: readonly StoredDeadLetter[],
  action: ResolutionAction,
  by: string,
): Promise<string[]> {
  const time = new Date().toISOString();
  try {
    const published = await resolveDeadLetters(publisher, deadLetters, { action, time, by });
    return published.map(({ partition, offset }) => `${partition}/${offset}`);
  } catch (error) {
    throw new ToolError(
      `Kafka did not acknowledge (${(error as Error).message}). What is listed above is done. Run the command again for ` +
        'the rest; a record that is published twice has no further effect.',
    );
  }
}

function sentence({ id, outcome, detail }: Outcome, dryRun: boolean): string {
  switch (outcome) {
    case 'unchanged':
      return `${id} ${detail}; nothing to do`;
    case 'refused':
      return `${id} is not redriven: it ${detail}`;
    case 'not found':
      return `${id} does not exist`;
    default:
      return `${id} ${dryRun ? 'would be ' : ''}${outcome}${detail === undefined ? '' : ` ${detail}`}`;
  }
}

export type CheckStatus = 'up' | 'degraded' | 'down' | 'starting';

export interface CheckResult {
  readonly status: CheckStatus;
  /** A sentence or a few facts for a person. */
  readonly detail?: unknown;
}

/**
 * Returns at once, from state that is kept up to date elsewhere: a probe that waits for Kafka fails with Kafka.
 * `degraded` still serves, `down` and `starting` do not.
 */
export type Check = () => CheckResult;

export type Readiness = 'ready' | 'degraded' | 'starting' | 'draining' | 'not ready';

/** The health checks of a process; the probes, /health and the metrics read them. */
export class Health {
  readonly #readiness = new Map<string, Check>();
  readonly #liveness = new Map<string, Check>();
  #draining = false;

  /** Adds a part that must be up for the process to serve. Throws on a name that is taken. */
  register(name: string, check: Check): void {
    this.#add(this.#readiness, name, check);
  }

  /** Adds a part that only a restart can repair: `down` makes /livez fail. An outage is never such a state. */
  registerLiveness(name: string, check: Check): void {
    this.#add(this.#liveness, name, check);
  }

  /** From now on the readiness is `draining`. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  checks(): Record<string, CheckResult> {
    return Object.fromEntries([...this.#readiness, ...this.#liveness].map(([name, check]) => [name, run(check)]));
  }

  live(): boolean {
    return [...this.#liveness.values()].every((check) => run(check).status !== 'down');
  }

  readiness(checks: Record<string, CheckResult> = this.checks()): Readiness {
    if (this.#draining) return 'draining';
    const statuses = new Set(Object.values(checks).map(({ status }) => status));
    if (statuses.has('down')) return 'not ready';
    if (statuses.has('starting')) return 'starting';
    return statuses.has('degraded') ? 'degraded' : 'ready';
  }

  #add(checks: Map<string, Check>, name: string, check: Check): void {
    if (this.#readiness.has(name) || this.#liveness.has(name)) throw new Error(`health check "${name}" exists already`);
    checks.set(name, check);
  }
}

export const isServing = (readiness: Readiness): boolean => readiness === 'ready' || readiness === 'degraded';

function run(check: Check): CheckResult {
  try {
    return check();
  } catch (error) {
    return { status: 'down', detail: `the check itself failed: ${String(error)}` };
  }
}

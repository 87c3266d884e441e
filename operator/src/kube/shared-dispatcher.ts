import type { RequestContext } from '@kubernetes/client-node';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** After this time a new dispatcher is used, and with it rotated certificates. */
const renewAfterMs = 60_000;

/**
 * client-node gives each request a dispatcher of its own, and so a connection (a test counts them). Here requests share
 * the dispatcher of the first one, until it is a minute old or a request has failed.
 */
export class SharedDispatcher {
  readonly #nowMs: () => number;
  #shared: { readonly dispatcher: Dispatcher; readonly sinceMs: number } | undefined;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Call when the request has its credentials, before it is sent. */
  use(context: RequestContext): void {
    const own = context.getDispatcher();
    // Without certificates the requests use the global dispatcher, which shares connections itself.
    if (own === undefined) return;
    if (this.#shared && this.#nowMs() - this.#shared.sinceMs > renewAfterMs) this.renew();
    this.#shared ??= { dispatcher: own, sinceMs: this.#nowMs() };
    context.setDispatcher(this.#shared.dispatcher);
  }

  /** The next request provides the next dispatcher; requests in flight finish on the former one. */
  renew(): void {
    const former = this.#shared?.dispatcher;
    this.#shared = undefined;
    former?.close().catch(() => undefined);
  }
}

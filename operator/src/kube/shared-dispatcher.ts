import type { RequestContext } from '@kubernetes/client-node';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** After this time a new one is used, so that rotated certificates are, too. */
const renewAfterMs = 60_000;

/**
 * client-node gives each request a dispatcher of its own, and so a connection (a test counts them). Here requests share
 * one: the first request's, until it is a minute old or a request has failed.
 */
export class SharedDispatcher {
  readonly #nowMs: () => number;
  #shared: { readonly dispatcher: Dispatcher; readonly sinceMs: number } | undefined;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Call after the request has got its credentials, and before it is sent. */
  use(context: RequestContext): void {
    const own = context.getDispatcher();
    // Without certificates the requests use the global dispatcher, which shares connections itself.
    if (own === undefined) return;
    if (this.#shared && this.#nowMs() - this.#shared.sinceMs > renewAfterMs) this.renew();
    this.#shared ??= { dispatcher: own, sinceMs: this.#nowMs() };
    context.setDispatcher(this.#shared.dispatcher);
  }

  /** The next request brings the next dispatcher; requests in flight end on the former one. */
  renew(): void {
    const former = this.#shared?.dispatcher;
    this.#shared = undefined;
    former?.close().catch(() => undefined);
  }
}

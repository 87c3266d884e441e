/** The API server, on @kubernetes/client-node's configuration, log-in, requests and watch. */
import { createConfiguration, HttpMethod, KubeConfig, RequestContext, Watch } from '@kubernetes/client-node';
import type { KubePath } from './api-path.ts';
import { SharedDispatcher } from './shared-dispatcher.ts';

export type KubeMeta = {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
};
export type KubeObject = { readonly metadata: KubeMeta };

/** An answer of the API server other than success. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
export const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof KubeError && error.status === status;

export type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject };
export type Listing<T> = { readonly items: readonly T[]; readonly resourceVersion: string };

export interface KubeApi {
  get<T>(path: KubePath): Promise<T>;
  create<T>(path: KubePath, body: object): Promise<T>;
  replace<T>(path: KubePath, body: object): Promise<T>;
  /** JSON merge patch (RFC 7386); a resourceVersion in it makes it conditional. */
  patch<T>(path: KubePath, body: object): Promise<T>;
  list<T>(path: KubePath): Promise<Listing<T>>;
  /** Resolves when the server ends the watch; throws KubeError 410 when it no longer knows the version. */
  watch(
    path: KubePath,
    resourceVersion: string,
    onEvent: (event: WatchEvent) => void,
    stop: AbortSignal,
  ): Promise<void>;
}

// Shorter than what lies between the renew deadline and the end of a lease: no write of a former leader is still under way.
const requestLimitMs = 4_000;
const listLimitMs = 30_000;
const pageSize = 500;
/** The server ends a watch after this time; client-node gives a connection up on which nothing comes for 30 s. */
const watchSeconds = 25;
const mergePatch = 'application/merge-patch+json';

/** Told of each request with its answer's status, or `<error>` as client-go says, when there was none. */
export type RequestObserver = (method: string, host: string, code: string) => void;

export function createKubeApi(config: KubeConfig, observe: RequestObserver = () => {}): KubeApi {
  const dispatcher = new SharedDispatcher();
  const { httpApi } = createConfiguration({});
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('No API server is configured; set KUBECONFIG, or run in a pod.');
  const { host } = new URL(server);

  async function request<T>(method: HttpMethod, path: string, body?: object, limitMs = requestLimitMs): Promise<T> {
    const context = new RequestContext(server + path, method);
    context.setHeaderParam('Accept', 'application/json');
    context.setSignal(AbortSignal.timeout(limitMs));
    if (body !== undefined) {
      context.setHeaderParam('Content-Type', method === HttpMethod.PATCH ? mergePatch : 'application/json');
      context.setBody(JSON.stringify(body));
    }
    await config.applySecurityAuthentication(context);
    dispatcher.use(context);
    const response = await httpApi
      .send(context)
      .toPromise()
      .catch((error: unknown) => {
        dispatcher.renew();
        observe(method, host, '<error>');
        throw error;
      });
    observe(method, host, String(response.httpStatusCode));
    const text = await response.body.text();
    if (response.httpStatusCode >= 300) throw new KubeError(response.httpStatusCode, messageOf(text, method, path));
    return JSON.parse(text) as T;
  }

  return {
    get: (path) => request(HttpMethod.GET, path),
    create: (path, body) => request(HttpMethod.POST, path, body),
    replace: (path, body) => request(HttpMethod.PUT, path, body),
    patch: (path, body) => request(HttpMethod.PATCH, path, body),
    async list<T>(path: KubePath): Promise<Listing<T>> {
      const items: T[] = [];
      for (let token = ''; ;) {
        const query = new URLSearchParams({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
        type Page = { items: T[]; metadata: { resourceVersion: string; continue?: string } };
        const page: Page = await request(HttpMethod.GET, `${path}?${query.toString()}`, undefined, listLimitMs);
        items.push(...page.items);
        token = page.metadata.continue ?? '';
        if (token === '') return { items, resourceVersion: page.metadata.resourceVersion };
      }
    },
    watch: (path, resourceVersion, onEvent, stop) => watchOnce(config, path, resourceVersion, onEvent, stop),
  };
}

function watchOnce(
  config: KubeConfig,
  path: KubePath,
  resourceVersion: string,
  onEvent: (event: WatchEvent) => void,
  stop: AbortSignal,
): Promise<void> {
  const watch = new Watch(config);
  const query = { resourceVersion, timeoutSeconds: watchSeconds, allowWatchBookmarks: true };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure: Error | undefined;
  const onLine = (type: string, object: KubeObject & { code?: number; message?: string }): void => {
    if (stop.aborted) return;
    if (type === 'ERROR') failure = new KubeError(object.code ?? 500, object.message ?? 'the watch failed');
    else onEvent({ type: type as WatchEvent['type'], object });
  };
  const onEnd = (error: unknown): void => {
    const status = (error as { statusCode?: number } | null)?.statusCode;
    const cause = status === undefined ? error : new KubeError(status, `the watch of ${path} is answered ${status}`);
    const reason = failure ?? cause;
    if (reason instanceof Error && !stop.aborted) reject(reason);
    else resolve();
  };
  const open = async (): Promise<void> => {
    const controller = await watch.watch(path, query, onLine, onEnd);
    const abort = (): void => controller.abort();
    if (stop.aborted) abort();
    stop.addEventListener('abort', abort);
    await promise.catch(() => undefined);
    stop.removeEventListener('abort', abort);
  };
  open().catch(reject);
  return promise;
}

function messageOf(text: string, method: HttpMethod, path: string): string {
  let reason = text.slice(0, 200);
  try {
    reason = (JSON.parse(text) as { message?: string }).message ?? reason;
  } catch {
    // Not from the API server itself: a proxy answers in words of its own.
  }
  return `${method} ${path.split('?')[0]}: ${reason}`;
}

/** A client of the API server, on @kubernetes/client-node's configuration, login, requests and watch. */
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

/** An error response of the API server. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof KubeError && error.status === status;
}

export type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject };
type Listing<T> = { readonly items: readonly T[]; readonly resourceVersion: string };

export interface KubeApi {
  get<T>(path: KubePath): Promise<T>;
  create<T>(path: KubePath, body: object): Promise<T>;
  replace<T>(path: KubePath, body: object): Promise<T>;
  /** JSON merge patch (RFC 7386); a resourceVersion in it makes it conditional. */
  patch<T>(path: KubePath, body: object): Promise<T>;
  list<T>(path: KubePath): Promise<Listing<T>>;
  /** Resolves when the server closes the watch; rejects with KubeError 410 when the version has expired. */
  watch(
    path: KubePath,
    resourceVersion: string,
    onEvent: (event: WatchEvent) => void,
    stop: AbortSignal,
  ): Promise<void>;
}

/** Is called with the status of each response, or with `<error>`, as in client-go, if there was none. */
export type RequestObserver = (method: string, host: string, code: string) => void;

// Shorter than the time between the renew deadline and the end of a lease: no write of a former leader is still in flight.
const requestLimitMs = 4_000;
const listLimitMs = 30_000;
const pageSize = 500;
/** The server closes a watch after this time, before client-node closes a connection that was silent for 30 s. */
const watchSeconds = 25;
const mergePatch = 'application/merge-patch+json';

/** The configuration of KUBECONFIG, or of the pod. */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

export function createKubeApi(config: KubeConfig, observe: RequestObserver = () => {}): KubeApi {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('No API server is configured; set KUBECONFIG, or run in a pod.');
  const { host } = new URL(server);
  const { httpApi } = createConfiguration({});
  const dispatcher = new SharedDispatcher();

  async function request<T>(method: HttpMethod, path: string, body?: object, limitMs = requestLimitMs): Promise<T> {
    const context = requestContext(server + path, method, body);
    context.setSignal(AbortSignal.timeout(limitMs));
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
    list: (path) => listPages((query) => request(HttpMethod.GET, `${path}?${query}`, undefined, listLimitMs)),
    watch: (path, resourceVersion, onEvent, stop) => watchOnce(config, path, resourceVersion, onEvent, stop),
  };
}

function requestContext(url: string, method: HttpMethod, body?: object): RequestContext {
  const context = new RequestContext(url, method);
  context.setHeaderParam('Accept', 'application/json');
  if (body !== undefined) {
    context.setHeaderParam('Content-Type', method === HttpMethod.PATCH ? mergePatch : 'application/json');
    context.setBody(JSON.stringify(body));
  }
  return context;
}

type Page<T> = {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
};

async function listPages<T>(getPage: (query: string) => Promise<Page<T>>): Promise<Listing<T>> {
  const items: T[] = [];
  for (let token = ''; ;) {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
    const page = await getPage(query.toString());
    items.push(...page.items);
    token = page.metadata.continue ?? '';
    if (token === '') return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

function watchOnce(
  config: KubeConfig,
  path: KubePath,
  resourceVersion: string,
  onEvent: (event: WatchEvent) => void,
  stop: AbortSignal,
): Promise<void> {
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
    const cause = status === undefined ? error : new KubeError(status, `watching ${path}: status ${status}`);
    const reason = failure ?? cause;
    if (reason instanceof Error && !stop.aborted) reject(reason);
    else resolve();
  };
  const open = async (): Promise<void> => {
    const controller = await new Watch(config).watch(path, query, onLine, onEnd);
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
    // Not from the API server itself: a proxy responds with text of its own.
  }
  return `${method} ${path.split('?')[0]}: ${reason}`;
}

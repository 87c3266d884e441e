import { KubeError, type KubeApi, type KubeObject } from '../src/kube/api-client.ts';

type Stored = KubeObject & Record<string, unknown>;

/** An API server in memory: objects by path, versions, conditional writes, merge patches, and the status subresource. */
export class TestApi implements KubeApi {
  readonly objects = new Map<string, Stored>();
  /** Method and path of each request, in order. */
  readonly requests: string[] = [];
  /** Makes a request fail. */
  fault: (request: string) => Error | undefined = () => undefined;
  /** Paths at which a patch succeeds without effect: an older CRD knows none of its fields. */
  prunes: (path: string) => boolean = () => false;
  private version = 100;

  /** Stores an object, as another client would. */
  put(path: string, object: Record<string, unknown> & { readonly metadata: object }): void {
    this.version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.version) } as KubeObject['metadata'];
    this.objects.set(path, { ...object, metadata });
  }

  async get<T>(path: string): Promise<T> {
    this.begin('GET', path);
    return structuredClone(this.found(path)) as T;
  }

  async create<T>(path: string, body: object): Promise<T> {
    this.begin('POST', path);
    const created = `${path}/${(body as Stored).metadata.name}`;
    if (this.objects.has(created)) throw new KubeError(409, `${created} exists`);
    this.put(created, structuredClone(body) as Stored);
    return this.found(created) as T;
  }

  async replace<T>(path: string, body: object): Promise<T> {
    this.begin('PUT', path);
    this.check(path, body as Stored);
    this.put(path, structuredClone(body) as Stored);
    return this.found(path) as T;
  }

  async patch<T>(path: string, body: object): Promise<T> {
    this.begin('PATCH', path);
    const object = path.replace(/\/status$/u, '');
    this.check(object, body as Stored);
    const { status, ...others } = body as Partial<Stored>;
    const before = this.found(object);
    // As for every kind with a status subresource: each of the two paths changes its own part.
    const change = this.prunes(path) ? {} : object === path ? others : { status };
    this.put(object, merged(before, change) as Stored);
    return this.found(object) as T;
  }

  list = (): never => this.never();
  watch = (): never => this.never();

  private never(): never {
    throw new Error('this API neither lists nor watches');
  }

  private begin(method: string, path: string): void {
    const request = `${method} ${path}`;
    this.requests.push(request);
    const failure = this.fault(request);
    if (failure !== undefined) throw failure;
  }

  private found(path: string): Stored {
    const object = this.objects.get(path);
    if (object === undefined) throw new KubeError(404, `${path} not found`);
    return object;
  }

  private check(path: string, { metadata }: Partial<Stored>): void {
    const wanted = metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== this.found(path).metadata.resourceVersion) {
      throw new KubeError(409, `${path} has been modified`);
    }
  }
}

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

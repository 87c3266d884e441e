/** HTTP as a client of the pipeline sees it. */

export interface HttpResponse<Body = any> {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if the response is JSON of any kind, else text. */
  readonly body: Body;
}

const responseLimitMs = 30_000;

export async function request<Body = any>(url: string, init: RequestInit = {}): Promise<HttpResponse<Body>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(responseLimitMs), ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
}

export const getJson = <Body = any>(url: string): Promise<HttpResponse<Body>> => request<Body>(url);

const send =
  (method: string) =>
  <Body = any>(url: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpResponse<Body>> =>
    request<Body>(url, {
      method,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    });

export const postJson = send('POST');
export const putJson = send('PUT');

/** A collector for one test file: receives OTLP over HTTP as JSON, and keeps every span. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from '@jest/globals';

export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Span ids. */
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly events: readonly string[];
}

export interface OtlpReceiver {
  readonly spans: readonly ReceivedSpan[];
  /** Content type and size of each request. */
  readonly requests: readonly { readonly contentType: string; readonly body: Buffer }[];
  ofTrace(traceId: string): ReceivedSpan[];
}

/** Sets the variables in `env` that make services export their spans here, after a short delay. */
export function useOtlpReceiver(env: NodeJS.ProcessEnv): OtlpReceiver {
  const spans: ReceivedSpan[] = [];
  const requests: { contentType: string; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const contentType = request.headers['content-type'] ?? '';
    requests.push({ contentType, body });
    if (contentType === 'application/json') spans.push(...spansOf(JSON.parse(body.toString())));
    response.writeHead(200, { 'content-type': contentType }).end(contentType === 'application/json' ? '{}' : '');
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'http/json';
    env['OTEL_BSP_SCHEDULE_DELAY'] = '50';
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return { spans, requests, ofTrace: (traceId) => spans.filter((span) => span.traceId === traceId) };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const errorStatus = 2;

const spansOf = (body: any): ReceivedSpan[] =>
  body.resourceSpans.flatMap(({ resource, scopeSpans }: any) => {
    const { 'service.name': service } = attributesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }: any) =>
      spans.map((span: any): ReceivedSpan => ({
        service: String(service),
        name: span.name,
        kind: kinds[span.kind]!,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId === '' ? undefined : span.parentSpanId,
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: attributesOf(span.attributes),
        links: (span.links ?? []).map(({ spanId }: any) => spanId),
        isError: span.status?.code === errorStatus,
        events: (span.events ?? []).map(({ name }: any) => name),
      })),
    );
  });

const attributesOf = (list: any[] = []): Record<string, string | number | boolean> =>
  Object.fromEntries(
    list.map(({ key, value }) => {
      const [[kind, plain]] = Object.entries(value) as [[string, any]];
      return [key, kind === 'intValue' ? Number(plain) : plain];
    }),
  );

import { expect, test } from '@jest/globals';
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { SharedDispatcher } from './shared-dispatcher.ts';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

const closed: string[] = [];
const dispatcherNamed = (name: string): Dispatcher =>
  ({ name, close: async () => void closed.push(name) }) as unknown as Dispatcher;

function open() {
  closed.length = 0;
  const clock = { nowMs: 0 };
  const shared = new SharedDispatcher(() => clock.nowMs);
  /** A request with a dispatcher of its own; returns the name of the dispatcher that it uses. */
  const request = (own: string | undefined): string | undefined => {
    const context = new RequestContext('https://api/', HttpMethod.GET);
    if (own !== undefined) context.setDispatcher(dispatcherNamed(own));
    shared.use(context);
    return (context.getDispatcher() as unknown as { name: string } | undefined)?.name;
  };
  return { shared, clock, request };
}

test("requests share the first one's dispatcher for a minute, and then the next one's", () => {
  const { clock, request } = open();
  expect([request('a'), request('b')]).toEqual(['a', 'a']);
  clock.nowMs += 60_000;
  expect(request('c')).toBe('a');
  clock.nowMs += 1;
  expect([request('d'), request('e')]).toEqual(['d', 'd']);
  expect(closed).toEqual(['a']);
});

test('after a failure the next request provides a new one', () => {
  const { shared, request } = open();
  expect(request('a')).toBe('a');
  shared.renew();
  expect(request('b')).toBe('b');
  expect(closed).toEqual(['a']);
});

test('a request without one keeps the global dispatcher', () => {
  const { request } = open();
  expect([request(undefined), request('a'), request(undefined)]).toEqual([undefined, 'a', undefined]);
});

import { describe, expect, test } from '@jest/globals';
import { everyService } from '@order-pipeline/events';
import { parseArguments, RequestError, serviceRequest } from './service-request.ts';
import { eventsFile, sourceFiles } from './template.ts';

const requestOf = (...args: readonly string[]) => serviceRequest(parseArguments(args));

describe('a request for a new service', () => {
  test('takes the next free port, and every event that it names once', () => {
    expect(
      requestOf('ballooning', '--consumes', 'shipment_processed,order_placed', '--consumes', 'order_placed'),
    ).toEqual({
      name: 'ballooning',
      port: expect.any(Number),
      consumes: ['shipment_processed', 'order_placed'],
      produces: undefined,
    });
    const taken = Object.values(everyService).map(({ port }) => port);
    expect(taken).not.toContain(requestOf('ballooning', '--consumes', 'order_placed').port);
    expect(
      requestOf('gift-wrapping', '--consumes', 'order_placed', '--produces', 'order_wrapped', '--port', '9100'),
    ).toEqual({
      name: 'gift-wrapping',
      port: 9100,
      consumes: ['order_placed'],
      produces: 'order_wrapped',
    });
  });

  const consuming = ['--consumes', 'order_placed'];
  test.each<[string, readonly string[], RegExp]>([
    ['no name', consuming, /Which service\?/],
    ['the name of a further database', ['gateway', ...consuming], /taken by the payment service/],
    ['the name of the index of events', ['all', ...consuming], /taken by another part/],
    ['a folder that git ignores', ['dist', ...consuming], /taken by another part/],
    ['a folder that images leave out', ['fixtures', ...consuming], /taken by another part/],
    ["an object of the platform's", ['pipeline-kafka-bootstrap', ...consuming], /taken by another part/],
    ['a name that hides a global', ['error', ...consuming], /has a meaning already: Error/],
    ['an event with too long a name', ['ballooning', ...consuming, '--produces', `a_${'b'.repeat(60)}`], /at most 60/],
    ['two names', ['ballooning', 'points', ...consuming], /One name at a time/],
    [
      'an option that does not exist',
      ['ballooning', '--topics', 'a'],
      /Unknown option '--topics'. See npm run new:service/,
    ],
    ['a name with capitals', ['Ballooning', ...consuming], /"Ballooning" is no name for a service/],
    ['a name that leads out of the folder', ['../ballooning', ...consuming], /is no name for a service/],
    ['a name that is too long', ['a'.repeat(41), ...consuming], /at most 40 characters/],
    ['the name of a service', ['payment', ...consuming], /taken by the payment service/],
    ['the name of a consumer group', ['payment-service', ...consuming], /taken by the payment service/],
    ['the name of another chart', ['consumer-scaler', ...consuming], /taken by another part/],
    ['the name of a user', ['tools', ...consuming], /taken by another part/],
    ['a word of the template', ['event', ...consuming], /an identifier that has a meaning already: event/],
    ['a word of the language', ['class', ...consuming], /an identifier that has a meaning already: class/],
    ['no event', ['ballooning'], /Which events\?/],
    [
      'an event that does not exist',
      ['ballooning', '--consumes', 'balloon_filled'],
      /no event balloon_filled; there are/,
    ],
    ['a port that is none', ['ballooning', ...consuming, '--port', '80'], /80 is no port; use a number from 1024/],
    ['the port of a service', ['ballooning', ...consuming, '--port', '8002'], /8002 is taken by payment/],
    ['the port of a UI', ['ballooning', ...consuming, '--port', '8081'], /8081 is taken/],
    [
      'the event of another service',
      ['ballooning', ...consuming, '--produces', 'order_placed'],
      /taken by the order service/,
    ],
    ['an event of one word', ['ballooning', ...consuming, '--produces', 'points'], /"points" is no name for an event/],
    ['two events of its own', ['ballooning', ...consuming, '--produces', 'a_b,c_d'], /takes one event/],
  ])('with %s is refused', (_, args, reason) => {
    expect(() => requestOf(...args)).toThrow(RequestError);
    expect(() => requestOf(...args)).toThrow(reason);
  });
});

describe('the files of a new service', () => {
  const text = (name: string, produces?: string): string => sourceFiles(name, produces).flat().join('\n');

  test('have its name in place of every form of the template name', () => {
    expect(text('ballooning')).not.toMatch(/order.?note|everyService\.shipment/i);
    expect(text('ballooning')).toContain('export interface Ballooning extends Versioned');
    expect(text('gift-wrapping')).toContain("createService(everyService['gift-wrapping'], config");
    expect(text('gift-wrapping')).toMatch(/openCollection\(db, 'gift_wrapping'\).*createGiftWrappingRoutes/s);
  });

  test('publish its event, if it has one of its own', () => {
    expect(text('ballooning')).not.toContain('CANCELLING');
    expect(text('ballooning', 'balloon_filled')).toContain("type: 'balloon_filled'");
    expect(text('ballooning', 'balloon_filled')).not.toMatch(/order_cancelled|CANCELLING/);
    expect(eventsFile('ballooning', 'balloon_filled')).toMatch(/'\.\.\/fields\.ts'.*status: z\.literal\('FILLED'\)/s);
  });

  test('are those that every service has', () => {
    const files = sourceFiles('ballooning', undefined).map(([file]) => file);
    expect(files).toEqual(expect.arrayContaining(['config.ts', 'ballooning.ts', 'main.ts', 'routes.ts', 'service.ts']));
  });
});

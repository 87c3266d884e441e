import { describe, expect, test } from '@jest/globals';
import { parseStartOptions } from './start-options.ts';

describe('the options of npm start', () => {
  test('default to one process per service and the folder .data', () => {
    expect(parseStartOptions([])).toEqual({ help: false, fresh: false, dataDir: '.data', replicas: {} });
  });

  test('accept replicas in one list or in several', () => {
    const expected = { payment: 3, inventory: 2 };
    expect(parseStartOptions(['--replicas', 'payment=3,inventory=2']).replicas).toEqual(expected);
    expect(parseStartOptions(['--replicas=payment=3', '--replicas=inventory=2']).replicas).toEqual(expected);
  });

  test.each([
    ['an unknown service', 'paymnt=2', /no service "paymnt".*order, payment, inventory, shipment/],
    ['a name of Object.prototype', 'constructor=2', /no service "constructor"/],
    ['zero replicas', 'payment=0', /number from 1 to 24/],
    ['too many', 'payment=25', /number from 1 to 24/],
    ['a fraction', 'payment=1.5', /number from 1 to 24/],
    ['no number', 'payment', /number from 1 to 24, as in payment=3/],
    ['the same service twice', 'payment=1,payment=2', /payment is given twice/],
    ['nothing', '', /no service ""/],
  ])('refuse %s with the accepted values', (_, list, message) => {
    expect(() => parseStartOptions([`--replicas=${list}`])).toThrow(message);
  });

  test.each([
    [['--frsh'], /--frsh/],
    [['payment=3'], /payment=3/],
    [['--data='], /--data needs/],
    [['--replicas'], /argument missing/],
  ])('refuse %j', (args, message) => {
    expect(() => parseStartOptions(args)).toThrow(message);
  });

  test('refuse --fresh with engines of the user', () => {
    expect(() => parseStartOptions(['--fresh'], { MONGODB_URI: 'mongodb://db/' })).toThrow(/MONGODB_URI name others/);
    expect(() =>
      parseStartOptions(['--fresh'], { KAFKA_BOOTSTRAP_SERVERS: 'a:1', MONGODB_URI: 'mongodb://db/' }),
    ).toThrow(/KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI name others; delete their topics and databases yourself/);
    expect(parseStartOptions(['--fresh'], { MONGODB_URI: '' })).toMatchObject({ fresh: true });
  });
});

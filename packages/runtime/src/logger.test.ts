import { expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';

function captured(level?: string) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({
    service: 'order',
    instance: 'order-1',
    ...(level === undefined ? {} : { level }),
    destination,
  });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('an entry is one JSON line with the service, the instance, the level as text and an ISO time', () => {
  const { logger, lines, parsed } = captured();
  logger.info({ order_id: 'o-1', trace_id: 't-1' }, 'placed\nand more');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
  expect(parsed()[0]).toMatchObject({
    service: 'order',
    instance: 'order-1',
    level: 'info',
    order_id: 'o-1',
    trace_id: 't-1',
  });
  expect(parsed()[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('an error is logged with its name, message, stack, code and causes', () => {
  const { logger, parsed } = captured();
  const cause = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED' });
  logger.error({ err: new Error('outer', { cause }) }, 'failed');
  expect(parsed()[0]?.['err']).toMatchObject({
    name: 'Error',
    message: 'outer',
    stack: expect.stringContaining('outer'),
    cause: { name: 'TypeError', message: 'inner', code: 'ECONNREFUSED' },
  });
});

test('an error that is its own cause is logged to a limited depth', () => {
  const { logger, parsed } = captured();
  const error = new Error('round');
  error.cause = error;
  logger.error(error);
  expect(parsed()[0]?.['err']).toMatchObject({ message: 'round', cause: { message: 'round' } });
});

test('level silent logs nothing', () => {
  const { logger, lines } = captured('silent');
  logger.fatal('never logged');
  expect(lines).toEqual([]);
});

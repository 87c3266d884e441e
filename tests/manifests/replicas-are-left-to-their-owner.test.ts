import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { kubeTool } from '../support/kube-tools.ts';
import { objectsOf, only, renderChart } from './render.ts';

const setUpLimitMs = 30 * 60_000; // the first time: helm is built
jest.setTimeout(60_000); // helm is a process for each chart, and the machine may be busy
beforeAll(() => kubeTool('helm'), setUpLimitMs);

const deployment = async (...values: readonly string[]) =>
  only(objectsOf(await renderChart('payment', ...values.flatMap((value) => ['--set', value]))), 'Deployment')['spec'];

const refusal = (chart: string, ...values: readonly string[]): Promise<string> =>
  renderChart(chart, ...values.flatMap((value) => ['--set', value])).then(
    () => 'it was rendered',
    (error: Error) => error.message,
  );

describe('replicas', () => {
  test('are not rendered without a value, so that kubectl scale keeps its effect', async () => {
    expect(await deployment()).not.toHaveProperty('replicas');
  });

  test('are rendered with a value, 0 included', async () => {
    expect(await deployment('replicas=3')).toMatchObject({ replicas: 3 });
    expect(await deployment('replicas=0')).toMatchObject({ replicas: 0 });
  });

  test.each(['hpa', 'scaler'])('are not rendered where an autoscaler (%s) owns them', async (engine) => {
    expect(await deployment(`autoscaling.engine=${engine}`, 'replicas=3')).not.toHaveProperty('replicas');
  });

  test('above the partitions of the largest topic are refused in a sentence', async () => {
    expect(await refusal('payment', 'replicas=13')).toContain(
      'payment: replicas is 13, but the largest topic that it consumes has 12 partitions, and a consumer group has no work ' +
        'for more members than that. Ask for 12 or fewer',
    );
    expect(await refusal('payment', 'autoscaling.engine=hpa', 'autoscaling.maxReplicas=13')).toContain(
      'payment: autoscaling.maxReplicas is 13, but',
    );
    expect(await deployment('replicas=24', 'consumes.order_placed=24')).toMatchObject({ replicas: 24 });
  });

  test('of an autoscaler go up to the partitions without a lower maximum', async () => {
    const scaled = await renderChart('payment', '--set', 'autoscaling.engine=hpa');
    expect(only(objectsOf(scaled), 'HorizontalPodAutoscaler')['spec']).toMatchObject({
      minReplicas: 1,
      maxReplicas: 12,
    });
    expect(
      await refusal('payment', 'autoscaling.engine=hpa,autoscaling.minReplicas=4,autoscaling.maxReplicas=2'),
    ).toContain('payment: autoscaling.minReplicas is 4, which is more than its maxReplicas, 2.');
  });
});

describe('values', () => {
  test.each([
    ['payment', 'replica=3', "additional properties 'replica' not allowed"],
    ['payment', 'config.PAYMENT_WORK_MSS=3', "additional properties 'PAYMENT_WORK_MSS' not allowed"],
    ['payment', 'config.PORT=3', "additional properties 'PORT' not allowed"],
    ['inventory', 'config.OPERATOR_TOKEN=abc', "additional properties 'OPERATOR_TOKEN' not allowed"],
    ['payment', 'image.tag=latest', '/image/tag'],
    ['payment', 'kafka.external.bootstrapServers=kafka', '/kafka/external/bootstrapServers'],
    ['order-pipeline', 'orders.replicas=3', "additional properties 'orders' not allowed"],
    ['order-pipeline', 'payment.replica=3', "additional properties 'replica' not allowed"],
    ['order-pipeline', 'global.kafka.clustre=x', "additional properties 'clustre' not allowed"],
  ])('that the chart %s does not know are refused: %s', async (chart, value, reason) => {
    expect(await refusal(chart, value)).toContain(reason);
  });

  test('that disagree on the partitions of a topic are refused in a sentence', async () => {
    expect(await refusal('order-pipeline', 'order.produces.order_placed=24')).toContain(
      'dashboard.consumes.order_placed says 12 partitions, but order.produces.order_placed creates it with 24',
    );
  });
});

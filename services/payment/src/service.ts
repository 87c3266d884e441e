/** The payment service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { createPipelineService } from '@order-pipeline/service';
import { Counter } from '@order-pipeline/runtime';
import type { PaymentConfig } from './config.ts';
import { createGatewayLedger } from './gateway-ledger.ts';
import { createPaymentHandler } from './message-handlers.ts';
import { measured } from './measured-gateway.ts';
import { createPaymentRepository } from './payment-repository.ts';
import { createPaymentRoutes } from './routes.ts';
import { createSimulatedGateway } from './simulated-gateway.ts';

export function createPaymentService(config: PaymentConfig) {
  const service = createPipelineService(services.payment, config);
  const { lifecycle, logger, mongo, registry } = service;

  const gateway = measured(
    createSimulatedGateway(createGatewayLedger(service.openDatabase('gateway_db').db), {
      latencyMs: config.PAYMENT_GATEWAY_LATENCY_MS,
      declineOverMinor: config.PAYMENT_DECLINE_OVER,
      declineCustomerPrefix: config.PAYMENT_DECLINE_CUSTOMER_PREFIX,
      refuseRefundCustomerPrefix: config.PAYMENT_REFUSE_REFUND_CUSTOMER_PREFIX,
      failureRate: config.PAYMENT_GATEWAY_FAILURE_RATE,
      lostAnswerRate: config.PAYMENT_GATEWAY_LOST_ANSWER_RATE,
    }),
    registry,
  );
  const refundsRefused = new Counter({
    name: 'payment_refunds_refused_total',
    help: 'Refunds that the gateway refused for good; the orders stay REFUNDING until somebody looks.',
    registers: [registry],
  });

  const repository = createPaymentRepository(mongo.db);
  const handler = createPaymentHandler({
    store: repository.store,
    gateway,
    onRefundRefused({ _id, reason, charged }) {
      refundsRefused.inc();
      logger.error(
        { order_id: _id, trace_id: charged?.traceparent?.split('-')[1], reason },
        'the gateway refused a refund for good',
      );
    },
  });
  service.consume(
    withSimulatedWork({ workMs: config.PAYMENT_WORK_MS, concurrency: config.PAYMENT_CONCURRENCY }, handler),
  );
  const http = service.serve(createPaymentRoutes(repository));
  return { lifecycle, logger, http };
}

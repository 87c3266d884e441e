/** The payment service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { Counter } from '@order-pipeline/runtime';
import { createDatabase, createService, type ServiceEdges } from '@order-pipeline/service';
import { traceIdOf } from '@order-pipeline/tracing';
import type { PaymentConfig } from './config.ts';
import { createGatewayLedger } from './gateway-ledger.ts';
import { measured } from './measured-gateway.ts';
import { createPaymentHandler } from './message-handlers.ts';
import type { Payment } from './payment.ts';
import { PaymentRepository } from './payment-repository.ts';
import { createPaymentRoutes } from './routes.ts';
import { createSimulatedGateway } from './simulated-gateway.ts';

export const createPaymentService = (config: PaymentConfig) =>
  createService(services.payment, config, (edges) => {
    const repository = new PaymentRepository(edges.mongo.db);
    const gatewayDatabase = createDatabase('gateway_db', config, edges);
    const gateway = createSimulatedGateway(createGatewayLedger(gatewayDatabase.db), {
      latencyMs: config.PAYMENT_GATEWAY_LATENCY_MS,
      declineOverMinor: config.PAYMENT_DECLINE_OVER,
      declineCustomerPrefix: config.PAYMENT_DECLINE_CUSTOMER_PREFIX,
      refuseRefundCustomerPrefix: config.PAYMENT_REFUSE_REFUND_CUSTOMER_PREFIX,
      failureRate: config.PAYMENT_GATEWAY_FAILURE_RATE,
      lostAnswerRate: config.PAYMENT_GATEWAY_LOST_ANSWER_RATE,
    });
    return {
      databases: [gatewayDatabase],
      handler: withSimulatedWork(
        { workMs: config.PAYMENT_WORK_MS, concurrency: config.PAYMENT_CONCURRENCY },
        createPaymentHandler({
          store: repository.store,
          gateway: measured(gateway, edges.registry),
          onRefundRefused: createRefusedRefundReport(edges),
        }),
      ),
      routes: createPaymentRoutes(repository),
    };
  });

/** Counts and logs a refund that only an operator can still make. */
function createRefusedRefundReport({ logger, registry }: ServiceEdges): (payment: Payment) => void {
  const refused = new Counter({
    name: 'payment_refunds_refused_total',
    help: 'Refunds that the gateway refused permanently; the orders stay REFUNDING until an operator acts.',
    registers: [registry],
  });
  return ({ _id: order_id, reason, charged }) => {
    refused.inc();
    const trace_id = traceIdOf(charged?.traceparent);
    logger.error({ order_id, trace_id, reason }, 'the gateway refused a refund permanently');
  };
}

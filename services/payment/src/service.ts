/** The payment service, wired: what it consists of, in reading order. */
import { services } from '@order-pipeline/events';
import { withSimulatedWork } from '@order-pipeline/kafka';
import { Counter } from '@order-pipeline/runtime';
import { createDatabase, createService } from '@order-pipeline/service';
import type { PaymentConfig } from './config.ts';
import { createGatewayLedger } from './gateway-ledger.ts';
import { measured } from './measured-gateway.ts';
import { createPaymentHandler } from './message-handlers.ts';
import { createPaymentRepository } from './payment-repository.ts';
import { createPaymentRoutes } from './routes.ts';
import { createSimulatedGateway } from './simulated-gateway.ts';

export const createPaymentService = (config: PaymentConfig) =>
  createService(services.payment, config, ({ logger, mongo, registry }) => {
    const repository = createPaymentRepository(mongo.db);
    const gatewayDatabase = createDatabase('gateway_db', config, { logger });
    const gateway = createSimulatedGateway(createGatewayLedger(gatewayDatabase.db), {
      latencyMs: config.PAYMENT_GATEWAY_LATENCY_MS,
      declineOverMinor: config.PAYMENT_DECLINE_OVER,
      declineCustomerPrefix: config.PAYMENT_DECLINE_CUSTOMER_PREFIX,
      refuseRefundCustomerPrefix: config.PAYMENT_REFUSE_REFUND_CUSTOMER_PREFIX,
      failureRate: config.PAYMENT_GATEWAY_FAILURE_RATE,
      lostAnswerRate: config.PAYMENT_GATEWAY_LOST_ANSWER_RATE,
    });
    const refundsRefused = new Counter({
      name: 'payment_refunds_refused_total',
      help: 'Refunds that the gateway refused permanently; the orders stay REFUNDING until an operator acts.',
      registers: [registry],
    });
    return {
      databases: [gatewayDatabase],
      handler: withSimulatedWork(
        { workMs: config.PAYMENT_WORK_MS, concurrency: config.PAYMENT_CONCURRENCY },
        createPaymentHandler({
          store: repository.store,
          gateway: measured(gateway, registry),
          onRefundRefused({ _id, reason, charged }) {
            refundsRefused.inc();
            logger.error(
              { order_id: _id, trace_id: charged?.traceparent?.split('-')[1], reason },
              'the gateway refused a refund permanently',
            );
          },
        }),
      ),
      routes: createPaymentRoutes(repository),
    };
  });

import { z } from 'zod';
import { decimalFromMinor, orderIdSchema } from '@order-pipeline/events';
import { listRoute, notFound, route, type Route } from '@order-pipeline/http';
import type { Payment } from './payment.ts';
import type { PaymentRepository } from './payment-repository.ts';

const paymentSchema = z
  .object({
    order_id: z.uuid(),
    amount: z.number(),
    status: z.enum(['COMPLETED', 'DECLINED', 'REFUNDING', 'REFUNDED']),
    timestamp: z.iso.datetime(),
    reason: z.string().optional().describe('Why it was declined or refunded.'),
  })
  .meta({ id: 'Payment' });

const paymentView = ({ _id, amount_minor, status, timestamp, reason }: Payment): z.output<typeof paymentSchema> => ({
  order_id: _id,
  amount: decimalFromMinor(amount_minor),
  status,
  timestamp,
  ...(reason === undefined ? {} : { reason }),
});

export const createPaymentRoutes = (repository: Pick<PaymentRepository, 'find' | 'list'>): Route[] => [
  listRoute({
    path: '/payments',
    operationId: 'listPayments',
    summary: 'List payments, those of the newest orders first',
    page: { id: 'PaymentPage', description: 'A page of payments.' },
    item: paymentSchema,
    key: orderIdSchema,
    read: (page) => repository.list(page),
    view: paymentView,
  }),
  route({
    method: 'GET',
    path: '/payments/{order_id}',
    operationId: 'getPayment',
    summary: 'Get the payment of an order',
    params: z.object({ order_id: orderIdSchema }),
    responses: { 200: { description: 'The payment.', schema: paymentSchema }, 404: { description: 'No payment yet.' } },
    async handle({ params }) {
      const payment = await repository.find(params.order_id);
      if (!payment) throw notFound(`There is no payment for the order ${params.order_id}`);
      return { status: 200, body: paymentView(payment) };
    },
  }),
];

// Loaded before a service (node --import): a line in the payment service's log for each fault of its simulated gateway, which
// the service only counts, failed calls and lost answers alike, for it makes the call again.
if (process.env.INSTANCE_ID?.startsWith('payment-')) {
  const { GatewayOutageError } = await import('../../../services/payment/src/payment-gateway.ts');
  // What `super(…)` calls is looked up when it is called.
  Object.setPrototypeOf(
    GatewayOutageError,
    class extends Error {
      constructor(message) {
        super(message);
        process.stdout.write(`${JSON.stringify({ time: new Date(), msg: message })}\n`);
      }
    },
  );
}

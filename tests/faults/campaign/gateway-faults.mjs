// Loaded before a service (node --import): logs each fault of the payment service's simulated gateway. The service itself only
// counts them, failed calls and lost responses alike, because it retries.
if (process.env.INSTANCE_ID?.startsWith('payment-')) {
  const { GatewayOutageError } = await import('../../../services/payment/src/payment-gateway.ts');
  // `super(…)` resolves the parent class when it is called.
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

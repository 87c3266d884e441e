// Loaded before a service (node --import): a line in the payment service's log for each fault of its simulated gateway. The
// service itself only counts them, failed calls and lost answers alike, because it repeats the call.
if (process.env.INSTANCE_ID?.startsWith('payment-')) {
  const { OutageError } = await import('../../../packages/resilience/src/index.ts');
  const { GatewayOutageError } = await import('../../../services/payment/src/payment-gateway.ts');
  // What `super(…)` calls is looked up when it is called.
  Object.setPrototypeOf(
    GatewayOutageError,
    class extends OutageError {
      constructor(dependency, reason) {
        super(dependency, reason);
        process.stdout.write(`${JSON.stringify({ time: new Date(), msg: reason })}\n`);
      }
    },
  );
}

{{- define "order-pipeline.orderShips" -}}
const orders = 'http://{{ include "service-lib.name" . }}:{{ .Values.port }}/orders';
const ask = async (url, options) => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000), ...options });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${JSON.stringify(body)}`);
  return body;
};
let order = await ask(orders, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    customer_id: 'CUST001',
    items: [
      { product_id: 'P001', quantity: 2, price: 29.99 },
      { product_id: 'P002', quantity: 1, price: 49.99 },
    ],
    shipping_address: '123 Main St, City, Country',
    total_amount: 109.97,
  }),
});
const placedAt = Date.now();
while (order.status !== 'SHIPPED') {
  if (Date.now() - placedAt > 60_000) throw new Error(`after 60 s order ${order.order_id} is still ${order.status}`);
  await new Promise((next) => setTimeout(next, 100));
  order = await ask(`${orders}/${order.order_id}`);
}
console.log(`order ${order.order_id} is SHIPPED, ${Date.now() - placedAt} ms after it was placed`);
{{- end }}

{{/* helm test: the operator is ready, through its Service, and one of its replicas is the leader. */}}
{{- define "consumer-scaler.testScript" -}}
const url = 'http://consumer-scaler:8080/readyz';
let last = 'no answer';
for (const until = Date.now() + 60_000; Date.now() < until; await new Promise((next) => setTimeout(next, 500))) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000), headers: { connection: 'close' } });
    const { status, checks } = await answer.json();
    last = JSON.stringify({ status, checks });
    if (answer.ok && checks.leader?.detail === 'leads') {
      console.log(`${url} is ready, and leads: ${last}`);
      process.exit(0);
    }
  } catch (error) {
    last = String(error.cause ?? error);
  }
}
console.error(`no replica was ready and led within 60 s: ${last}`);
process.exit(1);
{{- end }}

{{/* A pod that runs a script in the service's own image, which contains node and no shell. */}}
{{- define "service-lib.testPod" }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .name }}
  labels:
    app.kubernetes.io/name: {{ .name }}
    app.kubernetes.io/part-of: order-pipeline
    order-pipeline.dev/http-client: "true"
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext: {{- include "service-lib.podSecurityContext" .root | nindent 4 }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: test
      image: {{ include "service-lib.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: ["--input-type=module", "--eval", {{ .script | quote }}]
      resources:
        requests: { cpu: 50m, memory: 64Mi, ephemeral-storage: 16Mi }
        limits: { cpu: "1", memory: 128Mi, ephemeral-storage: 64Mi }
      securityContext: {{- include "service-lib.securityContext" .root | nindent 8 }}
{{- end }}

{{/* helm test of a service: it is ready, through its Service, and a member of its consumer group. */}}
{{- define "service-lib.test" -}}
{{- $script := include "service-lib.testScript" . }}
---
{{- include "service-lib.testPod" (dict "root" . "name" (printf "%s-test" (include "service-lib.name" .)) "script" $script) }}
{{- end }}

{{- define "service-lib.testScript" -}}
const url = 'http://{{ include "service-lib.name" . }}:{{ .Values.port }}/readyz';
const isMember = (checks) => {{ if .Values.consumes }}checks.consumer?.status === 'up'{{ else }}true{{ end }};
let last = 'no answer';
for (const until = Date.now() + 60_000; Date.now() < until; await new Promise((next) => setTimeout(next, 500))) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    const { status, checks } = await answer.json();
    last = JSON.stringify({ status, checks });
    if (answer.ok && isMember(checks)) {
      console.log(`${url} is ready{{ if .Values.consumes }}, a member of {{ .Values.consumerGroup }}{{ end }}: ${last}`);
      process.exit(0);
    }
  } catch (error) {
    last = String(error.cause ?? error);
  }
}
console.error(`${url} did not become ready within 60 s: ${last}`);
process.exit(1);
{{- end }}

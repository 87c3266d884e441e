{{/* The namespace denies everything both ways; these let through what the service needs. */}}
{{- define "service-lib.networkPolicies" -}}
{{- if .Values.networkPolicy.enabled }}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- $mongodb := include "service-lib.mongodb" . | fromYaml }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "service-lib.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports: [{ port: http, protocol: TCP }]
      from:
        - podSelector: { matchLabels: { order-pipeline.dev/http-client: "true" } }
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: {{ .Values.networkPolicy.prometheusNamespace }} } }
        {{- with .Values.networkPolicy.clients }}{{ toYaml . | nindent 8 }}{{ end }}
  egress:
    {{- include "service-lib.dnsEgress" . | nindent 4 }}
    {{- if $kafka.external }}
    # Where it is, is not known here: `egress` may say so, and this rule then goes with `clients`.
    - ports:
        {{- range splitList "," $kafka.bootstrapServers }}
        - { port: {{ splitList ":" (trim .) | last | int }}, protocol: TCP }
        {{- end }}
    {{- else }}
    - ports: [{ port: 9093, protocol: TCP }]
      to:
        - podSelector: { matchLabels: { strimzi.io/cluster: {{ $kafka.cluster }}, strimzi.io/name: {{ $kafka.cluster }}-kafka } }
    {{- end }}
    {{- if $mongodb.external }}
    - ports: [{ port: 27017, protocol: TCP }]
    {{- else }}
    - ports: [{ port: 27017, protocol: TCP }]
      to:
        - podSelector: { matchLabels: { app: {{ $mongodb.cluster }}-svc } }
    {{- end }}
    {{- with .Values.networkPolicy.egress }}{{ toYaml . | nindent 4 }}{{ end }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "service-lib.name" . }}-http-clients
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: { order-pipeline.dev/http-client: "true" }
  policyTypes: [Egress]
  egress:
    {{- include "service-lib.dnsEgress" . | nindent 4 }}
    - ports: [{ port: {{ .Values.port }}, protocol: TCP }]
      to:
        - podSelector:
            matchLabels: {{- include "service-lib.selectorLabels" . | nindent 14 }}
{{ end }}
{{- end }}

{{- define "service-lib.dnsEgress" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
  to:
    - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }
      podSelector: { matchLabels: { k8s-app: kube-dns } }
{{- end }}

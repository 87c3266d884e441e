{{/*
The namespace denies all traffic by default; these policies allow what the service needs. Traffic to Kafka and MongoDB of the
namespace is allowed by the labels kafka-client and mongodb-client (k8s/base).
*/}}
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
    # By port only: the addresses are not known here.
    - ports:
        {{- range splitList "," $kafka.bootstrapServers }}
        - { port: {{ splitList ":" (trim .) | last | int }}, protocol: TCP }
        {{- end }}
    {{- end }}
    {{- if $mongodb.external }}
    - ports:
        {{- range $mongodb.ports }}
        - { port: {{ . }}, protocol: TCP }
        {{- end }}
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

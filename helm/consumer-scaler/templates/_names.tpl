{{- define "consumer-scaler.selectorLabels" -}}
app.kubernetes.io/name: consumer-scaler
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "consumer-scaler.labels" -}}
{{ include "consumer-scaler.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* A cluster-scoped object needs a name that no other release uses. */}}
{{- define "consumer-scaler.clusterName" -}}
{{ printf "%s-consumer-scaler" .Release.Namespace }}
{{- end }}

{{/* The address of a Kafka outside of the namespace (global.kafka.external of helm/service-lib), as YAML for fromYaml. */}}
{{- define "consumer-scaler.externalKafka" -}}
{{- $external := ((.Values.global).kafka).external | default dict }}
{{- $user := $external.scaler | default dict }}
bootstrapServers: {{ $external.bootstrapServers | default "" | quote }}
secrets: {{ compact (list (($user.passwordSecret).name | default $user.username | default "consumer-scaler") $external.caSecret) | toJson }}
{{- end }}

{{- define "consumer-scaler.readableSecrets" -}}
{{- $external := include "consumer-scaler.externalKafka" . | fromYaml }}
{{- concat .Values.readableSecrets (ternary $external.secrets list (ne $external.bootstrapServers "")) | uniq | toJson }}
{{- end }}

{{- define "consumer-scaler.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* As the Pod Security Standard "restricted" demands; 65532 is the image's user. */}}
{{- define "consumer-scaler.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "consumer-scaler.dnsEgress" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
  to:
    - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }
      podSelector: { matchLabels: { k8s-app: kube-dns } }
{{- end }}

{{/* It reads the resources and their targets, and writes status and scale. */}}
{{- define "consumer-scaler.rules" -}}
- apiGroups: [scaling.orderpipeline.dev]
  resources: [consumerscalers]
  verbs: [get, list, watch, patch]
- apiGroups: [scaling.orderpipeline.dev]
  resources: [consumerscalers/status]
  verbs: [get, patch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [get, patch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- with include "consumer-scaler.readableSecrets" . | fromJsonArray }}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: {{- toYaml . | nindent 4 }}
  verbs: [get]
{{- end }}
{{- end }}

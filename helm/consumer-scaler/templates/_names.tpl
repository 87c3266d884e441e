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

{{/* What belongs to no namespace needs a name that no other release has. */}}
{{- define "consumer-scaler.clusterName" -}}
{{ printf "%s-consumer-scaler" .Release.Namespace }}
{{- end }}

{{/* What it needs to know of the resources and their targets, and the two subresources that it may write. */}}
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
{{- with .Values.readableSecrets }}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: {{- toYaml . | nindent 4 }}
  verbs: [get]
{{- end }}
{{- end }}

{{/* A service's objects have the service's name: one pipeline to a namespace. */}}
{{- define "service-lib.name" -}}{{ .Chart.Name }}{{- end }}

{{- define "service-lib.selectorLabels" -}}
app.kubernetes.io/name: {{ include "service-lib.name" . }}
app.kubernetes.io/part-of: order-pipeline
{{- end }}

{{- define "service-lib.labels" -}}
{{ include "service-lib.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "service-lib.image" -}}
{{ .Values.image.repository | default (printf "order-pipeline/%s" .Chart.Name) }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Text of a value as a person wrote it: YAML reads 2592000000 as a float, and Go prints that with an exponent. */}}
{{- define "service-lib.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Restricted, as Pod Security has it; 65532 is the images' user. */}}
{{- define "service-lib.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "service-lib.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ .Values.readOnlyRootFilesystem }}
capabilities: { drop: [ALL] }
{{- end }}

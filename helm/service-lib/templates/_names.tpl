{{/* A service's objects have the service's name, so a namespace holds one pipeline. */}}
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

{{/* A value as it was written: YAML reads 2592000000 as a float, which Go prints with an exponent. */}}
{{- define "service-lib.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* As the Pod Security Standard "restricted" demands; 65532 is the user of the images. */}}
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

{{- define "service-lib.httpService" -}}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- include "service-lib.selectorLabels" . | nindent 4 }}
  ports:
    - { name: http, port: {{ .Values.port }}, targetPort: http, protocol: TCP, appProtocol: http }
{{ end }}

{{- define "service-lib.serviceAccount" -}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{ end }}

{{/* One pod at a time, even if it is the only one: a node must be drainable, and events wait in their topics meanwhile. */}}
{{- define "service-lib.disruptionBudget" -}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "service-lib.selectorLabels" . | nindent 6 }}
{{ end }}

{{- define "service-lib.podMonitor" -}}
{{- if .Values.metrics.podMonitor }}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ include "service-lib.name" . }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
    {{- with .Values.metrics.podMonitorLabels }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  selector:
    matchLabels: {{- include "service-lib.selectorLabels" . | nindent 6 }}
  podMetricsEndpoints:
    - { port: http, path: /metrics, interval: {{ .Values.metrics.interval }} }
{{ end }}
{{- end }}

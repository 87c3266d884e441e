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

{{/* One at a time, also of a single one: a node must be drainable, and what it owes waits in the topics meanwhile. */}}
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

{{- define "service-lib.autoscaler" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- if eq .Values.autoscaling.engine "hpa" }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "service-lib.name" . }} }
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ include "service-lib.maxReplicas" . }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ .Values.autoscaling.cpuPercent }} }
{{ else if eq .Values.autoscaling.engine "scaler" }}
---
apiVersion: scaling.orderpipeline.dev/v1alpha1
kind: ConsumerScaler
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "service-lib.name" . }} }
  consumerGroup: {{ .Values.consumerGroup }}
  topics: {{- keys .Values.consumes | sortAlpha | toYaml | nindent 4 }}
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ include "service-lib.maxReplicas" . }}
  {{- with .Values.autoscaling.scaler }}{{ toYaml . | nindent 2 }}{{ end }}
{{ end }}
{{- end }}

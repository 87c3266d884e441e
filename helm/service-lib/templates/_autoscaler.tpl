{{/* What sets the number of pods (autoscaling.engine): one of these, or none. */}}
{{- define "service-lib.autoscaler" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- $engine := .Values.autoscaling.engine }}
{{- if eq $engine "hpa" }}
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
{{ else if and (eq $engine "scaler") .Values.consumes }}
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
  kafka:
    bootstrapServers: {{ $kafka.bootstrapServers | quote }}
    {{- if $kafka.tls }}
    tls:
      enabled: true
      {{- with $kafka.caSecret }}
      caSecret: { name: {{ . }}, key: ca.crt }
      {{- end }}
    {{- end }}
    # The scaler's own user, which may only Describe: the scaler may read the Secrets of this user, and no others.
    sasl:
      mechanism: {{ $kafka.mechanism }}
      username: {{ $kafka.scalerUsername | quote }}
      passwordSecret: { name: {{ $kafka.scalerPasswordSecret }}, key: {{ $kafka.scalerPasswordKey | quote }} }
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ include "service-lib.maxReplicas" . }}
  {{- with .Values.autoscaling.scaler }}{{ toYaml . | nindent 2 }}{{ end }}
{{ else if and (eq $engine "keda") .Values.consumes }}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "service-lib.name" . }} }
  minReplicaCount: {{ .Values.autoscaling.minReplicas }}
  maxReplicaCount: {{ include "service-lib.maxReplicas" . }}
  triggers:
    {{- range $topic, $_ := .Values.consumes }}
    - type: kafka
      metadata:
        bootstrapServers: {{ $kafka.bootstrapServers | quote }}
        consumerGroup: {{ $.Values.consumerGroup }}
        topic: {{ $topic }}
        lagThreshold: {{ $.Values.autoscaling.keda.lagThreshold | quote }}
        offsetResetPolicy: earliest
        # Only numbers of pods that divide the partitions evenly; a pod more than that would share no load.
        ensureEvenDistributionOfPartitions: "true"
        tls: {{ ternary "enable" "disable" $kafka.tls }}
        sasl: {{ $kafka.mechanism | replace "-" "_" | replace "sha_" "sha" | replace "plain" "plaintext" }}
      {{- with $.Values.autoscaling.keda.authentication }}
      authenticationRef: { name: {{ . }} }
      {{- end }}
    {{- end }}
{{ end }}
{{- end }}

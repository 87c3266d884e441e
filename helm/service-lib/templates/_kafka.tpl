{{/* The topics that the service owns: those that it produces, and its dead letters. Uninstalling keeps them, with their records. */}}
{{- define "service-lib.kafkaTopics" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- if not $kafka.external }}
{{- range $topic, $partitions := .Values.produces }}
{{- include "service-lib.kafkaTopic" (dict "root" $ "cluster" $kafka.cluster "topic" $topic "partitions" $partitions "config" $.Values.kafka.topicConfig) }}
{{- end }}
{{- if .Values.consumes }}
{{- $dlq := printf "%s.dlq" .Values.consumerGroup }}
{{- /* Dead letters do not expire. They are larger than the event was: added headers carry the reason for the failure. */}}
{{- $dlqConfig := dict "retention.ms" "-1" "max.message.bytes" (mul 2 (index .Values.kafka.topicConfig "max.message.bytes" | int64) | toString) }}
{{- include "service-lib.kafkaTopic" (dict "root" $ "cluster" $kafka.cluster "topic" $dlq "partitions" 1 "config" $dlqConfig) }}
{{- include "service-lib.kafkaTopic" (dict "root" $ "cluster" $kafka.cluster "topic" (printf "%s.resolved" $dlq) "partitions" 1 "config" (dict "cleanup.policy" "compact")) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The object's name has hyphens in place of characters that Kubernetes forbids. The replication factor is the cluster's default. */}}
{{- define "service-lib.kafkaTopic" }}
---
apiVersion: kafka.strimzi.io/v1
kind: KafkaTopic
metadata:
  name: {{ .topic | replace "_" "-" | replace "." "-" }}
  labels:
    {{- include "service-lib.labels" .root | nindent 4 }}
    strimzi.io/cluster: {{ .cluster }}
  annotations: { helm.sh/resource-policy: keep }
spec:
  topicName: {{ .topic }}
  partitions: {{ .partitions }}
  config: {{- toYaml .config | nindent 4 }}
{{ end }}

{{/* The service's user, with the rights that `consumes` and `produces` need, and no others. */}}
{{- define "service-lib.kafkaUser" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- if not $kafka.external }}
---
apiVersion: kafka.strimzi.io/v1
kind: KafkaUser
metadata:
  name: {{ .Values.consumerGroup }}
  labels:
    {{- include "service-lib.labels" . | nindent 4 }}
    strimzi.io/cluster: {{ $kafka.cluster }}
spec:
  authentication: { type: scram-sha-512 }
  authorization:
    type: simple
    acls:
      {{- range $topic, $_ := .Values.consumes }}
      - resource: { type: topic, name: {{ $topic }}, patternType: literal }
        operations: [Read, Describe]
      {{- end }}
      {{- if .Values.consumes }}
      - resource: { type: group, name: {{ .Values.consumerGroup }}, patternType: literal }
        operations: [Read]
      - resource: { type: topic, name: {{ .Values.consumerGroup }}.dlq, patternType: literal }
        operations: [Write, Describe]
      {{- end }}
      {{- range $topic, $_ := .Values.produces }}
      - resource: { type: topic, name: {{ $topic }}, patternType: literal }
        operations: [Write, Describe]
      {{- end }}
      {{- with .Values.kafka.extraAcls }}{{ toYaml . | nindent 6 }}{{ end }}
{{ end }}
{{- end }}

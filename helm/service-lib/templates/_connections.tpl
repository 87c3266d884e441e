{{/* The addresses of Kafka and MongoDB, as YAML for fromYaml; `global` applies to all services of an umbrella chart. */}}
{{- define "service-lib.kafka" -}}
{{- $kafka := mergeOverwrite (deepCopy .Values.kafka) ((.Values.global).kafka | default dict) }}
{{- $external := $kafka.external }}
{{- $isExternal := ne $external.bootstrapServers "" }}
external: {{ $isExternal }}
cluster: {{ $kafka.cluster }}
{{- if $isExternal }}
bootstrapServers: {{ $external.bootstrapServers | quote }}
tls: {{ $external.tls }}
caSecret: {{ $external.caSecret | quote }}
mechanism: {{ $external.mechanism }}
username: {{ $external.username | default .Values.consumerGroup }}
passwordSecret: {{ $external.passwordSecret.name | default $external.username | default .Values.consumerGroup }}
passwordKey: {{ $external.passwordSecret.key }}
scalerUsername: {{ $external.scaler.username }}
scalerPasswordSecret: {{ $external.scaler.passwordSecret.name | default $external.scaler.username }}
scalerPasswordKey: {{ $external.scaler.passwordSecret.key }}
{{- else }}
bootstrapServers: {{ printf "%s-kafka-bootstrap:9093" $kafka.cluster }}
tls: true
caSecret: {{ printf "%s-cluster-ca-cert" $kafka.cluster }}
mechanism: scram-sha-512
username: {{ .Values.consumerGroup }}
passwordSecret: {{ .Values.consumerGroup }}
passwordKey: password
scalerUsername: consumer-scaler
scalerPasswordSecret: consumer-scaler
scalerPasswordKey: password
{{- end }}
{{- end }}

{{- define "service-lib.mongodb" -}}
{{- $mongodb := mergeOverwrite (deepCopy .Values.mongodb) ((.Values.global).mongodb | default dict) }}
{{- $external := $mongodb.external }}
{{- $isExternal := ne $external.uriSecret.name "" }}
external: {{ $isExternal }}
cluster: {{ $mongodb.cluster }}
{{- if $isExternal }}
uriSecret: {{ $external.uriSecret.name }}
uriKey: {{ $external.uriSecret.key }}
ports: {{ $external.ports | toJson }}
caSecret: {{ $external.caSecret | quote }}
{{- else }}
uriSecret: {{ printf "%s-mongodb" ($mongodb.user | default (include "service-lib.name" .)) }}
uriKey: connectionString.standard
caSecret: {{ printf "%s-ca" $mongodb.cluster }}
{{- end }}
{{- end }}

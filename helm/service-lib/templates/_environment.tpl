{{/* The settings of the process: addresses first, then `config`. Credentials are files, which the process reads again when they change. */}}
{{- define "service-lib.environment" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- $mongodb := include "service-lib.mongodb" . | fromYaml -}}
- { name: PORT, value: {{ .Values.port | quote }} }
- name: INSTANCE_ID
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- { name: SHUTDOWN_TIMEOUT_MS, value: {{ add .Values.shutdown.lingerSeconds .Values.shutdown.drainSeconds | mul 1000 | quote }} }
- { name: SHUTDOWN_LINGER_MS, value: {{ mul 1000 .Values.shutdown.lingerSeconds | quote }} }
- { name: KAFKA_BOOTSTRAP_SERVERS, value: {{ $kafka.bootstrapServers | quote }} }
- { name: KAFKA_TLS, value: {{ $kafka.tls | quote }} }
{{- if $kafka.caSecret }}
- { name: KAFKA_CA_FILE, value: /etc/order-pipeline/kafka-ca }
{{- end }}
- { name: KAFKA_SASL_MECHANISM, value: {{ $kafka.mechanism }} }
- { name: KAFKA_USERNAME, value: {{ $kafka.username | quote }} }
- { name: KAFKA_PASSWORD_FILE, value: /etc/order-pipeline/kafka-user/password }
- { name: MONGODB_URI_FILE, value: /etc/order-pipeline/mongodb/uri }
{{- if $mongodb.caSecret }}
- { name: MONGODB_CA_FILE, value: /etc/order-pipeline/mongodb-ca }
{{- end }}
{{- range $name, $value := .Values.config }}
{{- /* An empty string removes what the chart sets. */}}
{{- with include "service-lib.text" $value }}
- { name: {{ $name }}, value: {{ . | quote }} }
{{- end }}
{{- end }}
{{- range $name, $secret := .Values.configFromSecrets }}
- name: {{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $secret.name }}, key: {{ $secret.key | quote }} } }
{{- end }}
{{- end }}

{{- define "service-lib.volumeMounts" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- $mongodb := include "service-lib.mongodb" . | fromYaml }}
{{- if $kafka.caSecret }}
- { name: kafka-ca, mountPath: /etc/order-pipeline/kafka-ca, readOnly: true }
{{- end }}
- { name: kafka-user, mountPath: /etc/order-pipeline/kafka-user, readOnly: true }
- { name: mongodb, mountPath: /etc/order-pipeline/mongodb, readOnly: true }
{{- if $mongodb.caSecret }}
- { name: mongodb-ca, mountPath: /etc/order-pipeline/mongodb-ca, readOnly: true }
{{- end }}
{{- if .Values.config.KUBERNETES_API_URL }}
- { name: api-access, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
{{- end }}
{{- end }}

{{/* Only the keys that the process needs: the Secret of MongoDB's certificate authority also contains its private key. */}}
{{- define "service-lib.volumes" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- $mongodb := include "service-lib.mongodb" . | fromYaml }}
{{- if $kafka.caSecret }}
- name: kafka-ca
  secret: { secretName: {{ $kafka.caSecret }}, defaultMode: 0440 }
{{- end }}
- name: kafka-user
  secret:
    secretName: {{ $kafka.passwordSecret }}
    defaultMode: 0440
    items: [{ key: {{ $kafka.passwordKey | quote }}, path: password }]
- name: mongodb
  secret:
    secretName: {{ $mongodb.uriSecret }}
    defaultMode: 0440
    items: [{ key: {{ $mongodb.uriKey | quote }}, path: uri }]
{{- if $mongodb.caSecret }}
- name: mongodb-ca
  secret:
    secretName: {{ $mongodb.caSecret }}
    defaultMode: 0440
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- /* A token for the API server only in a pod that has the server's address. */}}
{{- if .Values.config.KUBERNETES_API_URL }}
- name: api-access
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3607 }
      - configMap:
          name: kube-root-ca.crt
          items: [{ key: ca.crt, path: ca.crt }]
      - downwardAPI:
          items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }]
{{- end }}
{{- end }}

{{- define "service-lib.deployment" -}}
{{- $kafka := include "service-lib.kafka" . | fromYaml }}
{{- $mongodb := include "service-lib.mongodb" . | fromYaml }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "service-lib.name" . }}
  labels: {{- include "service-lib.labels" . | nindent 4 }}
spec:
  {{- if and (eq .Values.autoscaling.engine "none") (not (kindIs "invalid" .Values.replicas)) }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    # Each rebalance interrupts the whole group, so a rollout takes few, large steps, and never reduces capacity.
    rollingUpdate: { maxUnavailable: 0, maxSurge: 34% }
  selector:
    matchLabels: {{- include "service-lib.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "service-lib.selectorLabels" . | nindent 8 }}
        app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
        {{- with .Values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
        {{- if not $kafka.external }}
        order-pipeline.dev/kafka-client: "true"
        {{- end }}
        {{- if not $mongodb.external }}
        order-pipeline.dev/mongodb-client: "true"
        {{- end }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ .Values.port | quote }}
        prometheus.io/path: /metrics
        {{- with .Values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: {{ include "service-lib.name" . }}
      automountServiceAccountToken: false
      # Otherwise Kubernetes adds ORDER_PORT=tcp://… and the like for every Service of the namespace.
      enableServiceLinks: false
      {{- with .Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext: {{- include "service-lib.podSecurityContext" . | nindent 8 }}
      terminationGracePeriodSeconds: {{ add .Values.shutdown.preStopSeconds .Values.shutdown.lingerSeconds .Values.shutdown.drainSeconds 5 }}
      containers:
        - name: {{ include "service-lib.name" . }}
          image: {{ include "service-lib.image" . | quote }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          {{- with .Values.args }}
          args: {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - { name: http, containerPort: {{ .Values.port }}, protocol: TCP }
          env: {{- include "service-lib.environment" . | nindent 12 }}
          # /livez answers as soon as the process runs; only /readyz waits for Kafka and MongoDB.
          startupProbe:
            httpGet: { path: /livez, port: http }
            periodSeconds: 1
            timeoutSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /livez, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 2
          lifecycle:
            preStop:
              sleep: { seconds: {{ .Values.shutdown.preStopSeconds }} }
          resources: {{- toYaml .Values.resources | nindent 12 }}
          securityContext: {{- include "service-lib.securityContext" . | nindent 12 }}
          volumeMounts: {{- include "service-lib.volumeMounts" . | nindent 12 }}
      volumes: {{- include "service-lib.volumes" . | nindent 8 }}
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels: {{- include "service-lib.selectorLabels" $ | nindent 14 }}
        {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
{{ end }}

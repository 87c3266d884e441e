{{/* The notes after an installation: root is the chart, request a first request as one types it. */}}
{{- define "service-lib.notes" -}}
{{- $root := .root }}
{{- $name := include "service-lib.name" $root }}
{{- $kubectl := printf "kubectl --namespace %s" $root.Release.Namespace -}}
The {{ $name }} service is installed. Once it is ready, it listens on port {{ $root.Values.port }}:

  {{ $kubectl }} rollout status deployment/{{ $name }}
  {{ $kubectl }} port-forward service/{{ $name }} {{ $root.Values.port }}

and, in another terminal:

{{ .request | trim | indent 2 }}

To check that it is ready and a member of its consumer group:

  helm --namespace {{ $root.Release.Namespace }} test {{ $root.Release.Name }}
{{- if eq $root.Values.autoscaling.engine "none" }}

To run more pods, up to {{ include "service-lib.maxReplicas" $root }}, the number of partitions:

  {{ $kubectl }} scale deployment/{{ $name }} --replicas {{ min 3 (include "service-lib.maxReplicas" $root) }}
{{- end }}
{{- end }}

{{/* What to do next: root is the chart, request the first thing to ask, as one would type it. */}}
{{- define "service-lib.notes" -}}
{{- $root := .root }}
{{- $name := include "service-lib.name" $root }}
{{- $kubectl := printf "kubectl --namespace %s" $root.Release.Namespace -}}
The {{ $name }} service is installed. Once it is ready, it is to be had on port {{ $root.Values.port }}:

  {{ $kubectl }} rollout status deployment/{{ $name }}
  {{ $kubectl }} port-forward service/{{ $name }} {{ $root.Values.port }}

and, in another terminal:

{{ .request | trim | indent 2 }}

Whether it is ready and a member of its consumer group:

  helm --namespace {{ $root.Release.Namespace }} test {{ $root.Release.Name }}
{{- if eq $root.Values.autoscaling.engine "none" }}

More pods, up to {{ include "service-lib.maxReplicas" $root }}, the partitions of its topics:

  {{ $kubectl }} scale deployment/{{ $name }} --replicas {{ min 3 (include "service-lib.maxReplicas" $root) }}
{{- end }}
{{- end }}

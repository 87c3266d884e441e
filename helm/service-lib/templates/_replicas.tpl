{{/* Partitions of the largest topic that the service consumes; 0 when it consumes nothing. */}}
{{- define "service-lib.partitions" -}}
{{- $most := 0 }}
{{- range .Values.consumes }}{{ $most = max $most (int .) }}{{ end }}
{{- $most }}
{{- end }}

{{- define "service-lib.maxReplicas" -}}
{{- $partitions := int (include "service-lib.partitions" .) }}
{{- .Values.autoscaling.maxReplicas | default $partitions | default 1 }}
{{- end }}

{{/* Refuses more replicas than a consumer group has partitions for. */}}
{{- define "service-lib.checkReplicas" -}}
{{- $partitions := int (include "service-lib.partitions" .) }}
{{- $requested := dict "replicas" .Values.replicas }}
{{- if ne .Values.autoscaling.engine "none" }}
{{- $requested = dict "autoscaling.minReplicas" .Values.autoscaling.minReplicas "autoscaling.maxReplicas" .Values.autoscaling.maxReplicas }}
{{- if gt (int .Values.autoscaling.minReplicas) (int (include "service-lib.maxReplicas" .)) }}
{{- fail (printf "%s: autoscaling.minReplicas is %d, which is more than its maxReplicas, %s." .Chart.Name (int .Values.autoscaling.minReplicas) (include "service-lib.maxReplicas" .)) }}
{{- end }}
{{- end }}
{{- range $name, $count := $requested }}
{{- if and $partitions (gt (int $count) $partitions) }}
{{- fail (printf "%s: %s is %d, but the largest topic that it consumes has %d partitions, and a consumer group has no work for more members than that. Ask for %d or fewer, or give the topics more partitions (consumes, and produces of the service that owns them)." $.Chart.Name $name (int $count) $partitions $partitions) }}
{{- end }}
{{- end }}
{{- end }}

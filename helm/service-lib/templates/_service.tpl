{{/* All objects of a service, and the pod of its helm test: the one line of a service's chart. */}}
{{- define "service-lib.service" -}}
{{- include "service-lib.checkReplicas" . }}
{{- $objects := list "deployment" "httpService" "serviceAccount" "disruptionBudget" "networkPolicies" "kafkaTopics" "kafkaUser" "podMonitor" "autoscaler" }}
{{- range $objects }}
{{- include (printf "service-lib.%s" .) $ }}
{{- end }}
{{- include "service-lib.test" . }}
{{- end }}

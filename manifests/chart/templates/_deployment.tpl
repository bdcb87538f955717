{{/* The operator's Deployment, changed as the values say. */}}
{{- define "formation-operator.deployment" -}}
{{- $values := .root.Values -}}
{{- $deployment := .deployment -}}
{{- $template := $deployment.spec.template -}}
{{- $pod := $template.spec -}}
{{- $container := first $pod.containers -}}
{{- if not (kindIs "invalid" $values.replicas) -}}
{{- $_ := set $deployment.spec "replicas" $values.replicas -}}
{{- end -}}
{{- $_ := set $container "image" (include "formation-operator.image" .root) -}}
{{- if ne $values.image.pullPolicy "IfNotPresent" -}}
{{- $_ := set $container "imagePullPolicy" $values.image.pullPolicy -}}
{{- end -}}
{{- with include "formation-operator.args" .root | fromJsonArray -}}
{{- $_ := set $container "args" (concat (default list $container.args) .) -}}
{{- end -}}
{{- with $values.env -}}
{{- $_ := set $container "env" (concat (default list $container.env) .) -}}
{{- end -}}
{{- $_ := set $container "resources" (mergeOverwrite $container.resources $values.resources) -}}
{{- $_ := set $template.metadata "annotations" (merge dict $template.metadata.annotations $values.podAnnotations) -}}
{{- $_ := set $template.metadata "labels" (merge dict $template.metadata.labels $values.podLabels $values.commonLabels) -}}
{{- if not $values.topologySpread.enabled -}}
{{- $_ := unset $pod "topologySpreadConstraints" -}}
{{- end -}}
{{- with $values.podSecurityContext -}}
{{- $_ := set $pod "securityContext" . -}}
{{- end -}}
{{- range $field := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" "priorityClassName" -}}
{{- with index $values $field -}}
{{- $_ := set $pod $field . -}}
{{- end -}}
{{- end -}}
{{- toYaml $deployment -}}
{{- end -}}

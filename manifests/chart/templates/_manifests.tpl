{{/*
The chart's objects are those of manifests/, which files/ leads to: what both ways to install have in common
is written down once. The templates change what the values say.

The objects of all files that match `pattern`, as JSON, put into the release's namespace, with the common labels.
*/}}
{{- define "formation-operator.objects" -}}
{{- $objects := list -}}
{{- $namespace := .root.Release.Namespace -}}
{{- $labels := .root.Values.commonLabels -}}
{{- range $path, $_ := .root.Files.Glob .pattern -}}
  {{- range regexSplit "(?m)^---$" ($.root.Files.Get $path) -1 -}}
    {{- $object := fromYaml . -}}
    {{- if and $object.kind (not (has $object.kind (list "Kustomization" "Namespace"))) -}}
      {{- if $object.metadata.namespace -}}
        {{- $_ := set $object.metadata "namespace" $namespace -}}
      {{- end -}}
      {{- if $labels -}}
        {{- $_ := set $object.metadata "labels" (merge (default dict $object.metadata.labels) $labels) -}}
      {{- end -}}
      {{- range $object.subjects -}}
        {{- $_ := set . "namespace" $namespace -}}
      {{- end -}}
      {{- $objects = append $objects $object -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $objects -}}
{{- end -}}

{{/* The image that the values name, or else the one that manifests/image does. */}}
{{- define "formation-operator.image" -}}
{{- $named := .Files.Get "files/image/kustomization.yaml" -}}
{{- if not $named -}}
{{- fail "files/ leads nowhere: the chart's links were lost on the way; take a release's archive, or a checkout that keeps links" -}}
{{- end -}}
{{- $default := first (fromYaml $named).images -}}
{{- $repository := default $default.newName .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ default $default.newTag .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The operator's arguments, as JSON. */}}
{{- define "formation-operator.args" -}}
{{- $args := list -}}
{{- range .Values.namespaces -}}
  {{- $args = append $args (printf "--namespace=%s" .) -}}
{{- end -}}
{{- range $flag, $value := .Values.flags -}}
  {{- if kindIs "slice" $value -}}
    {{- range $value -}}{{- $args = append $args (printf "--%s=%v" $flag .) -}}{{- end -}}
  {{- else if kindIs "bool" $value -}}
    {{- if $value -}}{{- $args = append $args (printf "--%s" $flag) -}}{{- end -}}
  {{- else -}}
    {{- /* A number of a file of values is a float, which Go prints as 1e+06. */ -}}
    {{- $text := kindIs "string" $value | ternary $value (toJson $value) -}}
    {{- $args = append $args (printf "--%s=%s" $flag $text) -}}
  {{- end -}}
{{- end -}}
{{- toJson $args -}}
{{- end -}}

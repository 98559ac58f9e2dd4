{{- define "ballast.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "ballast.selector" -}}
app.kubernetes.io/name: ballast
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ballast.testSelector" -}}
app.kubernetes.io/name: ballast-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ballast.labels" -}}
{{ include "ballast.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ballast.account" -}}
{{ .Values.serviceAccount.name | default (include "ballast.name" .) }}
{{- end -}}

{{- define "ballast.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "ballast.scheme" -}}
{{ ternary "http" "https" .Values.api.plaintext }}
{{- end -}}

{{- define "ballast.serverName" -}}
{{ .Values.api.tls.serverName | default (printf "%s.%s.svc" (include "ballast.name" .) .Release.Namespace) }}
{{- end -}}

{{- define "ballast.hasRights" -}}
{{ or .Values.rbac.watch .Values.rbac.tokenReview (not (empty .Values.rbac.clusterSecrets)) (not (empty .Values.rbac.events)) }}
{{- end -}}

{{- /* Whether it calls its own cluster: with rights given here, or as the configuration says. */}}
{{- define "ballast.isInCluster" -}}
{{ or (eq (include "ballast.hasRights" .) "true") (contains "inCluster: true" (toYaml .Values.config)) }}
{{- end -}}

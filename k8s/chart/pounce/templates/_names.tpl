{{- define "pounce.name" -}}
{{- if contains "pounce" .Release.Name }}{{ .Release.Name | trunc 45 }}{{ else }}{{ printf "%s-pounce" .Release.Name | trunc 45 }}{{ end -}}
{{- end }}

{{- /* What selects pods, and so never changes. Of a dict with "root" and "part". */}}
{{- define "pounce.selector" -}}
app.kubernetes.io/name: pounce
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "pounce.labels" -}}
{{ include "pounce.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: pounce
{{- end }}

{{- define "pounce.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* Arguments, environment, mounts and volumes that agent and controller share. */}}
{{- define "pounce.arguments" }}
- run
- --mode={{ .Values.mode }}
{{- if .Values.clusterActionSets }}
- --cluster-actionsets
{{- end }}
{{- if .Values.actionSets }}
- --actionsets=/etc/pounce/actionsets
{{- end }}
{{- if .Values.rules }}
- --rules=/etc/pounce/rules
{{- end }}
{{- end }}

{{- define "pounce.mounts" }}
- { name: tmp, mountPath: /tmp }
{{- if .Values.actionSets }}
- { name: actionsets, mountPath: /etc/pounce/actionsets, readOnly: true }
{{- end }}
{{- if .Values.rules }}
- { name: rules, mountPath: /etc/pounce/rules, readOnly: true }
{{- end }}
{{- end }}

{{- define "pounce.volumes" }}
- name: tmp
  emptyDir: { medium: Memory, sizeLimit: 64Mi }
{{- if .Values.actionSets }}
- name: actionsets
  configMap: { name: {{ include "pounce.name" . }}-actionsets }
{{- end }}
{{- if .Values.rules }}
- name: rules
  configMap: { name: {{ include "pounce.name" . }}-rules }
{{- end }}
{{- end }}

{{- define "pounce.probes" }}
# Started: within two minutes, even on a node that has just booted and is busy.
startupProbe:
  exec: { command: [pounce-ready] }
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 120
readinessProbe:
  exec: { command: [pounce-ready] }
  periodSeconds: 10
  timeoutSeconds: 3
livenessProbe:
  exec: { command: [pounce-ready, alive] }
  periodSeconds: 30
  timeoutSeconds: 3
{{- end }}

//go:build tools

package main

// Built beside the components, from the same modules.
import _ "helm.sh/helm/v3/cmd/helm"

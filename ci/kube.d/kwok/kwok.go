//go:build tools

// Package kwok pins the program that plays nodes and their pods. A module of its own: it wants newer client libraries than the
// components.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"

package dev.pounce.correlation;

import io.quarkus.runtime.annotations.RegisterForReflection;

/** The time of a wait is over. */
@RegisterForReflection // Drools looks at the members of fact classes when it builds the network
record Elapsed(Subject subject, Report report) {}

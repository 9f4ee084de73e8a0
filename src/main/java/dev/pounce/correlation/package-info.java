/**
 * Detections become incidents; the only package that knows Drools.
 *
 * <p>Start at {@link RuleBook}, which says what to look for, and {@link DroolsCorrelator}, which looks. This
 * package knows action sets only by name: what they do about an incident is planning's business.
 */
@NullMarked
package dev.pounce.correlation;

import org.jspecify.annotations.NullMarked;
